using Torchyard.Images.Debian.Packages;

namespace Torchyard.Fuzz.Targets.Images;

/// <summary>What a package says of itself, and what the unpacker makes of the fields.</summary>
internal sealed class ControlParagraphTarget : TextTarget
{
    public override string Name => "control-paragraph";

    public override string Input => "control files of Debian packages, dpkg's status file of a captured machine";

    public override IReadOnlyList<string> Words =>
        [
            "Package: ",
            "Version: 1:2.3-4~b1",
            "Depends: ",
            "Pre-Depends: ",
            "Provides: a (= 1)",
            "Replaces: ",
            "Architecture: ",
            "(>= 1.0)",
            "(<< 2)",
            " | ",
            ", ",
            ":any",
            "[amd64]",
            "<!nocheck>",
            "\n .\n",
        ];

    protected override object? Parse(string text)
    {
        var paragraph = ControlParagraph.Parse(text);
        var relations = new[] { "Depends", "Pre-Depends", "Provides", "Replaces" }
            .SelectMany(field => PackageRelation.Groups(paragraph?[field]))
            .SelectMany(group => group)
            .ToList();
        var met = relations.Select(relation => (relation.IsMetBy("1.0-1"), relation.IsMetBy(relation))).ToList();
        return (paragraph?.Fields, relations, met, PackageRelations.Names(paragraph?["Depends"]).ToList());
    }
}
