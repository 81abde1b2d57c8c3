using Torchyard.Images.Tar;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Streams;

namespace Torchyard.Containers.Copying;

/// <summary>
/// Reads a tar archive, which somebody else may have made: a name that is absolute or has <c>..</c> in it is refused, and device nodes
/// and FIFOs are left out.
/// </summary>
/// <param name="input">The archive.</param>
/// <param name="warn">Told what is left out.</param>
internal sealed class ArchiveSource(Stream input, Action<string> warn)
{
    private readonly List<string> _open = [];

    /// <summary>Gives all that is in it to a target.</summary>
    /// <param name="target">Takes it.</param>
    /// <param name="place">Where the target puts it, for the second names of files.</param>
    public void Copy(ICopyTarget target, ConfinedDirectory place)
    {
        var again = new List<(string Path, TarEntry Entry)>();
        try
        {
            var reader = new TarReader(input);
            while (reader.Next() is { } entry)
            {
                if (!ArchivePath.TryNormalise(entry.Name, out var path))
                {
                    throw CopyErrors.BadTree($"the archive has the name '{entry.Name}', which is absolute, leads out, or is not a path");
                }

                if (path.Length == 0)
                {
                    continue; // The directory itself, which is there.
                }

                if (entry.Kind == TarKind.HardLink)
                {
                    again.Add((path, entry));
                }
                else
                {
                    Give(target, path, entry, reader);
                }
            }

            reader.Drain();
        }
        catch (TarFormatException damage)
        {
            throw CopyErrors.BadTree($"standard input is not a tar archive that can be read: {damage.Message}");
        }

        Enter(target, "");
        foreach (var (path, entry) in again)
        {
            Again(target, place, path, entry);
        }
    }

    private void Give(ICopyTarget target, string path, TarEntry entry, TarReader reader)
    {
        Enter(target, ArchivePath.Parent(path));
        var name = ArchivePath.Name(path);
        var copied = CopyEntry.Of(name, (uint)entry.Mode, entry.Kind == TarKind.Directory, entry.User, entry.Group, entry.ModifiedAt);
        switch (entry.Kind)
        {
            case TarKind.Directory:
                target.Begin(copied);
                _open.Add(name);
                break;
            case TarKind.File:
                using (var content = new TarContent(reader))
                {
                    target.File(copied with { Size = entry.Size }, content);
                }

                break;
            case TarKind.Symlink:
                target.Link(copied, entry.LinkTarget);
                break;
            default:
                warn($"left out: {path} is a device node or a FIFO");
                break;
        }
    }

    /// <summary>A second name of a file that came before is a copy of it: all others are in place by now.</summary>
    private void Again(ICopyTarget target, ConfinedDirectory place, string path, TarEntry entry)
    {
        if (!ArchivePath.TryNormalise(entry.LinkTarget, out var first))
        {
            throw CopyErrors.BadTree($"{path} in the archive is a second name of '{entry.LinkTarget}', which leads out");
        }

        using var content = place.OpenRead(first)
            ?? throw CopyErrors.BadTree($"{path} in the archive is a second name of {first}, which the archive has not");
        Enter(target, ArchivePath.Parent(path));
        var facts = FileFacts.Of(content.SafeFileHandle, first);
        target.File(
            CopyEntry.Of(ArchivePath.Name(path), facts.Permissions, isDirectory: false, entry.User, entry.Group, facts.ModifiedAt) with
            {
                Size = facts.Size,
            },
            content
        );
        Enter(target, "");
    }

    /// <summary>Ends the directories that a path is not in, and begins those that it is.</summary>
    private void Enter(ICopyTarget target, string directory)
    {
        var parts = directory.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var common = parts.Zip(_open).TakeWhile(pair => pair.First == pair.Second).Count();
        while (_open.Count > common)
        {
            target.End();
            _open.RemoveAt(_open.Count - 1);
        }

        foreach (var name in parts.Skip(common))
        {
            target.Begin(CopyEntry.Of(name, FileModes.Directory, isDirectory: true, 0, 0, 0));
            _open.Add(name);
        }
    }

    private sealed class TarContent(TarReader reader) : ForwardReadStream
    {
        public override int Read(Span<byte> buffer) => reader.Read(buffer);
    }
}
