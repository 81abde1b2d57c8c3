using Microsoft.Win32.SafeHandles;
using Torchyard.Platform.Linux;

namespace Torchyard.Platform.Files;

/// <summary>Makes names in an open directory where programs that are not trusted work, too. A name is one part of a path.</summary>
internal static class FreshName
{
    /// <summary>Makes an empty regular file, which must not be there yet; 0, or -1 and errno.</summary>
    public static int MakeFile(SafeFileHandle directory, string name, uint mode)
    {
        // What is made anew is not followed, whatever it is.
        const int CreateNew = OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.WriteOnly | OpenFlags.CloseOnExec;
        using var file = OpenCalls.OpenAt(directory, name, CreateNew, mode);
        return file.IsInvalid ? -1 : 0;
    }

    /// <summary>
    /// Sets permission bits and owner of what is at a name, which is opened first and never through a link: what mkdir(2) and open(2) set,
    /// the caller's umask has reduced.
    /// </summary>
    /// <returns>False and errno on failure, also for a link or a special file.</returns>
    public static bool Give(SafeFileHandle directory, string name, uint mode, (uint Uid, uint Gid)? owner)
    {
        using var opened = OpenCalls.OpenAt(directory, name, OpenFlags.PathOnly | OpenFlags.NoFollow | OpenFlags.CloseOnExec, 0);
        // The mode first: changing an owner is the last thing that this user may do to it.
        return !opened.IsInvalid
            && StatusCalls.Read(opened) is { } found
            && (found.IsDirectory || found.IsRegularFile)
            && ModeCalls.SetOfPlace(OpenCalls.PathOf(opened), mode) == 0
            && (owner is not { } to || OwnerCalls.Set(opened, "", to.Uid, to.Gid, At.EmptyPath) == 0);
    }
}
