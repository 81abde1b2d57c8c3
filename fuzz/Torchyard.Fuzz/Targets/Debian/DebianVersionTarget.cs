using Torchyard.Packages.Debian.Resolving;
using Torchyard.Packages.Debian.Versions;

namespace Torchyard.Fuzz.Targets.Debian;

/// <summary>Two versions, and requests for packages.</summary>
internal sealed class DebianVersionTarget : TextTarget
{
    public override string Name => "debian-version";

    public override string Input => "versions of Debian packages, and requests for packages in recipes";

    public override int LongestInput => 512;

    public override IReadOnlyList<string> Words => ["1:", "~", "-", "+b1", "1.0", "\n", "python3=", ":amd64"];

    protected override object? Parse(string text)
    {
        var versions = text.Split('\n').Where(DebianVersion.IsValid).Take(3).ToList();
        foreach (var one in versions)
        {
            Require(DebianVersion.Compare(one, one) == 0, "a version differs from itself");
            foreach (var other in versions)
            {
                Require(
                    Math.Sign(DebianVersion.Compare(one, other)) == -Math.Sign(DebianVersion.Compare(other, one)),
                    "the order of two versions depends on which is asked first"
                );
            }
        }

        return versions.Count > 0 ? versions : PackageRequest.Parse(text, "amd64");
    }
}
