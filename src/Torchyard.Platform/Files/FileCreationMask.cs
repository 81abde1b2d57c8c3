using Torchyard.Platform.Linux;

namespace Torchyard.Platform.Files;

/// <summary>
/// The umask of this process. The caller's must not decide who reads or changes the store: with 000 its files would be everybody's, with
/// 077 an image would look different inside. So the program runs with 022, whatever it was started with; what it makes for the caller
/// outside of the store asks for <see cref="ForCaller"/>.
/// </summary>
public static class FileCreationMask
{
    private static uint _caller = FileModes.UsualUmask;

    /// <summary>Takes the caller's mask off; called once, before anything is made.</summary>
    public static void Set() => _caller = ModeCalls.SetMask(FileModes.UsualUmask);

    /// <summary>A mode as the caller's mask leaves it.</summary>
    public static UnixFileMode ForCaller(UnixFileMode mode) => mode & ~(UnixFileMode)_caller;

    /// <summary>Makes a directory that is the caller's own, such as the missing source of a mount, and those above it.</summary>
    public static void CreateCallersDirectory(string path) =>
        Directory.CreateDirectory(path, ForCaller((UnixFileMode)FileModes.Everything));
}
