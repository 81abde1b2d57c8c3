using System.Text.RegularExpressions;

namespace Torchyard.Fuzz.Tests;

/// <summary>A parser without a target is seen.</summary>
public sealed partial class ParserTests
{
    // What reads text or bytes and needs no target, each with its reason.
    private static readonly Dictionary<string, string> Untried = new(StringComparer.Ordinal)
    {
        ["VersionParser"] = "the target python-version calls it through PythonVersion",
        ["UnicodeJson"] = "the targets docker-info, captured-python, nvidia-redist and proof-report read with it",
        ["LockedTag"] = "the target lock calls it",
        ["MirrorJoin"] = "an address of the command line, which the target image-reference reads through ImageReference",
        ["Signals"] = "names of signals in services.json, which the target services-file reads",
    };

    [Fact]
    public void Every_type_that_parses_is_named_by_a_target()
    {
        var root = SourceTree.Root;
        var targets = string.Join(
            '\n',
            Directory
                .EnumerateFiles(Path.Combine(root, "fuzz/Torchyard.Fuzz/Targets"), "*.cs", SearchOption.AllDirectories)
                .Select(File.ReadAllText)
        );
        var missing = Directory
            .EnumerateFiles(Path.Combine(root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && Parses().IsMatch(File.ReadAllText(file)))
            .Select(file => Path.GetFileNameWithoutExtension(file))
            .Where(type => !Regex.IsMatch(targets, $@"\b{type}\b") && !Untried.ContainsKey(type))
            .Order(StringComparer.Ordinal);
        Assert.Empty(missing);
    }

    [GeneratedRegex(@"(public|internal) static [^=;{]*\b(Try)?Parse\((string|ReadOnlySpan<(byte|char)>|ReadOnlyMemory<byte>)")]
    private static partial Regex Parses();
}
