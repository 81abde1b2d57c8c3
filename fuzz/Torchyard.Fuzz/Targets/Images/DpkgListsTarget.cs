using Torchyard.Images.Capture.Host;
using Torchyard.Images.Debian.Configure;
using Torchyard.Images.Debian.Packages;
using Torchyard.Images.Debian.Unpacking;

namespace Torchyard.Fuzz.Targets.Images;

/// <summary>The small files of dpkg that maintainer scripts change inside, and those of a captured machine.</summary>
internal sealed class DpkgListsTarget : TextTarget
{
    public override string Name => "dpkg-lists";

    public override string Input => "dpkg's status, diversions, triggers and alternatives, written inside by maintainer scripts";

    public override IReadOnlyList<string> Words =>
        [
            "Package: a\n",
            "Status: install ok installed\n",
            "Conffiles:\n /etc/a 0123456789abcdef0123456789abcdef\n",
            "/noawait",
            "\n\n",
            "manual\n",
            "auto\n",
            "/usr/bin/a\n",
            "editor\n",
        ];

    protected override object? Parse(string text)
    {
        var alternative = AlternativeFile.Parse(text);
        var written = alternative?.Write(_ => true);
        if (written is not null)
        {
            Require(
                ResultText.Of(AlternativeFile.Parse(written)) == ResultText.Of(alternative),
                "an alternative that is written again is read differently"
            );
        }

        return (
            Diversion.Parse(text).ToList(),
            DpkgDatabase.ParseFileInterests(text).ToList(),
            DpkgDatabase.Unfinished(text).ToList(),
            DpkgDatabase.MarkObsolete(text, "a", "/etc/a"),
            DpkgDatabase.Without(text, "a"),
            HostPackages.Paragraphs(text).ToList(),
            alternative,
            TexTree.Sorted(text)
        );
    }
}
