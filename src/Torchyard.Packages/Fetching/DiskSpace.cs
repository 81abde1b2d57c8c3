using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
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

    /// <summary>What to throw when the disk is full in the middle of a download (TY2052).</summary>
    /// <param name="label">What is fetched.</param>
    /// <param name="bytes">Its size; null when it is not known.</param>
    /// <param name="place">Directory that it is written to.</param>
    /// <param name="error">The failure.</param>
    public static TorchyardException Full(string label, long? bytes, string place, IOException error)
    {
        var needed = bytes is { } size ? $"{ByteSize.Decimal(size)} are needed, " : "";
        return new TorchyardException(
            "TY2052",
            $"the disk is full while fetching {label}: "
                + (
                    FileSystemRoom.LacksInodes(place)
                        ? $"no {FileSystemRoom.Missing(place)} are left at {place}"
                        : $"{needed}{ByteSize.Decimal(FreeAt(place))} are free at {place}"
                ),
            "free space (torchyard prune), or put the store elsewhere with TORCHYARD_STORE",
            error
        );
    }

    /// <summary>Refuses to begin a download that cannot end.</summary>
    /// <exception cref="TorchyardException">TY2052: the disk has less free than that.</exception>
    public static void Require(string path, long bytes)
    {
        var free = FreeAt(path);
        if (free < bytes)
        {
            throw new TorchyardException(
                "TY2052",
                $"the packages do not fit on the disk: {ByteSize.Decimal(bytes)} are needed, {ByteSize.Decimal(free)} are free at {path}",
                "free space (torchyard prune), or put the store elsewhere with TORCHYARD_STORE"
            );
        }
    }
}
