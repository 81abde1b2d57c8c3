using Microsoft.Win32.SafeHandles;
using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Requests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;

namespace Torchyard.Containers.Launch;

/// <summary>Settles what the mounts of a request show, once: sources become paths without links, and what may be made is made.</summary>
internal static class MountSources
{
    /// <summary>The mounts with their real sources.</summary>
    /// <param name="request">What was asked for.</param>
    /// <param name="open">Directories in which containers may write, or could; links in them count for nothing.</param>
    /// <param name="tell">Told of each directory that was made outside of the project: a mistyped path would do that.</param>
    public static IReadOnlyList<MountRequest> Settle(RunRequest request, IEnumerable<string> open, Action<string> tell)
    {
        // What this container may write, an earlier start of it could, too: all of that is known before any source is looked up.
        string[] writable =
        [
            .. open,
            .. request.OpenToContainers.Select(directory => SourcePath.Resolve(directory, [], directory)),
            .. request.Mounts.Where(IsWritable).Select(mount => SourcePath.Resolve(mount.Source, [], mount.Target)),
        ];
        MountRequest[] settled =
        [
            .. request.Mounts.Select(mount => mount.Kind == MountKind.Bind ? mount with { Source = Source(mount, writable, Made) } : mount),
        ];
        foreach (var mount in settled)
        {
            MakeMountPoint(mount, settled);
        }

        return settled;

        void Made(string source, string target)
        {
            if (!request.OpenToContainers.Any(project => SourcePath.IsBelow(source, project)))
            {
                tell($"made the directory {source}, which was not there, to be mounted at {target}");
            }
        }
    }

    /// <summary>True for a directory of the machine that the container may change.</summary>
    public static bool IsWritable(MountRequest mount) => mount is { Kind: MountKind.Bind, ReadOnly: false };

    private static string Source(MountRequest mount, IReadOnlyList<string> writable, Action<string, string> made)
    {
        var source = SourcePath.Resolve(mount.Source, writable, mount.Target);
        if (StatusCalls.Read(source) is not null)
        {
            return source;
        }

        RequireWay(mount);

        if (!mount.CreateSource)
        {
            throw new TorchyardException(
                "TY4034",
                $"{mount.Source}, to be mounted at {mount.Target}, does not exist",
                "make it, or use -v, which makes it"
            )
            {
                IsUsage = true,
            };
        }

        var root = Path.GetPathRoot(source)!;
        using var directory = ConfinedDirectory.Open(root);
        MakeDirectories(directory, source[root.Length..]);
        made(source, mount.Target);
        return source;
    }

    /// <summary>Refuses to make what is missing behind a link that leads nowhere, or in a file: nobody means that.</summary>
    private static void RequireWay(MountRequest mount)
    {
        var way = "/";
        foreach (var part in mount.Source.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            way = Path.Combine(way, part);
            // By what the kernel finds there: File.Exists and Path.Exists take a link that leads nowhere for a file.
            var found = StatusCalls.Read(way);
            var problem =
                found is null && new FileInfo(way).LinkTarget is { } link ? $"{way} is a symbolic link to {link}, which does not exist"
                : found is { IsDirectory: false } ? $"{way} is a file and no directory"
                : null;
            if (problem is not null)
            {
                throw new TorchyardException(
                    "TY4034",
                    $"{mount.Source} cannot be mounted at {mount.Target}: {problem}",
                    "name a file or directory that is there"
                )
                {
                    IsUsage = true,
                };
            }
        }
    }

    /// <summary>
    /// A mount inside of another one needs a directory there to be mounted on. It is made here, by descriptor and as its parent's owner's:
    /// the runtime would make it as an id that nobody has.
    /// </summary>
    private static void MakeMountPoint(MountRequest mount, IReadOnlyList<MountRequest> all)
    {
        var outer = all.Where(other => other != mount && SourcePath.IsBelow(mount.Target, other.Target) && other.Target != mount.Target)
            .MaxBy(other => other.Target.Length);
        if (outer is not { Kind: MountKind.Bind })
        {
            return;
        }

        var inside = mount.Target[(outer.Target.Length + 1)..];
        using var root = ConfinedDirectory.Of(
            ConfinedDirectory.TryOpenReal(outer.Source, out var reason)
                ?? throw new IOException($"cannot open {outer.Source}: {Errno.Text(reason)}"),
            outer.Source
        );
        using var found = root.TryOpenPlace(inside, Links.Refused, out var error);
        if (found is not null)
        {
            return;
        }

        if (error != Errno.NoEntry)
        {
            throw new TorchyardException(
                "TY4092",
                $"{mount.Target} lies in the mount {outer.Target}, and {Path.Combine(outer.Source, inside)} cannot be mounted on: "
                    + $"{(error == Errno.TooManyLinks ? "it leads through a symbolic link" : Errno.Text(error))}",
                $"remove or rename it in {outer.Source}, or choose another target"
            )
            {
                IsUsage = true,
            };
        }

        if (outer.ReadOnly)
        {
            throw new TorchyardException(
                "TY4034",
                $"{mount.Target} lies in the read-only mount {outer.Target}, which has no {inside} to mount on",
                $"make {Path.Combine(outer.Source, inside)}, or choose another target"
            )
            {
                IsUsage = true,
            };
        }

        var isFile = mount.Kind == MountKind.Bind && StatusCalls.Read(mount.Source) is { IsDirectory: false };
        var parent = isFile ? Path.GetDirectoryName(inside)! : inside;
        MakeDirectories(root, parent);

        if (isFile)
        {
            MakeFile(root, inside);
        }
    }

    private static void MakeFile(ConfinedDirectory root, string path)
    {
        using var parent = root.TryOpenPlace(Path.GetDirectoryName(path)!, out var error);
        var name = Path.GetFileName(path);
        if (parent is null || FreshName.MakeFile(parent, name, FileModes.Readable) != 0 || !Settle(parent, name, FileModes.Readable))
        {
            throw new IOException($"cannot make {path}: {Errno.Text(parent is null ? error : Errno.Last)}");
        }
    }

    /// <summary>Makes what is missing of a path, part by part, each as its parent's owner's.</summary>
    private static void MakeDirectories(ConfinedDirectory root, string path)
    {
        var done = "";
        foreach (var part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            using var parent = root.TryOpenPlace(done, out var error);
            if (
                parent is null
                || (
                    StatusCalls.Read(parent, part) is null
                    && (NameCalls.MakeDirectory(parent, part, FileModes.Directory) != 0 || !Settle(parent, part, FileModes.Directory))
                )
            )
            {
                throw new IOException($"cannot make the directory {part} of {path}: {Errno.Text(parent is null ? error : Errno.Last)}");
            }

            done = done.Length == 0 ? part : done + "/" + part;
        }
    }

    /// <summary>As its parent's owner's, by descriptor: a program in another container may exchange the name meanwhile.</summary>
    private static bool Settle(SafeFileHandle parent, string name, uint mode) =>
        StatusCalls.Read(parent) is { } owner
        && FreshName.Give(parent, name, mode, UserCalls.EffectiveUser() == 0 ? (owner.User, owner.Group) : null);
}
