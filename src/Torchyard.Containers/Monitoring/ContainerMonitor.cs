using System.Globalization;
using System.Text;
using Torchyard.Containers.Cgroups;
using Torchyard.Containers.Launch;
using Torchyard.Containers.Logs;
using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Network;
using Torchyard.Containers.Sessions;
using Torchyard.Containers.State;
using Torchyard.Platform;

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
        var record = directory.ReadRecord() ?? throw new InvalidDataException($"{directory.Record} is missing");
        var state = new ContainerState { Status = ContainerStatus.Created, Monitor = ProcessIdentity.Current };
        directory.Write(state);
        using var log = new LogWriter(directory.Log, clock);
        var streams = new ContainerStreams(record);
        using var server = new AttachServer(LocalSocket.Listen(directory.AttachSocket), new AttachHandlers
        {
            Input = streams.WriteInputAsync,
            EndOfInput = streams.CloseInput,
            Resize = streams.Resize,
            Start = () => _mayStart.TrySetResult(),
            Abandoned = () => { },
        });
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
            directory.Write(state with { Init = container.Init });
            // Published ports are closed before the end is told: whoever hears of it may publish them again.
            using (await PrivateNetwork.StartAsync(directory, record, container.Init, self, log))
            {
                var exit = container.WaitAsync();
                await container.StartAsync(CancellationToken.None);
                state = state with { Status = ContainerStatus.Running, Init = container.Init, Started = Now() };
                directory.Write(state);
                report("running");
                await streams.PumpAsync(container, async (kind, data) =>
                {
                    log.Write(kind == AttachKind.Error ? "stderr" : "stdout", data.Span);
                    await server.BroadcastAsync(AttachFrame.Encode(kind, data.Span));
                });
                state = Finished(record, state, await exit);
            }

            await FinishAsync(record, state, server, AttachFrame.Exit(state.ExitCode ?? 255));
        }
        catch (TorchyardException failure)
        {
            var text = $"{failure.Code}\t{Flat(failure.Message)}\t{Flat(failure.Cure)}";
            state = state with { Status = ContainerStatus.Exited, Finished = Now(), ExitCode = StartFailure.ExitCode(failure), Error = failure.Message };
            await FinishAsync(record, state, server, AttachFrame.Encode(AttachKind.Failure, Encoding.UTF8.GetBytes(text)));
            report("failed\t" + text);
        }
        catch (TimeoutException)
        {
            // The caller died between making the container and attaching to it.
            await FinishAsync(record, state with { Status = ContainerStatus.Exited, Finished = Now(), ExitCode = 125 }, server, AttachFrame.Exit(125));
        }
    }

    private ContainerState Finished(ContainerRecord record, ContainerState state, int? exitCode) =>
        Outcome.Of(record, state, exitCode, Now());

    private async Task FinishAsync(ContainerRecord record, ContainerState state, AttachServer server, byte[] last)
    {
        ContainerStore.Release(directory, record);
        directory.Write(state);
        if (record.Remove)
        {
            var paths = directory.Store;
            await new ContainerStore(paths, clock).RemoveDirectoryAsync(directory, record: null, CancellationToken.None);
        }

        // After the cleaning, so that a caller who hears of the end finds nothing left.
        await server.CloseAsync(last);
    }

    private long Now() => clock.GetUtcNow().ToUnixTimeMilliseconds();

    private static string Flat(string text) => text.Replace('\t', ' ').ReplaceLineEndings(" ");
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
            ExitCode = exitCode,
            // Version 1 cannot tell whose process was killed; a limit that was reached and a SIGKILL together can.
            OutOfMemory = cgroup.OutOfMemory() && (exitCode == Killed || cgroup.Layout.Mode == Machine.CgroupMode.Unified),
            PeakMemory = cgroup.PeakMemory(),
        };
    }

    /// <summary>One sentence about an out-of-memory kill, or null.</summary>
    public static string? OutOfMemoryText(ContainerRecord record, ContainerState state) => !state.OutOfMemory
        ? null
        : string.Create(
            CultureInfo.InvariantCulture,
            $"{record.Name} ran out of memory: the limit is {Platform.Text.ByteSize.Binary(record.Limits.Memory)}, the peak was {(state.PeakMemory is { } peak ? Platform.Text.ByteSize.Binary(peak) : "not recorded")}; give it more with --memory, or use less (batch size, data loader workers)");
}
