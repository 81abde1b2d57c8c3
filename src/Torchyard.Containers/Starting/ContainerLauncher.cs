using System.Text;
using Torchyard.Containers.Cgroups;
using Torchyard.Containers.Launch;
using Torchyard.Containers.Monitoring;
using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Oci;
using Torchyard.Containers.Requests;
using Torchyard.Containers.Runtimes;
using Torchyard.Containers.Sessions;
using Torchyard.Containers.State;
using Torchyard.Images.Store;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Reporting;

namespace Torchyard.Containers.Starting;

/// <summary>Starts containers.</summary>
/// <param name="store">Where they are kept.</param>
/// <param name="layers">Gives the layers of an image as directories.</param>
/// <param name="runtimes">Gives the OCI runtime.</param>
/// <param name="self">This program, which also is the monitor.</param>
/// <param name="progress">Gets warnings, such as a default limit that is not enforced.</param>
public sealed class ContainerLauncher(
    ContainerStore store,
    IMountedLayers layers,
    IOciRuntimeSource runtimes,
    SelfProgram self,
    IProgressSink progress
)
{
    private MonitoredStart Monitored => new(store, self, progress);

    /// <summary>
    /// Begins what takes the kernel its time at every start, and nothing of the caller's. A command that will start a container calls it
    /// first, so that the time passes while it finds out what to start.
    /// </summary>
    public static void Expect() => CgroupMoves.Expect();

    /// <summary>Starts a container in the background and returns when its program runs.</summary>
    /// <exception cref="TorchyardException">TY40xx: it was refused, or could not start.</exception>
    public async Task<ContainerSession> StartAsync(RunRequest request, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        var (directory, record) = await PrepareAsync(request, cancellation);
        await WatchAsync(directory, record, cancellation);
        return new ContainerSession(store, record, self);
    }

    /// <summary>Starts what was prepared in the background.</summary>
    internal Task WatchAsync(ContainerDirectory directory, ContainerRecord record, CancellationToken cancellation) =>
        Monitored.WatchAsync(directory, record, cancellation);

    /// <summary>
    /// Runs a container in the foreground: the caller's standard streams are the program's, signals are passed on.
    /// </summary>
    /// <returns>The program's exit status, 128 + n for signal n; 0 when the user detached.</returns>
    /// <exception cref="TorchyardException">TY40xx: it was refused, or could not start.</exception>
    public async Task<int> RunAsync(RunRequest request, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        CallerTerminal.Require(request.Interactive, request.Terminal);
        // Those that come before there is a program wait for it.
        using var signals = new SignalForwarding();
        var (directory, record) = await PrepareForegroundAsync(request, signals, cancellation);
        // Nobody will ask for the log of a container that is gone, so its program needs no monitor.
        return record is { Remove: true, Terminal: false, Network: not NetworkMode.Private }
            ? await RunDirectlyAsync(directory, record, signals, cancellation)
            : await Monitored.RunAttachedAsync(directory, record, signals, cancellation);
    }

    /// <summary>The OCI configuration that a request would start with, as JSON; nothing is started and nothing stays.</summary>
    public async Task<string> DescribeAsync(RunRequest request, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        var (directory, record) = await PrepareAsync(request, cancellation);
        try
        {
            var configuration = OciJson.Config.Require(directory.Config);
            return Encoding.UTF8.GetString(
                OciJson.Serialize(StagedMounts.Unstage(configuration, directory.ReadPlan()) with { Annotations = null })
            );
        }
        finally
        {
            await store.RemoveDirectoryAsync(directory, record, CancellationToken.None);
        }
    }

    private async Task<(ContainerDirectory Directory, ContainerRecord Record)> PrepareForegroundAsync(
        RunRequest request,
        SignalForwarding signals,
        CancellationToken cancellation
    )
    {
        try
        {
            return await PrepareAsync(request, cancellation);
        }
        catch (Exception failure) when (signals.HasWaiting && failure is not OperationCanceledException)
        {
            // Ctrl-C reaches the helpers that prepare, too, and what they say of it is not the reason.
            throw new OperationCanceledException(failure.Message, failure);
        }
    }

    private Task<(ContainerDirectory Directory, ContainerRecord Record)> PrepareAsync(RunRequest request, CancellationToken cancellation)
    {
        // What is wrong in itself is told before anything is made.
        MountTargets.Require(request.Mounts);
        PortMapping.RequireDistinct(request.Ports);
        return new ContainerPreparation(store, layers, runtimes, progress).PrepareAsync(request, cancellation);
    }

    private async Task<int> RunDirectlyAsync(
        ContainerDirectory directory,
        ContainerRecord record,
        SignalForwarding signals,
        CancellationToken cancellation
    )
    {
        var state = new ContainerState { Status = ContainerStatus.Created, Monitor = ProcessIdentity.Current };
        try
        {
            using var container = await ContainerProcess.CreateAsync(
                directory,
                self,
                ProgramRelay.Redirect,
                consoleSocket: null,
                cancellation
            );
            state = state with { Status = ContainerStatus.Running, Init = container.Init, Started = Now() };
            directory.Write(state);
            using var departure = new Departure(terminal: false, number => ProgramSignal.Give(() => container.Init, number));
            signals.To(departure.Take);
            using var relay = ProgramRelay.WithCaller(container.Streams, record.Interactive);
            var exit = container.WaitAsync();
            await container.StartAsync(CancellationToken.None);
            if (!await departure.EndsFirstAsync(exit))
            {
                // It has no monitor, and is removed when it ends: nothing could be done with it any more.
                container.Init.Signal(SignalNumbers.Kill);
                await exit;
                return departure.ExitStatus;
            }

            var code = await exit;
            await relay.FinishAsync();
            if (relay.NotStarted is { } said)
            {
                throw StartFailure.From(record, said);
            }

            Monitored.Report(record, Outcome.Of(record, state, code, Now()));
            return code ?? SelfVerbs.Failed;
        }
        finally
        {
            await store.RemoveDirectoryAsync(directory, record, CancellationToken.None);
        }
    }

    private long Now() => store.Clock.GetUtcNow().ToUnixTimeMilliseconds();
}
