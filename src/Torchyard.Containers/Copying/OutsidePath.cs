using Torchyard.Containers.Namespaces;
using Torchyard.Platform.Linux;

namespace Torchyard.Containers.Copying;

/// <summary>
/// The machine's side of a copy. The user's own links are followed, but none that a program in a container may have made: it would choose
/// what is read or written with the user's rights. What comes out has no link in it, and is opened without following any.
/// </summary>
internal static class OutsidePath
{
    /// <summary>The path without links, <c>.</c> and <c>..</c>; parts that are missing stay as they are.</summary>
    /// <param name="path">Absolute path.</param>
    /// <param name="writable">Directories, without links, in which containers may write.</param>
    /// <param name="followLast">False to leave a link that is the last part.</param>
    /// <exception cref="Torchyard.Platform.Errors.TorchyardException">TY4133: a link that a program in a container may have
    /// made.</exception>
    public static string Resolve(string path, IReadOnlyList<string> writable, bool followLast)
    {
        return LinkWalk.Follow(path, Judged, () => CopyErrors.BadTree($"{path} leads through links that go in a circle"))!;

        string Judged(string next, int left)
        {
            if ((left == 0 && !followLast) || new FileInfo(next).LinkTarget is not { } link)
            {
                return "";
            }

            var directory = Path.GetDirectoryName(next)!;
            return writable.FirstOrDefault(open => SourcePath.IsBelow(directory, open)) is { } untrusted
                ? throw CopyErrors.LinkOfContainer(path, next, untrusted, Path.GetFullPath(link, directory))
                : link;
        }
    }
}
