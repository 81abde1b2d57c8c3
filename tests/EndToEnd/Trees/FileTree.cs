using System.Collections.Concurrent;
using System.Globalization;
using Torchyard.EndToEnd.Program;

namespace Torchyard.EndToEnd.Trees;

/// <summary>A directory tree: names, kinds, permissions, owners, times, link targets, hard links, contents.</summary>
internal sealed class FileTree
{
    private const int FieldCount = 9;

    private readonly SortedDictionary<string, TreeEntry> _entries;

    private FileTree(string root, SortedDictionary<string, TreeEntry> entries)
    {
        Root = root;
        _entries = entries;
    }

    public string Root { get; }

    public int Count => _entries.Count;

    /// <summary>Reads a tree.</summary>
    public static async Task<FileTree> ReadAsync(string root, CancellationToken cancellation)
    {
        var found = await HostProgram.RunAsync(
            "find",
            [root, "-mindepth", "1", "-printf", @"%P\0%y\0%m\0%U:%G\0%s\0%T@\0%n\0%i\0%l\0"],
            cancellation
        );
        var fields = found.Succeeded().Output.Split('\0');
        var first = new Dictionary<string, string>(StringComparer.Ordinal);
        var rows = Enumerable
            .Range(0, fields.Length / FieldCount)
            .Select(row => fields[(row * FieldCount)..((row + 1) * FieldCount)])
            .OrderBy(row => row[0], StringComparer.Ordinal);
        var entries = new SortedDictionary<string, TreeEntry>(StringComparer.Ordinal);
        foreach (var row in rows)
        {
            var isFile = row[1] == "f";
            // Names outside of the tree do not count: the store may be linked with another.
            var sameFile = isFile && row[6] != "1" && !first.TryAdd(row[7], row[0]) ? first[row[7]] : "";
            entries[row[0]] = new TreeEntry
            {
                Kind = row[1][0],
                Mode = row[2],
                Owner = row[3],
                Size = isFile ? long.Parse(row[4], CultureInfo.InvariantCulture) : 0,
                Time = (long)double.Parse(row[5], CultureInfo.InvariantCulture),
                Target = row[8],
                SameFileAs = sameFile,
            };
        }

        return new FileTree(root, entries);
    }

    /// <summary>All differences, in the order of the paths.</summary>
    public IReadOnlyList<TreeDifference> DifferencesTo(FileTree other)
    {
        var found = new ConcurrentBag<TreeDifference>();
        foreach (var path in _entries.Keys.Except(other._entries.Keys))
        {
            found.Add(new TreeDifference(path, "only-left", ""));
        }

        foreach (var path in other._entries.Keys.Except(_entries.Keys))
        {
            found.Add(new TreeDifference(path, "only-right", ""));
        }

        Parallel.ForEach(_entries.Where(entry => other._entries.ContainsKey(entry.Key)), entry =>
        {
            foreach (var difference in Compare(entry.Key, entry.Value, other, other._entries[entry.Key]))
            {
                found.Add(difference);
            }
        });
        return
        [
            .. found
                .OrderBy(difference => difference.Path, StringComparer.Ordinal)
                .ThenBy(difference => difference.What, StringComparer.Ordinal),
        ];
    }

    private IEnumerable<TreeDifference> Compare(string path, TreeEntry left, FileTree other, TreeEntry right)
    {
        if (left.Kind != right.Kind)
        {
            yield return new TreeDifference(path, "kind", $"{left.Kind} {right.Kind}");
            yield break;
        }

        // The permissions of a symbolic link mean nothing.
        if (left.Kind != 'l' && left.Mode != right.Mode)
        {
            yield return new TreeDifference(path, "mode", $"{left.Mode} {right.Mode}");
        }

        if (left.Owner != right.Owner)
        {
            yield return new TreeDifference(path, "owner", $"{left.Owner} {right.Owner}");
        }

        if (left.Target != right.Target)
        {
            yield return new TreeDifference(path, "target", $"{left.Target} {right.Target}");
        }

        if (left.SameFileAs != right.SameFileAs)
        {
            yield return new TreeDifference(path, "names", $"'{left.SameFileAs}' '{right.SameFileAs}'");
        }

        if (left.Kind == 'f' && (left.Size != right.Size || !SameContent(Path.Combine(Root, path), Path.Combine(other.Root, path))))
        {
            yield return new TreeDifference(path, "content", $"{left.Size} {right.Size} bytes");
        }

        if (left.Time != right.Time)
        {
            yield return new TreeDifference(path, "time", $"{left.Time} {right.Time}");
        }
    }

    /// <summary>Seconds since 1970 at which an entry was changed last.</summary>
    public long TimeOf(string path) => _entries[path].Time;

    public bool IsDirectory(string path) => _entries[path].Kind == 'd';

    private static bool SameContent(string left, string right)
    {
        using var one = File.OpenHandle(left);
        using var two = File.OpenHandle(right);
        var ours = new byte[128 * 1024];
        var theirs = new byte[128 * 1024];
        for (long offset = 0; ; )
        {
            var count = RandomAccess.Read(one, ours, offset);
            if (count == 0)
            {
                return true;
            }

            for (var have = 0; have < count; )
            {
                var more = RandomAccess.Read(two, theirs.AsSpan(have, count - have), offset + have);
                if (more == 0)
                {
                    return false;
                }

                have += more;
            }

            if (!ours.AsSpan(0, count).SequenceEqual(theirs.AsSpan(0, count)))
            {
                return false;
            }

            offset += count;
        }
    }
}
