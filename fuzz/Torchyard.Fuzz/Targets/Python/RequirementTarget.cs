using Torchyard.Packages.Python.Markers;

namespace Torchyard.Fuzz.Targets.Python;

internal sealed class RequirementTarget : TextTarget
{
    public override string Name => "requirement";

    public override string Input => "PEP 508 requirements: METADATA, recipes, pyproject.toml";

    public override IReadOnlyList<string> Words =>
        [
            "name",
            "[extra,other]",
            ">=1,<2",
            " @ https://host.example/a-1-py3-none-any.whl",
            "; python_version > '3'",
            "==2.*",
            "(>=1)",
            "~=",
            "#sha256=",
        ];

    protected override object? Parse(string text)
    {
        var requirement = Requirement.Parse(text);
        Require(
            Requirement.TryParse(requirement.ToString(), out var again, out _) && again.Equals(requirement),
            "a requirement that is written again is read differently"
        );
        return requirement.ToString();
    }
}
