using Microsoft.Win32.SafeHandles;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;

namespace Torchyard.Containers.Namespaces;

/// <summary>The detached mounts of a plan's trees, until they are attached.</summary>
internal sealed class MountTrees : IDisposable
{
    private readonly List<(int Descriptor, bool IsDirectory, TreePlan Plan)> _trees = [];

    /// <summary>Opens every tree with its restrictions; nothing of the names is looked at again afterwards.</summary>
    /// <param name="plans">The trees.</param>
    /// <param name="caller">Whose rights count beside those of the namespace's root; null for nobody's.</param>
    /// <exception cref="TorchyardException">TY4090: a source has become a link; TY4091: a tree is refused.</exception>
    public static MountTrees Open(IEnumerable<TreePlan> plans, uint? caller = null)
    {
        var trees = new MountTrees();
        using var namespaces = new IdMapNamespaces();
        try
        {
            foreach (var plan in plans)
            {
                trees.Add(plan, namespaces, caller);
            }

            return trees;
        }
        catch
        {
            trees.Dispose();
            throw;
        }
    }

    /// <summary>Destinations of those that are attached in the root file system.</summary>
    public IEnumerable<string> Inside => _trees.Select(tree => tree.Plan.Inside).OfType<string>();

    /// <summary>Attaches the others in the stage.</summary>
    public void Attach(string stage)
    {
        foreach (var (descriptor, isDirectory, plan) in _trees.Where(tree => tree.Plan.Inside is null))
        {
            var target = Path.Combine(stage, plan.Name);
            if (isDirectory)
            {
                Directory.CreateDirectory(target);
            }
            else
            {
                File.WriteAllBytes(target, []);
            }

            Attach(descriptor, target, plan);
        }
    }

    /// <summary>Attaches what belongs in the root file system.</summary>
    /// <param name="root">Where that is mounted.</param>
    /// <param name="places">Where each destination of <see cref="Inside"/> is in it: a path without links, in the same order.</param>
    public void AttachInside(string root, IReadOnlyList<string> places)
    {
        foreach (var ((descriptor, _, plan), place) in _trees.Where(tree => tree.Plan.Inside is not null).Zip(places))
        {
            Attach(descriptor, root + place, plan);
        }
    }

    private static void Attach(int descriptor, string target, TreePlan plan)
    {
        if (MountCalls.Attach(descriptor, target) != 0)
        {
            throw Refused(plan, "attach it", Errno.Last);
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _trees.ForEach(tree => _ = OpenCalls.Close(tree.Descriptor));
        _trees.Clear();
    }

    /// <summary>True when the file system of a directory or file can show its owner as somebody else.</summary>
    public static bool CanMap(string source, IdMapping ids, IdMapNamespaces namespaces)
    {
        try
        {
            using var trees = new MountTrees();
            trees.Add(
                new TreePlan
                {
                    Source = source,
                    Name = "",
                    Recursive = false,
                    Ids = ids,
                },
                namespaces
            );
            return true;
        }
        catch (TorchyardException)
        {
            return false;
        }
    }

    private void Add(TreePlan plan, IdMapNamespaces namespaces, uint? caller = null)
    {
        using var source = OpenSource(plan.Source, caller, out var error);
        if (source is null)
        {
            throw error == Errno.TooManyLinks
                ? new TorchyardException(
                    "TY4090",
                    $"{plan.Source} has become a symbolic link since the container was prepared",
                    "look at what made it one before you start the container again"
                )
                : Refused(plan, "open it", error);
        }

        var isDirectory = StatusCalls.Read(source) is { IsDirectory: true };
        var recursive = plan.Recursive && isDirectory;
        var tree = MountCalls.Clone(source, recursive);
        if (tree < 0)
        {
            throw Refused(plan, "copy its mount", Errno.Last);
        }

        _trees.Add((tree, isDirectory, plan));
        var flags =
            MountCalls.NoSetUserId
            | (plan.Devices ? 0 : MountCalls.NoDevices)
            | (plan.NoExecute ? MountCalls.NoExecute : 0)
            | (plan.ReadOnly ? MountCalls.ReadOnly : 0);
        if (MountCalls.Set(tree, flags, recursive) != 0)
        {
            throw Refused(plan, "restrict it", Errno.Last);
        }

        if (plan.Ids is { } ids)
        {
            var space = namespaces.Get(ids);
            // A file system mounted below may be of a kind that cannot map; then the top alone shows other ids.
            if (
                (!recursive || MountCalls.Map(tree, space.Descriptor, recursive: true) != 0)
                && MountCalls.Map(tree, space.Descriptor, recursive: false) != 0
            )
            {
                throw Refused(plan, "show it with other ids", Errno.Last);
            }
        }
    }

    /// <summary>
    /// The namespace's root may do everything with files of the namespace's ids, and with no others: a directory of the caller's whose
    /// group is foreign is closed to it. The caller himself gets in.
    /// </summary>
    private static SafeFileHandle? OpenSource(string path, uint? caller, out int error)
    {
        var source = ConfinedDirectory.TryOpenReal(path, out error);
        if (source is not null || caller is not { } id || error != Errno.AccessDenied)
        {
            return source;
        }

        // Of this thread alone.
        _ = UserCalls.SetFileSystemUser(id);
        try
        {
            return ConfinedDirectory.TryOpenReal(path, out error);
        }
        finally
        {
            _ = UserCalls.SetFileSystemUser(0);
        }
    }

    private static TorchyardException Refused(TreePlan plan, string what, int error) =>
        new(
            "TY4091",
            $"{plan.Source} cannot be shown in the container: the kernel refused to {what}: {Errno.Text(error)}",
            error == Errno.NotImplemented
                ? "containers need Linux 5.12 or later (mount_setattr): use a newer kernel"
                : "check that the path is still there and that this user may read it"
        );
}
