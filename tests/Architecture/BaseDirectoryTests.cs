namespace Torchyard.Architecture;

/// <summary>
/// Where a user's files are by the XDG Base Directory Specification is said in one place, which ignores relative paths as the specification
/// has it: with <c>XDG_CACHE_HOME=.</c> a directory of the working directory was removed.
/// </summary>
public sealed class BaseDirectoryTests
{
    [Fact]
    public void The_variables_are_read_in_one_place() =>
        Assert.Equal(
            ["src/Torchyard.Platform/Files/BaseDirectories.cs"],
            SourceTree.Files("src").Where(file => SourceTree.Read(file).Contains("\"XDG_", StringComparison.Ordinal))
        );

    // Whatever is kept, changed, removed or believed of the caller is by OwnHome; HOME itself is another user's after 'sudo -E'.
    [Fact]
    public void Only_what_other_programs_read_there_is_found_by_HOME() =>
        Assert.Equal(
            [
                "src/Torchyard.Flows/Fitting/LiveBuilds.cs",
                "src/Torchyard.Flows/Importing/RunningImport.cs",
                "src/Torchyard.Flows/Running/RunPlan.cs",
                "src/Torchyard.Flows/Sources/ProjectPython.cs",
                "src/Torchyard.Flows/Starting/ProjectPlace.cs",
                "src/Torchyard.Flows/Starting/UpFlow.cs",
                "src/Torchyard.Flows/Trust/RecipeGate.cs",
            ],
            SourceTree
                .Files("src")
                .Where(file => SourceTree.Read(file).Contains("aller.Home", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal)
        );
}
