using System.Text.RegularExpressions;

namespace Torchyard.Architecture;

/// <summary>
/// A path inside a root is followed in one way: by the kernel, through <c>ConfinedDirectory</c>; and where that cannot be, because the root
/// is not one directory or each step has to be judged, by <c>LinkWalk</c>. The rules for links were once written eight times.
/// </summary>
public sealed partial class PathTests
{
    [Fact]
    public void Only_the_confined_directory_opens_paths_inside_a_root() =>
        Assert.Equal(
            ["src/Torchyard.Platform/Files/ConfinedDirectory.cs", "src/Torchyard.Platform/Linux/OpenCalls.cs"],
            Sources().Where(file => InsideRoot().IsMatch(SourceTree.Read(file))).Order(StringComparer.Ordinal)
        );

    // Whoever follows links has to end where they go in a circle.
    [Fact]
    public void Only_the_walk_says_how_many_links_are_followed() =>
        Assert.Equal(
            ["src/Torchyard.Platform/Linux/LinkWalk.cs"],
            Sources().Where(file => LimitOfLinks().IsMatch(SourceTree.Read(file))).Order(StringComparer.Ordinal)
        );

    private static IEnumerable<string> Sources() =>
        SourceTree.Files("src").Where(file => !file.StartsWith("src/Torchyard.Supervisor/", StringComparison.Ordinal));

    [GeneratedRegex(@"\bOpenInside\(|\bResolveFlags\.|\bOpenAt2\b(?! *=)")]
    private static partial Regex InsideRoot();

    [GeneratedRegex(@"\bconst \w+ (?!TooMany)\w*Links\w* = 40\b")]
    private static partial Regex LimitOfLinks();
}
