using Torchyard.Platform.Files;

namespace Torchyard.Registry.Copying;

/// <summary>The files of a layout in a directory that others may have written: nothing is followed out of it.</summary>
internal sealed class DirectoryFiles : ILayoutFiles
{
    private readonly ConfinedDirectory _root;

    /// <summary>Opens a directory.</summary>
    /// <exception cref="Platform.Errors.TorchyardException">TY6021: it is not there.</exception>
    public DirectoryFiles(string directory) =>
        _root = ConfinedDirectory.TryOpen(directory)
            ?? throw CopyErrors.NotThere(directory, "it is not a directory", "check the path: it is a layout of the OCI that is wanted");

    public byte[]? TryRead(string path, int most) => _root.ReadBytes(path, most);

    public Stream? TryOpen(string path, long from)
    {
        var file = _root.OpenRead(path);
        file?.Seek(from, SeekOrigin.Begin);
        return file;
    }

    public void Dispose() => _root.Dispose();
}
