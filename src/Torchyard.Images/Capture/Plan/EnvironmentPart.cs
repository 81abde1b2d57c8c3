using Torchyard.Images.Capture.Python;

namespace Torchyard.Images.Capture.Plan;

/// <summary>A directory that goes into the image: the environment itself, or something that it links to.</summary>
/// <param name="Root">Absolute path on the machine, without links.</param>
/// <param name="Target">Absolute path in the image.</param>
/// <param name="Entries">What of it is taken.</param>
/// <param name="Owner">User and group id of everything in it.</param>
internal sealed record EnvironmentPart(string Root, string Target, IReadOnlyList<ScannedEntry> Entries, uint Owner)
{
    /// <summary>The distribution that each path belongs to.</summary>
    public required IReadOnlyDictionary<string, InstalledDistribution> Owners { get; init; }

    /// <summary>True for a path on the machine that is in this directory.</summary>
    public bool Contains(string path) =>
        path.Length == Root.Length
            ? path == Root
            : path.Length > Root.Length && path[Root.Length] == '/' && path.StartsWith(Root, StringComparison.Ordinal);

    /// <summary>Path inside the image, without a leading slash.</summary>
    public string InImage(string path) => (Target + path[Root.Length..])[1..];
}
