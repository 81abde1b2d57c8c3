using Torchyard.Images.Errors;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;

namespace Torchyard.Images.Store;

/// <summary>
/// Tells whether something failed because the disk is full: programs in the sandbox say it in many ways, or only that they failed.
/// </summary>
internal static class StoreSpace
{
    // crun and dpkg write some pages at once; below this they fail.
    private const long LeastFree = 1 << 20;

    /// <summary>True when a failure comes from a full file system.</summary>
    /// <param name="failure">What went wrong.</param>
    /// <param name="store">A directory of the file system, while what the build wrote is still there.</param>
    internal static bool RanOut(Exception failure, string store) =>
        failure switch
        {
            TorchyardException { Code: ImageCodes.DiskFull } => true,
            TorchyardException { MayBeFullDisk: true } known => known.Message.Contains("No space left on device", StringComparison.Ordinal)
                || known.Message.Contains("Disk quota exceeded", StringComparison.Ordinal)
                || new DriveInfo(store).AvailableFreeSpace < LeastFree
                || FileSystemRoom.LacksInodes(store),
            IOException io => FullDisk.Is(io),
            _ => false,
        };
}
