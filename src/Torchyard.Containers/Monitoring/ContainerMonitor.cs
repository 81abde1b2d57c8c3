using System.Globalization;
using System.Text;
using Torchyard.Containers.Cgroups;
using Torchyard.Containers.Launch;
using Torchyard.Containers.Logs;
using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Network;
using Torchyard.Containers.Sockets;
using Torchyard.Containers.State;
using Torchyard.Platform.Errors;

namespace Torchyard.Containers.Monitoring;

/// <summary>
/// Watches one container from its start to its end: holds its streams, writes its log, serves attach and published ports,
/// records the exit status and what memory it took, and cleans up. A process of its own, so the caller may leave.
/// </summary>
internal sealed class ContainerMonitor(ContainerDirectory directory, SelfProgram self, TimeProvider clock)
{
    private static readonly TimeSpan ClientPatience = TimeSpan.FromSeconds(30);

    private readonly TaskCompletionSource _mayStart = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Runs the container to its end.</summary>
    /// <param name="waitForClient">True when the program must not start before a client is attached.</param>
    /// <param name="report">Tells the caller one line: <c>ready</c>, <c>running</c>, or the failure.</param>
    public async Task RunAsync(bool waitForClient, Action<string> report)
    {
        var record = directory.RequireRecord();
        var state = new MonitoredState(
            directory,
            new ContainerState
            {
                Status = ContainerStatus.Created,
                Monitor = ProcessIdentity.Current,
                Restarts = directory.ReadState()?.Restarts ?? 0,
            }
        );
        state.Change(made => made);
        using var log = new LogWriter(directory.Log, clock);
        using var gpus = new MonitoredGpus(directory, record, state, log, self, clock);
        using var streams = new ContainerStreams(record);
        using var server = new AttachServer(
            LocalSocket.Listen(directory.AttachSocket),
            new AttachHandlers
            {
                Input = streams.WriteInputAsync,
                EndOfInput = streams.CloseInput,
                Resize = streams.Resize,
                Start = () => _mayStart.TrySetResult(),
                OutputClosed = streams.CloseOutput,
                Abandoned = () => { },
            }
        );
        _ = server.AcceptAsync();
        try
        {
            if (waitForClient)
            {
                report("ready");
                await _mayStart.Task.WaitAsync(ClientPatience);
            }

            using var container = await streams.CreateAsync(directory, self);
            // Written before the program starts: whoever finds this monitor dead knows what else to end.
            state.Change(made => made with { Init = container.Init });
            ContainerState ended;
            // Published ports are closed before the end is told: whoever hears of it may publish them again.
            using (await PrivateNetwork.StartAsync(directory, record, container.Init, self, log))
            {
                var exit = container.WaitAsync();
                await container.StartAsync(CancellationToken.None);
                state.Change(made => made with { Status = ContainerStatus.Running, Started = Now() });
                gpus.Watch();
                report("running");
                await streams.PumpAsync(container, async (kind, data) =>
                {
                    log.Write(kind == AttachKind.Error ? "stderr" : "stdout", data.Span);
                    await server.BroadcastAsync(AttachFrame.Encode(kind, data.Span));
                });
                ended = Outcome.Of(record, state.Now, await exit, Now());
                if (streams.NotStarted is { } said)
                {
                    throw StartFailure.From(record, said);
                }
            }

            await gpus.EndAsync();
            await FinishAsync(record, ended, server, AttachFrame.Exit(ended.ExitCode ?? 255, streams.TakeInputBack()));
        }
        catch (TimeoutException) when (waitForClient && state.Now.Init is null && !_mayStart.Task.IsCompleted)
        {
            // The caller died between making the container and attaching to it.
            await gpus.EndAsync();
            await FinishAsync(
                record,
                state.Now with
                {
                    Status = ContainerStatus.Exited,
                    Finished = Now(),
                    ExitCode = 125,
                },
                server,
                AttachFrame.Exit(125, 0)
            );
        }
        catch (Exception error)
        {
            var failure =
                error as TorchyardException
                ?? new TorchyardException(
                    "TY4045",
                    $"the container's monitor failed before the program ran: {error.Message}",
                    "run the command again; torchyard doctor checks the machine",
                    error
                );
            var text = MonitorFailure.Write(failure);
            var failed = state.Now with
            {
                Status = ContainerStatus.Exited,
                Finished = Now(),
                ExitCode = StartFailure.ExitCode(failure),
                Error = failure.Message,
            };
            // Who started it in the background has gone: the log tells.
            log.Write("stderr", Encoding.UTF8.GetBytes($"torchyard: {failure.Code}: {failure.Message}\n"));
            await gpus.EndAsync();
            await FinishAsync(record, failed, server, AttachFrame.Encode(AttachKind.Failure, Encoding.UTF8.GetBytes(text)));
            report("failed\t" + text);
        }
    }

    private async Task FinishAsync(ContainerRecord record, ContainerState state, AttachServer server, byte[] last)
    {
        ContainerStore.Release(directory, record);
        directory.Write(state);
        // What never ran has no output and no files that anybody could want.
        if (record.Remove || state is { Started: 0, Restarts: 0 })
        {
            var paths = directory.Store;
            await new ContainerStore(paths, clock).RemoveDirectoryAsync(directory, record: null, CancellationToken.None);
        }

        // After the cleaning, so that a caller who hears of the end finds nothing left.
        await server.CloseAsync(last);
    }

    private long Now() => clock.GetUtcNow().ToUnixTimeMilliseconds();
}

/// <summary>What is recorded when a container has ended.</summary>
internal static class Outcome
{
    private const int Killed = 128 + SignalNumbers.Kill;

    /// <summary>The last state; must be made before the cgroup is removed.</summary>
    public static ContainerState Of(ContainerRecord record, ContainerState state, int? exitCode, long now)
    {
        var cgroup = ContainerCgroup.Existing(record.Cgroups);
        return state with
        {
            Status = ContainerStatus.Exited,
            Finished = now,
            IdleStop = 0,
            ExitCode = exitCode,
            // The count is gone where the runtime was faster to remove its cgroup; a limit that was reached and a SIGKILL together tell,
            // too.
            OutOfMemory = cgroup.MemoryKills() > 0 || (exitCode == Killed && cgroup.ReachedMemoryLimit()),
            PeakMemory = cgroup.PeakMemory(),
            OutOfProcesses = exitCode != 0 && cgroup.ProcessRefusals() > 0,
        };
    }

    /// <summary>One sentence about a limit on processes that a program which failed had reached, or null.</summary>
    public static string? OutOfProcessesText(ContainerRecord record, ContainerState state) =>
        !state.OutOfProcesses
            ? null
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{record.Name} reached its limit on processes and threads, {record.Limits.Processes}; --pids-limit sets it"
            );

    /// <summary>One sentence about an out-of-memory kill, or null.</summary>
    public static string? OutOfMemoryText(ContainerRecord record, ContainerState state) =>
        !state.OutOfMemory
            ? null
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{record.Name} ran out of memory: the limit is {Platform.Text.ByteSize.Binary(record.Limits.Memory)}, the peak was "
                    + $"{(state.PeakMemory is { } peak ? Platform.Text.ByteSize.Binary(peak) : "not recorded")}; give it more with "
                    + $"--memory, or use less (batch size, data loader workers)"
            );
}
