using Torchyard.Images.Capture.Host;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;

namespace Torchyard.Images.Capture.Plan;

/// <summary>Something in a scanned directory.</summary>
/// <param name="Path">Absolute path without links in its parents.</param>
/// <param name="Stat">Its inode.</param>
/// <param name="LinkTarget">Target of a symbolic link, else empty.</param>
internal sealed record ScannedEntry(string Path, FileStatus Stat, string LinkTarget)
{
    public bool IsFile => Stat.Type == FileKind.Regular;

    public bool IsDirectory => Stat.Type == FileKind.Directory;

    public bool IsLink => Stat.Type == FileKind.Link;

    /// <summary>True for a file that anybody may execute.</summary>
    public bool IsExecutable => IsFile && (Stat.Mode & FileModes.AnyExecute) != 0;
}

/// <summary>Something that is not captured, and why.</summary>
/// <param name="Path">Absolute path.</param>
/// <param name="Reason">Why, as a phrase.</param>
public sealed record Omission(string Path, string Reason);

/// <summary>Lists a directory with all that is in it, in the order of paths; nothing is followed.</summary>
/// <param name="tree">The machine.</param>
internal sealed class TreeScan(HostTree tree)
{
    /// <summary>Lists a directory.</summary>
    /// <param name="root">Absolute path without links.</param>
    /// <param name="refuse">Reason not to take an entry, or null; of a refused directory nothing is looked at.</param>
    /// <param name="omissions">Gets what is refused, and what cannot be captured.</param>
    /// <param name="cancellation">Ends the work.</param>
    public List<ScannedEntry> List(
        string root,
        Func<ScannedEntry, string?> refuse,
        ICollection<Omission> omissions,
        CancellationToken cancellation
    )
    {
        var entries = new List<ScannedEntry>();
        if (tree.TryStat(root, out var stat))
        {
            var top = new ScannedEntry(root, stat, "");
            entries.Add(top);
            ListInto(top, stat, refuse, entries, omissions, cancellation);
        }

        return entries;
    }

    private void ListInto(
        ScannedEntry directory,
        FileStatus root,
        Func<ScannedEntry, string?> refuse,
        List<ScannedEntry> entries,
        ICollection<Omission> omissions,
        CancellationToken cancellation
    )
    {
        cancellation.ThrowIfCancellationRequested();
        List<string> names;
        try
        {
            names =
            [
                .. Directory.EnumerateFileSystemEntries(tree.Place(directory.Path)).Select(ArchivePath.Name).Order(StringComparer.Ordinal),
            ];
        }
        catch (Exception failure) when (failure is UnauthorizedAccessException or IOException)
        {
            omissions.Add(new Omission(directory.Path, "the directory may not be read"));
            return;
        }

        foreach (var name in names)
        {
            var path = $"{directory.Path}/{name}";
            if (name.Contains('\uFFFD', StringComparison.Ordinal))
            {
                omissions.Add(new Omission(path, "its name is not UTF-8"));
                continue;
            }

            if (!tree.TryStat(path, out var stat))
            {
                var error = Errno.Last;
                if (error != Errno.NoEntry)
                {
                    omissions.Add(new Omission(path, Errno.Text(error)));
                }

                continue;
            }

            var entry = new ScannedEntry(path, stat, stat.Type == FileKind.Link ? tree.ReadLink(path) : "");
            if (Unfit(entry, root) is { } unfit)
            {
                omissions.Add(new Omission(path, unfit));
            }
            else if (refuse(entry) is { } reason)
            {
                if (reason.Length > 0)
                {
                    omissions.Add(new Omission(path, reason));
                }
            }
            else
            {
                entries.Add(entry);
                if (entry.IsDirectory)
                {
                    ListInto(entry, root, refuse, entries, omissions, cancellation);
                }
            }
        }
    }

    private static string? Unfit(ScannedEntry entry, FileStatus root) =>
        entry.Stat.Type switch
        {
            FileKind.Socket => "a socket is nothing without its process",
            FileKind.Fifo => "a pipe is nothing without its processes",
            FileKind.Character or FileKind.Block => "a device node belongs to its machine",
            FileKind.Directory
                when (entry.Stat.FileSystemMajor, entry.Stat.FileSystemMinor) != (root.FileSystemMajor, root.FileSystemMinor) =>
                "another file system is mounted there",
            _ => null,
        };
}
