using Microsoft.Win32.SafeHandles;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;

namespace Torchyard.Containers.Namespaces;

/// <summary>Names in a container's root file system, which an image may have filled with anything.</summary>
/// <param name="root">Where it is mounted.</param>
/// <param name="directory">The same, open; no link on the way to a place is followed, except where an image may have one.</param>
/// <param name="uid">Owner of what is made.</param>
/// <param name="gid">Group of what is made.</param>
internal sealed class MountPointTree(string root, ConfinedDirectory directory, uint uid, uint gid)
{
    /// <summary>Makes a name directly below the root a real directory, in place of what an image has there.</summary>
    public void InsistOnDirectory(string name)
    {
        using var top = Open("", "/" + name);
        var found = StatusCalls.Read(top, name);
        if (found is { IsDirectory: true })
        {
            return;
        }

        if (found is not null && NameCalls.Remove(top, name, 0) != 0)
        {
            throw Refused("/" + name, $"cannot be removed: {Errno.Text(Errno.Last)}");
        }

        Add(top, name, "/" + name, isFile: false);
    }

    /// <summary>Makes a mount point, with its parents.</summary>
    /// <param name="destination">Absolute path inside.</param>
    /// <param name="isFile">A file is mounted there.</param>
    /// <param name="own">Length of the start of the destination from which on links and files in the way are replaced, not followed; null
    /// for none.</param>
    /// <returns>The same place as a path without links.</returns>
    public string Make(string destination, bool isFile, int? own)
    {
        var parts = destination.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var current = "";
        var named = 0;
        for (var i = 0; i < parts.Length; i++)
        {
            named += 1 + parts[i].Length;
            var last = i == parts.Length - 1;
            using var parent = Open(current, destination);
            current = Step(parent, current, parts[i], destination, isFile && last, replace: named >= own);
        }

        return "/" + current;
    }

    /// <summary>Makes a link in place of whatever file is there, with its parents.</summary>
    /// <param name="destination">Absolute path inside.</param>
    /// <param name="target">What the link says.</param>
    /// <param name="own">As for <see cref="Make"/>.</param>
    public void MakeLink(string destination, string target, int? own)
    {
        var name = Path.GetFileName(destination);
        using var parent = Open(Make(Path.GetDirectoryName(destination)!, isFile: false, own), destination);
        if (StatusCalls.Read(parent, name) is { } found)
        {
            if (found.IsDirectory || NameCalls.Remove(parent, name, 0) != 0)
            {
                throw Refused(
                    destination,
                    found.IsDirectory ? "the image has a directory there" : $"cannot be removed: {Errno.Text(Errno.Last)}"
                );
            }
        }

        if (NameCalls.MakeLink(target, parent, name) != 0 || OwnerCalls.Set(parent, name, uid, gid, At.NoFollow) != 0)
        {
            throw Refused(destination, $"cannot be made: {Errno.Text(Errno.Last)}");
        }
    }

    /// <summary>A directory that is there, on a way without links.</summary>
    private SafeFileHandle Open(string path, string destination) =>
        directory.TryOpenPlace(path, out var error) ?? throw Refused(destination, Errno.Text(error));

    private string Step(SafeFileHandle parent, string current, string part, string destination, bool isFile, bool replace)
    {
        var next = current.Length == 0 ? part : current + "/" + part;
        var found = StatusCalls.Read(parent, part);
        if (found is { IsDirectory: false } && replace && !(isFile && found is { IsRegularFile: true }))
        {
            if (NameCalls.Remove(parent, part, 0) != 0)
            {
                throw Refused("/" + next, $"cannot be removed: {Errno.Text(Errno.Last)}");
            }

            found = null;
        }

        if (found is { IsLink: true })
        {
            (next, found) = Follow(next, destination);
        }

        if (found is null)
        {
            Add(parent, part, "/" + next, isFile);
            return next;
        }

        if (found.Value.IsDirectory == isFile)
        {
            throw Refused(
                destination,
                $"the image has a {(isFile ? "directory" : "file")} at /{next}, where a {(isFile ? "file" : "directory")} "
                    + "is to be mounted or searched"
            );
        }

        if (isFile && found is not { IsRegularFile: true })
        {
            throw Refused(destination, $"the image has a special file at /{next}");
        }

        return next;
    }

    /// <summary>Where a link of the image leads, seen from inside.</summary>
    private (string Path, FileStatus? Found) Follow(string path, string destination)
    {
        using var target = directory.TryOpenPlace(path, Links.InsideRoot, out var error)
            ?? throw Refused(destination, $"the image has a link at /{path} that leads nowhere inside: {Errno.Text(error)}");
        var real = new FileInfo(OpenCalls.PathOf(target)).LinkTarget ?? "";
        if (real == root)
        {
            throw Refused(destination, $"the image has a link at /{path} that leads to /");
        }

        if (!real.StartsWith(root + "/", StringComparison.Ordinal))
        {
            throw Refused(destination, $"the image has a link at /{path} that leads out of it");
        }

        var inside = real[(root.Length + 1)..];
        var first = inside.Split('/')[0];
        // What is there now is not what will be there: the runtime mounts over it.
        return MountPoints.Reserved.Contains(first)
            ? throw Refused(destination, $"the image has a link at /{path} that leads into /{first}")
            : (inside, StatusCalls.Read(target));
    }

    private void Add(SafeFileHandle parent, string name, string path, bool isFile)
    {
        var mode = (uint)(path == "/tmp" ? FileModes.SharedDirectory : FileModes.Directory);
        if (
            (isFile ? FreshName.MakeFile(parent, name, FileModes.Readable) : NameCalls.MakeDirectory(parent, name, mode)) != 0
            || !FreshName.Give(parent, name, isFile ? FileModes.Readable : mode, (uid, gid))
        )
        {
            throw Refused(path, $"cannot be made: {Errno.Text(Errno.Last)}");
        }
    }

    private static TorchyardException Refused(string path, string why) =>
        new(
            "TY4093",
            $"nothing can be mounted at {path}: {why}",
            "mount a file on a file and a directory on a directory, or choose another target"
        );
}
