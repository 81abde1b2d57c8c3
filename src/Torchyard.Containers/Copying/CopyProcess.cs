using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Torchyard.Containers.Launch;
using Torchyard.Containers.Namespaces;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Streams.Descriptors;

namespace Torchyard.Containers.Copying;

/// <summary>
/// The process that copies: in the user namespace of the container where an ordinary user started it, and where the root file system of
/// one that does not run was put together. It tells its caller by lines on standard error.
/// </summary>
internal static class CopyProcess
{
    /// <summary>A warning.</summary>
    public const string Warning = "warn";

    /// <summary>The failure that ended it.</summary>
    public const string Failure = "failed";

    /// <summary>All was copied: how many files, how many bytes.</summary>
    public const string Done = "done";

    /// <summary>Copies what a plan says.</summary>
    /// <returns>Exit status.</returns>
    public static int Run(string planFile)
    {
        using var stop = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Cancel);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Cancel);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Cancel);
        try
        {
            var plan = CopyJson.Plan.Require(planFile);
            var counts = new Counts();
            Copy(plan, text => Tell(Warning, text.ReplaceLineEndings(" ")), counts, stop.Token);
            Tell(Done, string.Create(CultureInfo.InvariantCulture, $"{counts.Files}\t{counts.Bytes}"));
            return 0;
        }
        catch (Exception error) when (error is TorchyardException or IOException or UnauthorizedAccessException)
        {
            Tell(Failure, MonitorFailure.Write(error as TorchyardException ?? OfSystem(error)));
            return 1;
        }
        catch (OperationCanceledException)
        {
            return SelfVerbs.Failed;
        }

        void Cancel(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.Cancel();
        }
    }

    /// <summary>Copies, in this process.</summary>
    internal static void Copy(CopyPlan plan, Action<string> warn, Counts counts, CancellationToken cancellation)
    {
        using var root = Root(plan);
        var shown = $"{plan.Container}:{plan.Inside}";
        using var inside = CopyPlace.Inside(root, plan.Inside, plan.IntoContainer || plan.FollowLink, shown);
        RequireNoMount(plan, inside, shown);
        var source = new TreeSource(warn, cancellation);
        if (plan.Outside is not null)
        {
            using var outside = CopyPlace.Outside(plan.Outside);
            var (from, to) = plan.IntoContainer ? (outside, inside) : (inside, outside);
            Copy(plan, source, from, to, counts, cancellation);
            return;
        }

        if (plan.IntoContainer)
        {
            var directory = inside.Directory ?? throw CopyErrors.WrongKind(shown, "not a directory, as an archive needs");
            using var target = new Counting(new TreeTarget(directory, shown, Owner(plan), Maker(plan), cancellation), counts);
            new ArchiveSource(new DescriptorInputStream(StandardDescriptor.Input), warn).Copy(target, directory);
        }
        else
        {
            Require(inside);
            using var output = new BufferedStream(new DescriptorOutputStream(StandardDescriptor.Output), 1 << 20);
            using var target = new Counting(new ArchiveTarget(output, OwnersInside(plan), warn), counts);
            source.Copy(inside, inside.Name.Length > 0 && !plan.ContentAlone ? inside.Name : null, IsRoot(plan), target);
            target.Complete();
        }
    }

    private static void Copy(CopyPlan plan, TreeSource source, CopyPlace from, CopyPlace to, Counts counts, CancellationToken cancellation)
    {
        Require(from);
        var isDirectory = from.Directory is not null;
        if (to.Directory is null && plan.WantsDirectory)
        {
            throw to.Facts is null
                ? CopyErrors.NotThere($"directory {to.Shown}")
                : CopyErrors.WrongKind(to.Shown, "there and not a directory");
        }

        if (to.Directory is null && to.Facts is not null && isDirectory)
        {
            throw CopyErrors.WrongKind(to.Shown, "there and not a directory");
        }

        var whole = isDirectory && (plan.ContentAlone || from.Name.Length == 0);
        var name =
            to.Directory is null ? to.Name
            : whole ? null
            : from.Name;
        using var target = new Counting(
            new TreeTarget(
                to.Directory ?? to.Parent!,
                to.Directory is null ? ArchivePath.Parent(to.Shown) : to.Shown,
                Owner(plan),
                Maker(plan),
                cancellation
            ),
            counts
        );
        source.Copy(from, name, !plan.IntoContainer && IsRoot(plan), target);
        target.Complete();
    }

    private static ConfinedDirectory Root(CopyPlan plan)
    {
        if (plan.Process is not { } process)
        {
            return ConfinedDirectory.Open(plan.Root!, Links.InsideRoot);
        }

        var root = ConfinedDirectory.OfProcess(process.Id, Links.InsideRoot);
        if (root is null || !process.IsAlive)
        {
            root?.Dispose();
            // Its number may be another process's by now.
            throw new TorchyardException(
                "TY4046",
                $"container {plan.Container} has ended meanwhile",
                "run the same command again: what it wrote is there still"
            );
        }

        return root;
    }

    private static void Require(CopyPlace place)
    {
        if (place.Facts is null)
        {
            throw CopyErrors.NotThere(place.Shown);
        }
    }

    private static bool IsRoot(CopyPlan plan) => plan.Inside.Split('/').All(part => part is "" or ".");

    /// <summary>A container that does not run has its files, and not those that are mounted in them.</summary>
    private static void RequireNoMount(CopyPlan plan, CopyPlace place, string shown)
    {
        if (plan.Root is null)
        {
            return;
        }

        using var opened = (place.Directory ?? place.Parent!).TryOpenPlace("", out _);
        var path = opened is null ? null : new FileInfo(OpenCalls.PathOf(opened)).LinkTarget;
        if (path is null || !SourcePath.IsBelow(path, plan.Root))
        {
            throw CopyErrors.BadTree($"where {shown} is cannot be told");
        }

        var real = "/" + path[plan.Root.Length..].TrimStart('/');
        real = place.Directory is null ? real.TrimEnd('/') + "/" + place.Name : real;
        if (plan.Missing.FirstOrDefault(mount => SourcePath.IsBelow(real, mount.Target)) is { } missing)
        {
            throw CopyErrors.OnMount(plan.Container, shown, missing.Target, missing.Source);
        }
    }

    private static OwnerOf Owner(CopyPlan plan)
    {
        if (!plan.HasOwners)
        {
            return _ => null;
        }

        var (users, groups) = (plan.Ids?.Uids, plan.Ids?.Gids);
        if (plan.IntoContainer)
        {
            return plan.KeepOwners
                ? entry => (Seen(users, entry.User), Seen(groups, entry.Group))
                : _ => (Seen(users, plan.InsideUser), Seen(groups, plan.InsideGroup));
        }

        return plan.KeepOwners ? OwnersInside(plan) : _ => (plan.OutsideUser, plan.OutsideGroup);
    }

    /// <summary>
    /// The last user of the container's range, which no package has: programs of the container's user cannot enter what it makes. (The
    /// container's root can, and has on a mount only what everybody inside may change or read.)
    /// </summary>
    private static Func<MakerIds?>? Maker(CopyPlan plan) =>
        plan is { IntoContainer: true, Ids: { } ids }
        && IdMapping.ToOutside(ids.Uids, ContainerIds.Width - 1) is { } user
        && IdMapping.ToOutside(ids.Gids, ContainerIds.Width - 1) is { } group
            ? () => MakerIds.Take(user, group)
            : null;

    /// <summary>Owners by their numbers in the container.</summary>
    private static OwnerOf OwnersInside(CopyPlan plan) =>
        entry => (IdMapping.ToInside(plan.Ids?.Uids, entry.User), IdMapping.ToInside(plan.Ids?.Gids, entry.Group));

    private static uint Seen(IReadOnlyList<IdRange>? ranges, uint inside) =>
        ranges is null
            ? inside
            : IdMapping.ToOutside(ranges, inside)
                ?? throw CopyErrors.BadTree(
                    string.Create(CultureInfo.InvariantCulture, $"the container has no user or group {inside}, which a file belongs to")
                );

    private static TorchyardException OfSystem(Exception error) =>
        error is UnauthorizedAccessException
            ? new TorchyardException("TY9004", error.Message.TrimEnd('.'), "copy to or from a place where you may read and write", error)
        : error is IOException io && FullDisk.Is(io)
            ? new TorchyardException("TY9003", error.Message.TrimEnd('.'), "free space, then run the same command again", error)
        : new TorchyardException(
            "TY9005",
            error.Message.TrimEnd('.'),
            "check the file named above, then run the same command again",
            error
        );

    private static void Tell(string kind, string text) =>
        new DescriptorOutputStream(StandardDescriptor.Error).TryWrite(Encoding.UTF8.GetBytes($"{kind}\t{text}\n"));

    /// <summary>What was copied.</summary>
    internal sealed class Counts
    {
        /// <summary>Files and links.</summary>
        public int Files { get; set; }

        /// <summary>Their content.</summary>
        public long Bytes { get; set; }
    }

    private sealed class Counting(ICopyTarget target, Counts counts) : ICopyTarget
    {
        public void Begin(CopyEntry directory) => target.Begin(directory);

        public void End() => target.End();

        public void File(CopyEntry file, Stream content)
        {
            target.File(file, content);
            counts.Files++;
            counts.Bytes += file.Size;
        }

        public void Link(CopyEntry link, string to)
        {
            target.Link(link, to);
            counts.Files++;
        }

        public void Complete() => target.Complete();

        public void Dispose() => target.Dispose();
    }
}
