using Torchyard.Platform.Files;

namespace Torchyard.Containers.Launch;

/// <summary>
/// Every directory of the machine that a container of the store was ever allowed to write: a link in one counts for nothing in the source
/// of a mount, also when the container that made it is gone. One path a line, in <c>containers/.mounted</c>, the latest last.
/// </summary>
/// <param name="store">The store; its directory of containers is its owner's alone.</param>
internal sealed class OpenDirectories(StorePaths store)
{
    /// <summary>Name of the file.</summary>
    public const string FileName = ".mounted";

    private const int Most = 4096;
    private const long LargestFile = 16 << 20;

    private string Path => System.IO.Path.Combine(store.Containers, FileName);

    /// <summary>The directories, without links in their paths.</summary>
    public IReadOnlyList<string> Read() =>
        [
            .. (RegularFile.TryReadText(Path, LargestFile) ?? "")
                .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(Uri.UnescapeDataString),
        ];

    /// <summary>Adds directories; the caller holds the lock of the containers.</summary>
    public void Add(IEnumerable<string> directories)
    {
        var known = Read();
        string[] all = [.. known.Concat(directories).Distinct(StringComparer.Ordinal)];
        if (all.Length > known.Count)
        {
            AtomicFile.Write(
                Path,
                System.Text.Encoding.UTF8.GetBytes(
                    string.Concat(
                        all.TakeLast(Most)
                            .Select(directory =>
                                directory.Replace("%", "%25", StringComparison.Ordinal).Replace("\n", "%0A", StringComparison.Ordinal)
                                + "\n"
                            )
                    )
                )
            );
        }
    }
}
