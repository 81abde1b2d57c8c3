using Torchyard.Images.Tar;

namespace Torchyard.Containers.Copying;

/// <summary>Writes what is copied as a tar archive.</summary>
/// <param name="output">Takes the archive.</param>
/// <param name="owner">Owners as the archive has them.</param>
/// <param name="warn">Told of a file that became shorter while it was read.</param>
internal sealed class ArchiveTarget(Stream output, OwnerOf owner, Action<string> warn) : ICopyTarget
{
    private readonly TarLayerWriter _writer = new(output);
    private readonly Stack<string> _directories = new();

    /// <inheritdoc />
    public void Begin(CopyEntry directory)
    {
        var path = PathOf(directory.Name);
        _writer.Write(Entry(directory, path, TarKind.Directory));
        _directories.Push(path);
    }

    /// <inheritdoc />
    public void End() => _directories.Pop();

    /// <inheritdoc />
    public void File(CopyEntry file, Stream content)
    {
        var path = PathOf(file.Name);
        using var exact = new ExactStream(content, file.Size, () => warn($"{path} became shorter while it was read; its end is zeros"));
        _writer.Write(Entry(file, path, TarKind.File) with { Size = file.Size }, exact);
    }

    /// <inheritdoc />
    public void Link(CopyEntry link, string target) =>
        _writer.Write(Entry(link, PathOf(link.Name), TarKind.Symlink) with { LinkTarget = target });

    /// <inheritdoc />
    public void Complete()
    {
        _writer.Complete();
        output.Flush();
    }

    /// <inheritdoc />
    public void Dispose() { }

    private string PathOf(string name) => _directories.TryPeek(out var above) ? $"{above}/{name}" : name;

    private TarEntry Entry(CopyEntry entry, string path, TarKind kind)
    {
        var (user, group) = owner(entry) ?? (entry.User, entry.Group);
        return new TarEntry
        {
            Name = path,
            Kind = kind,
            Mode = (int)entry.Permissions,
            User = user,
            Group = group,
            ModifiedAt = entry.ModifiedAt,
        };
    }
}
