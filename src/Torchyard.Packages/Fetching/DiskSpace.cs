using Torchyard.Platform;
using Torchyard.Platform.Text;

namespace Torchyard.Packages.Fetching;

/// <summary>Looks whether what is to be fetched fits.</summary>
internal static class DiskSpace
{
    /// <summary>Bytes that this user can still write where a path is or will be.</summary>
    public static long FreeAt(string path)
    {
        var existing = Path.GetFullPath(path);
        while (!Directory.Exists(existing))
        {
            existing = Path.GetDirectoryName(existing)!;
        }

        return new DriveInfo(existing).AvailableFreeSpace;
    }

    /// <summary>Refuses to begin a download that cannot end.</summary>
    /// <exception cref="TorchyardException">TY2052: the disk has less free than that.</exception>
    public static void Require(string path, long bytes)
    {
        var free = FreeAt(path);
        if (free < bytes)
        {
            throw new TorchyardException(
                "TY2052", $"the packages do not fit on the disk: {ByteSize.Decimal(bytes)} are needed, {ByteSize.Decimal(free)} are free at {path}",
                "Free space (torchyard prune), or put the store elsewhere with TORCHYARD_STORE");
        }
    }
}
