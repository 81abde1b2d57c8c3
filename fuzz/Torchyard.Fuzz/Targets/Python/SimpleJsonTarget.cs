using Torchyard.Packages.Python.Indexes;

namespace Torchyard.Fuzz.Targets.Python;

internal sealed class SimpleJsonTarget : FuzzTarget
{
    private static readonly Uri Page = new("https://host.example/simple/a/");

    public override string Name => "simple-json";

    public override string Input => "pages of Python indexes, JSON (PEP 691)";

    public override IReadOnlyList<string> Words =>
        [
            "\"meta\":{\"api-version\":\"1.0\"}",
            "\"files\":[",
            "\"filename\":\"a-1-py3-none-any.whl\"",
            "\"url\":\"../../a-1-py3-none-any.whl\"",
            "\"hashes\":{\"sha256\":\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"}",
            "\"requires-python\":\">=3.8\"",
            "\"yanked\":true",
            "\"core-metadata\":{\"sha256\":\"0\"}",
            "\"size\":1",
            "null",
            "false",
            "file:///etc/passwd",
            "\"\\ud800\"",
        ];

    public override bool IsRefusal(Exception failure) => failure is InvalidDataException;

    public override object? Parse(byte[] input) => Judge(SimpleJson.Parse(input, "a", Page));

    /// <summary>What holds for every page.</summary>
    internal static ProjectPage Judge(ProjectPage page)
    {
        foreach (var file in page.Files)
        {
            Require(file.Url.IsAbsoluteUri && file.Url.Scheme is "https" or "http", $"a page leads to {file.Url.Scheme}");
            Require(
                file.Filename.Length > 0 && !file.Filename.Contains('/', StringComparison.Ordinal) && file.Filename is not (".." or "."),
                "the name of a file is not one"
            );
        }

        return page;
    }
}
