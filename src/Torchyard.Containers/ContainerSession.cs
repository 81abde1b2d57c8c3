using Torchyard.Containers.Logs;
using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Requests;
using Torchyard.Containers.Sessions;
using Torchyard.Containers.State;
using Torchyard.Platform;

namespace Torchyard.Containers;

/// <summary>What can be done with a container that exists: stop it, wait for it, attach, run another program in it, read its log.</summary>
/// <param name="store">Where it is kept.</param>
/// <param name="record">The container.</param>
/// <param name="self">This program.</param>
public sealed class ContainerSession(ContainerStore store, ContainerRecord record, SelfProgram self)
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);

    private ContainerDirectory Files => store.DirectoryOf(record.Id);

    /// <summary>The container.</summary>
    public ContainerRecord Record => record;

    /// <summary>True while its first process lives.</summary>
    public bool IsRunning => Files.ReadState()?.Init?.IsAlive == true;

    /// <summary>Directory shown as /run/torchyard inside: the supervisor's socket is in it.</summary>
    public string RunDirectory => Files.Run;

    /// <summary>Directory shown as /var/log/torchyard inside, unless a mount covers it.</summary>
    public string ServiceLogDirectory =>
        record.Mounts.FirstOrDefault(m => m is { Target: "/var/log/torchyard", Kind: MountKind.Bind })?.Source ?? Files.ServiceLogs;

    /// <summary>How it is now; null when it was removed.</summary>
    public async Task<ContainerState?> StateAsync(CancellationToken cancellation) =>
        (await store.ListAsync(cancellation)).FirstOrDefault(c => c.Record.Id == record.Id)?.State;

    /// <summary>Asks the program to stop, and kills it when it has not after the timeout.</summary>
    /// <param name="timeout">Time to stop; null: the container's own.</param>
    /// <param name="cancellation">Ends the wait; the signal stays sent.</param>
    public async Task StopAsync(TimeSpan? timeout, CancellationToken cancellation)
    {
        if (Files.ReadState()?.Init is not { IsAlive: true } init)
        {
            return;
        }

        init.Signal(SignalNumbers.Parse(record.StopSignal) ?? SignalNumbers.Terminate);
        if (!await EndsWithinAsync(init, timeout ?? TimeSpan.FromSeconds(record.StopTimeout), cancellation))
        {
            init.Signal(SignalNumbers.Kill);
        }

        await WaitForMonitorAsync(init, cancellation);
    }

    /// <summary>Sends a signal to the program.</summary>
    /// <exception cref="TorchyardException">TY4046: the container does not run.</exception>
    public void Signal(int signal)
    {
        if (Files.ReadState()?.Init?.Signal(signal) != true)
        {
            throw NotRunning();
        }
    }

    /// <summary>Waits for the end.</summary>
    /// <returns>Exit status; null when it is not known.</returns>
    public async Task<int?> WaitAsync(CancellationToken cancellation)
    {
        if (Files.ReadState()?.Init is { } init)
        {
            await EndsWithinAsync(init, Timeout.InfiniteTimeSpan, cancellation);
            await WaitForMonitorAsync(init, cancellation);
        }

        return (await StateAsync(cancellation))?.ExitCode;
    }

    /// <summary>Connects the caller's standard streams to the program's.</summary>
    /// <exception cref="TorchyardException">TY4046: it does not run; TY4047: it cannot be attached to.</exception>
    public async Task<AttachResult> AttachAsync(CancellationToken cancellation)
    {
        if (Files.ReadState()?.Init is not { IsAlive: true } init)
        {
            throw NotRunning();
        }

        try
        {
            return await AttachClient.RunAsync(
                Files.AttachSocket,
                new AttachOptions
                {
                    Terminal = record.Terminal,
                    Input = record.Interactive,
                    Signal = record.Terminal ? null : number => init.Signal(number),
                },
                cancellation);
        }
        catch (System.Net.Sockets.SocketException error)
        {
            throw new TorchyardException(
                "TY4047",
                $"container {record.Name} has no monitor to attach to: it runs in another terminal, or its monitor was killed",
                $"torchyard exec -it {record.Name} sh starts a shell in it",
                error);
        }
    }

    /// <summary>Runs another program in the container with the caller's standard streams.</summary>
    /// <returns>Its exit status; 126 and 127 as docker has them.</returns>
    /// <exception cref="TorchyardException">TY4046: the container does not run.</exception>
    public Task<int> ExecAsync(ExecRequest request, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Files.ReadState()?.Init is { IsAlive: true } init
            ? new ContainerExec(Files, record, init, self).RunAsync(request, cancellation)
            : throw NotRunning();
    }

    /// <summary>Runs another program in the container and captures what it prints.</summary>
    /// <exception cref="TorchyardException">TY4046: the container does not run.</exception>
    public Task<Platform.Processes.CommandResult> CaptureAsync(ExecRequest request, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Files.ReadState()?.Init is { IsAlive: true } init
            ? new ContainerExec(Files, record, init, self).CaptureAsync(request, cancellation)
            : throw NotRunning();
    }

    /// <summary>The log.</summary>
    /// <param name="tail">Only the last so many lines, or null for all.</param>
    /// <param name="since">Only lines from then on, or null.</param>
    /// <param name="follow">Go on until the container ends.</param>
    /// <param name="cancellation">Ends the reading.</param>
    public IAsyncEnumerable<LogEntry> LogAsync(int? tail, DateTimeOffset? since, bool follow, CancellationToken cancellation) =>
        LogReader.ReadAsync(Files.Log, tail, since, follow ? IsWatched : null, cancellation);

    /// <summary>Memory, CPU time and processes now; members are null where the machine does not count them.</summary>
    public ContainerUsage Usage()
    {
        var cgroup = Cgroups.ContainerCgroup.Existing(record.Cgroups);
        return new ContainerUsage(cgroup.CurrentMemory(), cgroup.PeakMemory(), cgroup.CpuTime(), cgroup.CurrentProcesses());
    }

    private bool IsWatched() => Files.ReadState() is { Status: not ContainerStatus.Exited } state && (state.Monitor?.IsAlive ?? false);

    private async Task<bool> EndsWithinAsync(ProcessIdentity init, TimeSpan timeout, CancellationToken cancellation)
    {
        var started = store.Clock.GetTimestamp();
        while (init.IsAlive)
        {
            if (timeout != Timeout.InfiniteTimeSpan && store.Clock.GetElapsedTime(started) > timeout)
            {
                return false;
            }

            await Task.Delay(Poll, cancellation);
        }

        return true;
    }

    /// <summary>The monitor writes the exit status and cleans up after the end; a dead one is replaced by the store's next look.</summary>
    private async Task WaitForMonitorAsync(ProcessIdentity init, CancellationToken cancellation)
    {
        while (init.IsAlive || (Files.ReadState() is { Status: ContainerStatus.Running } state && state.Monitor?.IsAlive == true))
        {
            await Task.Delay(Poll, cancellation);
        }
    }

    private TorchyardException NotRunning() => new(
        "TY4046", $"container {record.Name} is not running", $"torchyard ps -a shows how it ended, torchyard logs {record.Name} what it printed");
}

/// <summary>What a container uses now.</summary>
/// <param name="Memory">Bytes.</param>
/// <param name="PeakMemory">Bytes.</param>
/// <param name="CpuMicroseconds">CPU time since the start.</param>
/// <param name="Processes">Processes and threads.</param>
public sealed record ContainerUsage(long? Memory, long? PeakMemory, long? CpuMicroseconds, long? Processes);
