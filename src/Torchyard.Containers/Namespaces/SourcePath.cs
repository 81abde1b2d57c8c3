using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;

namespace Torchyard.Containers.Namespaces;

/// <summary>
/// Finds out what a mount's source really is. Links are followed, but none that a program in a container may have made: such a link would
/// show the container any directory of the machine at the next start. So each is judged before it is followed; what comes out has no link
/// in it, and is opened by <see cref="ConfinedDirectory.TryOpenReal"/>, without following any.
/// </summary>
internal static class SourcePath
{
    /// <summary>The path without links, <c>.</c> and <c>..</c>; parts that are missing stay as they are.</summary>
    /// <param name="path">Absolute path.</param>
    /// <param name="writable">Directories, without links, in which containers may write.</param>
    /// <param name="target">Where it is to be mounted, for the message.</param>
    /// <exception cref="TorchyardException">TY4092: a link in a directory in which containers may write; TY4034: links in a
    /// circle.</exception>
    public static string Resolve(string path, IReadOnlyList<string> writable, string target)
    {
        return LinkWalk.Follow(path, Judged, Circle)!;

        string Judged(string next, int left)
        {
            if (new FileInfo(next).LinkTarget is not { } link)
            {
                return "";
            }

            var directory = Path.GetDirectoryName(next)!;
            if (writable.FirstOrDefault(open => IsBelow(directory, open)) is { } untrusted)
            {
                throw new TorchyardException(
                    "TY4092",
                    $"{path}, to be mounted at {target}, leads through the symbolic link {next}, which a program in a container could "
                        + $"have made ({untrusted} is open to them)",
                    $"name the directory itself where you want it: {Path.GetFullPath(link, directory)}"
                )
                {
                    IsUsage = true,
                };
            }

            return link;
        }

        TorchyardException Circle() =>
            new("TY4034", $"{path}, to be mounted at {target}, leads through links that go in a circle", "name the directory itself")
            {
                IsUsage = true,
            };
    }

    /// <summary>True for the directory itself and everything in it.</summary>
    public static bool IsBelow(string path, string directory) =>
        path == directory || directory == "/" || path.StartsWith(directory + "/", StringComparison.Ordinal);
}
