using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Torchyard.Containers.Launch;
using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Oci;
using Torchyard.Containers.Requests;
using Torchyard.Containers.State;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Processes;
using Torchyard.Platform.Reporting;

namespace Torchyard.Containers.Copying;

/// <summary>What was copied.</summary>
/// <param name="Files">Files and links.</param>
/// <param name="Bytes">Their content.</param>
public sealed record Copied(int Files, long Bytes);

/// <summary>
/// Copies files into a container and out of it, whether or not it runs. Its programs are not trusted: nothing of theirs chooses a place on
/// the machine, and no file gets set-user-id bits or is a device on its way.
/// </summary>
/// <param name="store">Where it is kept.</param>
/// <param name="self">This program, which copies in a process of its own.</param>
/// <param name="progress">Gets warnings.</param>
public sealed class ContainerCopy(ContainerStore store, SelfProgram self, IProgressSink progress)
{
    /// <summary>Copies.</summary>
    /// <exception cref="TorchyardException">TY4080: the container's record is lost; TY4130 to TY4134.</exception>
    public async Task<Copied> RunAsync(ContainerInfo container, CopyRequest request, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(container);
        ArgumentNullException.ThrowIfNull(request);
        var record = container.Record;
        if (!record.IsKnown)
        {
            throw new TorchyardException(
                "TY4080",
                $"the record of container {record.Name} is lost, so its files are not put together",
                $"what it wrote is in {store.DirectoryOf(record.Id).Upper}"
            );
        }

        var directory = store.DirectoryOf(record.Id);
        var plan = await PlanAsync(directory, record, request, cancellation);
        if (container.IsRunning && container.State.Init is { } init)
        {
            return await RunAsync(directory, plan with { Process = init }, start => Start(start, record, init), cancellation);
        }

        // As long as it is held it is not started again: two overlays must not have one upper directory.
        using var alone = await FileLock.AcquireAsync(directory.Lock, exclusive: true, cancellation);
        if (directory.ReadState() is not { Status: ContainerStatus.Exited })
        {
            throw new TorchyardException("TY4046", $"container {record.Name} is just starting", "run the same command again");
        }

        var root = RootPlan(directory, record);
        using var space = record.Rootless
            ? await UserNamespace.CreateAsync(UserNamespace.CallerMapping(record.CallerInside), cancellation)
            : null;
        return await RunAsync(
            directory,
            plan with
            {
                Root = root.Overlay!.Target,
                Missing = Missing(directory, record),
            },
            start => ContainerProcess.Launch(root, start, directory, record, self, space?.Path),
            cancellation
        );
    }

    /// <summary>What is mounted when it runs: what the user named, and what every container has, such as /proc.</summary>
    private static IReadOnlyList<MountRequest> Missing(ContainerDirectory directory, ContainerRecord record) =>
        [
            .. record.Mounts,
            .. OciJson
                .Config.Require(directory.Config)
                .Mounts.Select(mount => new MountRequest { Kind = MountKind.Tmpfs, Target = mount.Destination }),
        ];

    private async Task<CopyPlan> PlanAsync(
        ContainerDirectory directory,
        ContainerRecord record,
        CopyRequest request,
        CancellationToken cancellation
    )
    {
        var user = OciJson.Config.Require(directory.Config).Process.User;
        return new CopyPlan
        {
            Container = record.Name,
            IntoContainer = request.IntoContainer,
            Inside = request.Inside,
            Outside = request.Outside is { } path
                ? OutsidePath.Resolve(path, await OpenAsync(cancellation), !request.IntoContainer || request.FollowLink)
                : null,
            WantsDirectory = request.WantsDirectory,
            ContentAlone = request.ContentAlone,
            FollowLink = request.FollowLink,
            KeepOwners = request.KeepOwners,
            InsideUser = user.Uid,
            InsideGroup = user.Gid,
            Ids = record.Ids,
            OutsideUser = record.Rootless ? record.CallerInside : UserCalls.EffectiveUser(),
            OutsideGroup = record.Rootless ? record.CallerInside : UserCalls.EffectiveGroup(),
            HasOwners = !record.Rootless || record.FullMapping,
        };
    }

    /// <summary>Where programs of any container may have made links: what is mounted for them to write, and the store.</summary>
    private async Task<IReadOnlyList<string>> OpenAsync(CancellationToken cancellation) =>
        [
            RealPath.Of(store.Paths.Root),
            .. new OpenDirectories(store.Paths).Read(),
            .. (await store.ListAsync(cancellation))
                .SelectMany(container => container.Record.Mounts)
                .Where(MountSources.IsWritable)
                .Select(mount => RealPath.Of(mount.Source)),
        ];

    /// <summary>A running container's files are reached through its first process, by an ordinary user as root of its ids.</summary>
    private static Process Start(ProcessStartInfo start, ContainerRecord record, ProcessIdentity init)
    {
        if (record.Rootless)
        {
            HostProcess.Wrap(
                start,
                HostProgram.Require("nsenter"),
                NamespaceLauncher.NsenterArguments(NamespaceLauncher.UserNamespaceOf(init.Id), record.FullMapping)
            );
        }

        return HostProcess.Start(start);
    }

    /// <summary>The root file system alone of a container that does not run.</summary>
    private static NamespacePlan RootPlan(ContainerDirectory directory, ContainerRecord record)
    {
        if (record.Ids is not null)
        {
            Stage.Ensure();
        }

        var plan = directory.ReadPlan();
        var overlay = plan.Overlay ?? throw new InvalidOperationException("a container without a root file system");
        var used = overlay
            .Lower.Append(overlay.Upper)
            .Append(overlay.Work)
            .Select(path => path.Split('/')[0])
            .ToHashSet(StringComparer.Ordinal);
        return new NamespacePlan
        {
            Overlay = overlay,
            Stage = plan.Stage,
            CallerInside = plan.CallerInside,
            Trees = overlay.Directory is null ? [.. plan.Trees.Where(tree => used.Contains(tree.Name))] : [],
        };
    }

    private async Task<Copied> RunAsync(
        ContainerDirectory directory,
        CopyPlan plan,
        Func<ProcessStartInfo, Process> launch,
        CancellationToken cancellation
    )
    {
        var file = Path.Combine(directory.Root, "copy-" + Guid.NewGuid().ToString("N")[..12] + ".json");
        File.WriteAllBytes(file, JsonSerializer.SerializeToUtf8Bytes(plan, CopyJson.Default.CopyPlan));
        try
        {
            var start = HostProcess.Prepare(self.Program, "/", SelfVerbs.Copy, file);
            start.RedirectStandardError = true;
            using var process = launch(start);
            await using var stop = cancellation.Register(() => _ = ProcessCalls.Kill(process.Id, SignalNumbers.Terminate));
            var (copied, failure, words) = await ReadAsync(process);
            await process.WaitForExitAsync(CancellationToken.None);
            cancellation.ThrowIfCancellationRequested();
            return failure is not null
                ? throw failure
                : copied
                    ?? throw new TorchyardException(
                        "TY4135",
                        $"the process that copies ended before it was done{(words.Length > 0 ? ": " + words : "")}",
                        "run the command again; torchyard doctor checks the machine"
                    );
        }
        finally
        {
            File.Delete(file);
        }
    }

    private async Task<(Copied? Copied, TorchyardException? Failure, string Words)> ReadAsync(Process process)
    {
        Copied? copied = null;
        TorchyardException? failure = null;
        var words = "";
        while (await process.StandardError.ReadLineAsync() is { } line)
        {
            switch (line.Split('\t'))
            {
                case [CopyProcess.Warning, .. var text]:
                    progress.Warn(string.Join('\t', text));
                    break;
                case [CopyProcess.Failure, .. var parts]:
                    failure = MonitorFailure.TryRead(parts);
                    break;
                case [CopyProcess.Done, var files, var bytes]:
                    copied = new Copied(int.Parse(files, CultureInfo.InvariantCulture), long.Parse(bytes, CultureInfo.InvariantCulture));
                    break;
                default:
                    words = line;
                    break;
            }
        }

        return (copied, failure, words);
    }
}
