namespace Torchyard.Architecture;

/// <summary>
/// Work that a build begins beside is awaited where it begins, or the build's context is told of it: an interpreter was unpacked into a
/// directory that a build that had ended was removing, and was kept for all later builds.
/// </summary>
public sealed class BackgroundWorkTests
{
    // They join what they began themselves, in a finally or when they are disposed of.
    private static readonly string[] Joining =
    [
        "src/Torchyard.Images/Python/AheadFile.cs",
        "src/Torchyard.Images/Python/BackgroundHash.cs",
        "src/Torchyard.Images/Python/WheelLayers.cs",
    ];

    [Fact]
    public void No_work_of_a_build_outlives_it() =>
        Findings.None(
            SourceModel
                .Current.WorkBeside("Track")
                .Where(place =>
                    place.StartsWith("src/Torchyard.Images/", StringComparison.Ordinal)
                    && !Joining.Contains(place[..place.IndexOf(':', StringComparison.Ordinal)])
                )
                .Order(StringComparer.Ordinal)
        );
}
