using Torchyard.Packages.Python.Requirements;

namespace Torchyard.Fuzz.Targets.Projects;

internal sealed class DirectOriginTarget : TextTarget
{
    public override string Name => "direct-url";

    public override string Input => "direct_url.json that programs inside an environment write";

    public override IReadOnlyList<string> Words =>
        [
            "{\"url\": \"https://host.example/a.git\", \"vcs_info\": {\"vcs\": \"git\", \"commit_id\": \"0123abcd\"}}",
            "\"archive_info\": {}",
            "\"dir_info\": {\"editable\": true}",
            "\"subdirectory\": \"b\"",
            "file:///",
        ];

    protected override object? Parse(string text)
    {
        var origin = DirectOrigin.Parse(text);
        Require((origin.Reference is null) == (origin.Why is not null), "an origin is neither named nor refused");
        return origin;
    }
}
