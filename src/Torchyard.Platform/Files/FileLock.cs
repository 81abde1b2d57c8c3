using Microsoft.Win32.SafeHandles;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Linux;

namespace Torchyard.Platform.Files;

/// <summary>
/// An advisory lock between processes (flock(2)). The kernel lets go of it when the holder dies, so kill -9 leaves nothing to clean.
/// The lock file itself stays: removing it would let two holders lock two different files. It is for its owner alone, because whoever may
/// open a file, if only for reading, may lock it, and so keep its owner waiting for ever.
/// </summary>
public sealed class FileLock : IDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly SafeFileHandle _handle;

    private FileLock(SafeFileHandle handle) => _handle = handle;

    /// <summary>
    /// Told one sentence when a wait takes longer than two seconds: which lock, and who holds it. The command layer shows it.
    /// </summary>
    public static Action<string>? OnLongWait { get; set; }

    /// <summary>Waits until the lock is ours. A wait is polled so that it can be cancelled.</summary>
    /// <param name="path">The lock file; made if missing.</param>
    /// <param name="exclusive">False for a lock that readers share.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public static async Task<FileLock> AcquireAsync(string path, bool exclusive, CancellationToken cancellation)
    {
        var began = TimeProvider.System.GetTimestamp();
        var told = false;
        while (true)
        {
            if (TryAcquire(path, exclusive) is { } held)
            {
                return held;
            }

            if (!told && OnLongWait is { } tell && TimeProvider.System.GetElapsedTime(began) > Patience)
            {
                told = true;
                tell($"waiting for {HolderOf(path) ?? "another process"}, which holds {path}");
            }

            await Task.Delay(Poll, cancellation);
        }
    }

    /// <summary>Takes the lock if it is free, else returns null.</summary>
    /// <exception cref="TorchyardException">TY9023: something else than a regular file is in its place.</exception>
    public static FileLock? TryAcquire(string path, bool exclusive)
    {
        StoreDirectory.Create(Path.GetDirectoryName(Path.GetFullPath(path))!);
        var handle = Open(path);
        while (ControlCalls.TryLock(handle, exclusive) != 0)
        {
            var error = Errno.Last;
            if (error == Errno.Interrupted)
            {
                continue;
            }

            handle.Dispose();
            return error == Errno.TryAgain ? null : throw new IOException($"cannot lock {path}: {Errno.Text(error)}");
        }

        return new FileLock(handle);
    }

    /// <summary>Who holds a lock, for people; null when nobody does, or the kernel does not tell.</summary>
    public static string? HolderOf(string path)
    {
        try
        {
            return StatusCalls.TryRead(At.CurrentDirectory, path, At.NoFollow, out var status)
                ? LockHolder.Describe(status.Inode, File.ReadLines("/proc/locks"), CommandOf)
                : null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <inheritdoc />
    public void Dispose() => _handle.Dispose();

    private static SafeFileHandle Open(string path)
    {
        // Not File.OpenHandle: .NET takes a flock of its own with whatever FileShare, and throws while another holds the exclusive one.
        var handle = OpenCalls.Open(
            path,
            OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.NoFollow | OpenFlags.NonBlocking | OpenFlags.CloseOnExec,
            FileModes.Private
        );
        if (handle.IsInvalid)
        {
            var error = Errno.Last;
            handle.Dispose();
            // A directory, a socket or a link says so by its error; a FIFO opens.
            throw StatusCalls.TryRead(At.CurrentDirectory, path, At.NoFollow, out var there)
            && (there.Mode & FileKind.Mask) != FileKind.Regular
                ? NotRegular(path)
                : FileRefusal.Of(path, "/", error);
        }

        if (StatusCalls.TryRead(handle, out var status))
        {
            if ((status.Mode & FileKind.Mask) != FileKind.Regular)
            {
                handle.Dispose();
                throw NotRegular(path);
            }

            // One that an earlier version made, or that another umask spoiled.
            if ((status.Mode & FileModes.Everything) != FileModes.Private && status.User == UserCalls.EffectiveUser())
            {
                File.SetUnixFileMode(handle, (UnixFileMode)FileModes.Private);
            }
        }

        return handle;
    }

    private static TorchyardException NotRegular(string path) =>
        new(PlatformCodes.NotRegular, $"the lock {path} is not a regular file", "remove it; the next command makes it again");

    private static string? CommandOf(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/cmdline");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
