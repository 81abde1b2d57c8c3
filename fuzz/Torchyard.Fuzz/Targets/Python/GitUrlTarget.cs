using Torchyard.Packages.Python.Requirements;

namespace Torchyard.Fuzz.Targets.Python;

internal sealed class GitUrlTarget : TextTarget
{
    public override string Name => "git-url";

    public override string Input => "git URLs in requirements and pylock.toml";

    public override IReadOnlyList<string> Words =>
        [
            "git+https://host.example/a/b.git",
            "@0123456789abcdef0123456789abcdef01234567",
            "@main",
            "#egg=a",
            "&subdirectory=b/c",
            "git+ssh://",
            "git+file:///",
            "user:password@",
            "../",
            "%2e%2e",
            "--upload-pack=x",
        ];

    protected override object? Parse(string text)
    {
        var source = GitUrl.Parse(text, null);
        Require(source.Revision is null || !source.Revision.StartsWith('-'), "git takes a revision for an option");
        Require(
            source.Subdirectory is null || !source.Subdirectory.Split('/').Contains(".."),
            "a subdirectory leads out of its repository"
        );
        return source.ToString();
    }
}
