namespace Torchyard.Platform.Files;

/// <summary>Tells a full disk from other failures of a file; .NET puts errno into <see cref="Exception.HResult"/>.</summary>
public static class FullDisk
{
    // errno.h: ENOSPC and EDQUOT, the same on x86-64 and arm64.
    private const int NoSpace = 28;
    private const int QuotaExceeded = 122;

    /// <summary>True when there was no room, or no room that this user may take.</summary>
    public static bool Is(IOException failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        return IsNumber(failure.HResult & 0xFFFF);
    }

    /// <summary>The same of an errno.</summary>
    public static bool IsNumber(int error) => error is NoSpace or QuotaExceeded;
}
