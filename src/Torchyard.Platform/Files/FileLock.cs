using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Torchyard.Platform.Files;

/// <summary>
/// An advisory lock between processes (flock(2)). The kernel lets go of it when the holder dies, so kill -9 leaves nothing to clean.
/// The lock file itself stays: removing it would let two holders lock two different files.
/// </summary>
public sealed partial class FileLock : IDisposable
{
    private const int LockShared = 1;
    private const int LockExclusive = 2;
    private const int LockNonBlocking = 4;
    private const int Interrupted = 4;
    private const int WouldBlock = 11;
    private const int NotPermitted = 1;
    private const int AccessDenied = 13;

    // fcntl.h, the same on x86-64 and arm64.
    private const int OpenReadWrite = 0x2;
    private const int OpenCreate = 0x40;
    private const int OpenCloseOnExec = 0x80000;

    private readonly SafeFileHandle _handle;

    private FileLock(SafeFileHandle handle) => _handle = handle;

    /// <summary>Waits until the lock is ours. A wait is polled so that it can be cancelled.</summary>
    /// <param name="path">The lock file; made if missing.</param>
    /// <param name="exclusive">False for a lock that readers share.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public static async Task<FileLock> AcquireAsync(string path, bool exclusive, CancellationToken cancellation)
    {
        while (true)
        {
            if (TryAcquire(path, exclusive) is { } held)
            {
                return held;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), cancellation);
        }
    }

    /// <summary>Takes the lock if it is free, else returns null.</summary>
    public static FileLock? TryAcquire(string path, bool exclusive)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        // Not File.OpenHandle: .NET takes a flock of its own with whatever FileShare, and throws while another holds the exclusive one.
        var handle = Open(path, OpenReadWrite | OpenCreate | OpenCloseOnExec, mode: 0b110_100_100);
        if (handle.IsInvalid)
        {
            var failure = Marshal.GetLastPInvokeError();
            handle.Dispose();
            var message = $"cannot open the lock {path}: {Marshal.GetPInvokeErrorMessage(failure)}";
            throw failure is NotPermitted or AccessDenied ? new UnauthorizedAccessException(message) : new IOException(message, failure);
        }

        var operation = (exclusive ? LockExclusive : LockShared) | LockNonBlocking;
        while (Flock(handle, operation) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error == Interrupted)
            {
                continue;
            }

            handle.Dispose();
            return error == WouldBlock ? null : throw new IOException($"cannot lock {path}: {Marshal.GetPInvokeErrorMessage(error)}");
        }

        return new FileLock(handle);
    }

    /// <inheritdoc />
    public void Dispose() => _handle.Dispose();

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int Flock(SafeFileHandle descriptor, int operation);
}
