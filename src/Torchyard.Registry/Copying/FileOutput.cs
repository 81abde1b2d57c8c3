using Torchyard.Platform.Errors;
using Torchyard.Platform.Linux;

namespace Torchyard.Registry.Copying;

/// <summary>A new file, which has its name when all of it is there.</summary>
internal sealed class FileOutput : IArchiveOutput
{
    private readonly string _path;
    private readonly string _temporary;
    private readonly FileStream _file;

    /// <summary>Begins it.</summary>
    /// <exception cref="TorchyardException">TY6023: there is one already, or it cannot be made.</exception>
    public FileOutput(string path)
    {
        _path = path;
        _temporary = $"{path}.{Guid.NewGuid():N}.part";
        if (Path.Exists(path))
        {
            throw CopyErrors.Cannot(path, "there is something of that name already", "remove it, or name another file");
        }

        try
        {
            _file = new FileStream(_temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1 << 18);
            File.SetUnixFileMode(_file.SafeFileHandle, (UnixFileMode)FileModes.Readable);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw CopyErrors.Cannot(path, failure.Message.TrimEnd('.'), "name a file in a directory that is there, and yours");
        }
    }

    public string Name => _path;

    public Stream Stream => _file;

    public Task CompleteAsync(CancellationToken cancellation)
    {
        _file.Flush(flushToDisk: true);
        _file.Dispose();
        File.Move(_temporary, _path, overwrite: false);
        return Task.CompletedTask;
    }

    public TorchyardException Fails(IOException failure) =>
        CopyErrors.Cannot(_path, failure.Message.TrimEnd('.'), "check the disk, then run the command again");

    public void Dispose()
    {
        _file.Dispose();
        File.Delete(_temporary);
    }
}
