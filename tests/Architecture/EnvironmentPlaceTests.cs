using System.Text.RegularExpressions;

namespace Torchyard.Architecture;

/// <summary>Where things are inside an environment is written once.</summary>
public sealed partial class EnvironmentPlaceTests
{
    [Fact]
    public void No_source_but_the_one_place_spells_a_path_or_the_user_of_an_environment() =>
        Findings.None(
            SourceTree
                .Files("src")
                .Where(file =>
                    !file.StartsWith("src/Torchyard.Supervisor/", StringComparison.Ordinal)
                    && file is not ("src/Torchyard.Platform/Files/EnvironmentPlaces.cs" or "src/Torchyard.Platform/Files/StorePaths.cs")
                )
                .SelectMany(file => Places().Matches(SourceTree.Read(file)).Select(match => $"{file}: {match.Value}"))
        );

    // The store of root has the path of an environment's state too; the manual page names the store.
    [GeneratedRegex("""(?<!Bold\()"(trainer|/workspace|/home/trainer|/opt/project|/var/log/torchyard|/var/lib/torchyard)["/]""")]
    private static partial Regex Places();
}
