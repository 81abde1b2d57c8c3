using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Torchyard.Platform.Linux;

namespace Torchyard.Platform.Files;

/// <summary>
/// Removes a tree from descriptor to descriptor: no link is followed, also when somebody puts one in place of a directory meanwhile. A tree
/// may be deeper than a process may open files: what lies deep is moved up first.
/// </summary>
internal static class TreeRemoval
{
    private const int DeepestOpen = 64;
    private const int Attempts = 1000;

    /// <summary>Removes an entry of a directory and all below it.</summary>
    /// <param name="parent">The directory.</param>
    /// <param name="name">Name of the entry.</param>
    /// <param name="shown">The path for people.</param>
    public static void Remove(SafeFileHandle parent, string name, string shown) =>
        Remove(parent, name, shown, parent, FileSystemOf(parent, shown), depth: 0);

    private static void Remove(SafeFileHandle parent, string name, string shown, SafeFileHandle top, (uint, uint) fileSystem, int depth)
    {
        for (var attempt = 0; ; attempt++)
        {
            if (NameCalls.Remove(parent, name, 0) == 0)
            {
                return;
            }

            var error = Errno.Last;
            if (error == Errno.NoEntry)
            {
                return;
            }

            // Linux says EISDIR for a directory, POSIX EPERM.
            if (error is not (Errno.IsDirectory or Errno.NotPermitted))
            {
                throw FileRefusal.Of(shown, shown, error);
            }

            using (var directory = OpenDirectory(parent, name))
            {
                if (directory is null)
                {
                    if (attempt > Attempts)
                    {
                        throw FileRefusal.Of(shown, shown, error);
                    }

                    continue;
                }

                if (FileSystemOf(directory, shown) != fileSystem)
                {
                    // Something is mounted there: what is on it is not part of the tree.
                    throw FileRefusal.Of(shown, shown, Errno.Busy);
                }

                // A directory of the caller's own in which nothing may be removed.
                _ = ModeCalls.SetOfPlace(OpenCalls.PathOf(directory), FileModes.PrivateDirectory);
                Empty(directory, shown, top, fileSystem, depth);
            }

            if (NameCalls.Remove(parent, name, At.RemoveDirectory) == 0)
            {
                return;
            }

            error = Errno.Last;
            if (error is not (Errno.NotEmpty or Errno.NotDirectory or Errno.NoEntry) || attempt > Attempts)
            {
                throw FileRefusal.Of(shown, shown, error);
            }
        }
    }

    private static (uint Major, uint Minor) FileSystemOf(SafeFileHandle directory, string shown) =>
        StatusCalls.TryRead(directory, out var status)
            ? (status.FileSystemMajor, status.FileSystemMinor)
            : throw FileRefusal.Of(shown, shown, Errno.Last);

    private static void Empty(SafeFileHandle directory, string shown, SafeFileHandle top, (uint, uint) fileSystem, int depth)
    {
        foreach (var name in ConfinedDirectory.Names(directory))
        {
            if (depth < DeepestOpen)
            {
                Remove(directory, name, shown, top, fileSystem, depth + 1);
                continue;
            }

            if (NameCalls.Remove(directory, name, 0) == 0)
            {
                continue;
            }

            var up = string.Create(CultureInfo.InvariantCulture, $".removed-{Guid.NewGuid():N}");
            if (NameCalls.Rename(directory, name, top, up) != 0)
            {
                var error = Errno.Last;
                if (error != Errno.NoEntry)
                {
                    throw FileRefusal.Of(shown, shown, error);
                }

                continue;
            }

            Remove(top, up, shown, top, fileSystem, depth: 0);
        }
    }

    /// <summary>Opens a directory that may be closed to its owner; null when it is none by now.</summary>
    private static SafeFileHandle? OpenDirectory(SafeFileHandle parent, string name)
    {
        var flags = OpenFlags.Directory | OpenFlags.NoFollow | OpenFlags.CloseOnExec;
        var opened = OpenCalls.OpenAt(parent, name, flags, 0);
        if (opened.IsInvalid && Errno.Last == Errno.AccessDenied)
        {
            opened.Dispose();
            using var place = OpenCalls.OpenAt(parent, name, flags | OpenFlags.PathOnly, 0);
            if (place.IsInvalid)
            {
                return null;
            }

            _ = ModeCalls.SetOfPlace(OpenCalls.PathOf(place), FileModes.PrivateDirectory);
            opened = OpenCalls.OpenAt(parent, name, flags, 0);
        }

        if (!opened.IsInvalid)
        {
            return opened;
        }

        opened.Dispose();
        return null;
    }
}
