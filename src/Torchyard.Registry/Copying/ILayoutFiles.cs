namespace Torchyard.Registry.Copying;

/// <summary>The files of a layout, in a directory or in an archive.</summary>
internal interface ILayoutFiles : IDisposable
{
    /// <summary>Reads a small file; null without it.</summary>
    /// <exception cref="Platform.Errors.TorchyardException">It is longer than it may be, or not a file.</exception>
    byte[]? TryRead(string path, int most);

    /// <summary>Opens a file from some byte on; null without it.</summary>
    Stream? TryOpen(string path, long from);
}
