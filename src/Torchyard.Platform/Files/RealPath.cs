using Torchyard.Platform.Linux;

namespace Torchyard.Platform.Files;

/// <summary>
/// Where a path leads when every link on the way is followed, as realpath(3) says it; unlike that, also where nothing is there yet.
/// </summary>
public static class RealPath
{
    /// <summary>The path without links, <c>.</c> and <c>..</c>. From the first name on that does not exist, it is as written.</summary>
    /// <param name="path">Absolute path.</param>
    /// <exception cref="IOException">The links lead in a circle.</exception>
    public static string Of(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return LinkWalk.Follow(
            path,
            (part, _) => new FileInfo(part).LinkTarget ?? "",
            () => new IOException($"there are too many links in {path}")
        )!;
    }

    /// <summary>True for a directory itself and for what is below it; both are real paths.</summary>
    public static bool IsWithin(string path, string directory)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(directory);
        return path == directory || directory == "/" || path.StartsWith(directory + "/", StringComparison.Ordinal);
    }
}
