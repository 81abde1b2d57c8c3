using Torchyard.Containers.Launch;
using Torchyard.Containers.Logs;
using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Requests;
using Torchyard.Containers.Sessions;
using Torchyard.Containers.State;
using Torchyard.Machine.Kernel;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;

namespace Torchyard.Containers.Starting;

/// <summary>What can be done with a container that exists: stop it, wait for it, attach, run another program in it, read its log.</summary>
/// <param name="store">Where it is kept.</param>
/// <param name="record">The container.</param>
/// <param name="self">This program.</param>
public sealed class ContainerSession(ContainerStore store, ContainerRecord record, SelfProgram self)
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);

    private DetachedPrograms Detached => new(Files, record, self, store.Clock);

    private ContainerDirectory Files => store.DirectoryOf(record.Id);

    /// <summary>The container.</summary>
    public ContainerRecord Record => record;

    /// <summary>True while its first process lives.</summary>
    public bool IsRunning => Files.ReadState()?.Init?.IsAlive == true;

    /// <summary>Directory shown as /run/torchyard inside: the supervisor's socket is in it.</summary>
    public UntrustedDirectory RunDirectory => UntrustedDirectory.At(Files.Run);

    /// <summary>The container's own directory in the store, which no program inside sees.</summary>
    public string OwnDirectory => Files.Root;

    /// <summary>Directory shown as /var/log/torchyard inside, unless a mount covers it.</summary>
    public UntrustedDirectory ServiceLogDirectory =>
        UntrustedDirectory.At(
            record.Mounts.FirstOrDefault(m => m is { Target: EnvironmentPlaces.Logs, Kind: MountKind.Bind })?.Source ?? Files.ServiceLogs
        );

    /// <summary>Directory shown as /var/lib/torchyard inside; null when it has none of the machine.</summary>
    public UntrustedDirectory? ServiceState =>
        record.Mounts.FirstOrDefault(m => m is { Target: EnvironmentPlaces.State, Kind: MountKind.Bind })?.Source is { } source
            ? UntrustedDirectory.At(source)
            : null;

    /// <summary>Variables that its first program was started with, <c>NAME=value</c> each: they may hold secrets.</summary>
    public IReadOnlyList<string> StartVariables() => Torchyard.Containers.Oci.OciJson.Config.Read(Files.Config).Value?.Process.Env ?? [];

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

        ProgramSignal.Give(() => init, SignalNumbers.Parse(record.StopSignal) ?? SignalNumbers.Terminate);
        if (!await EndsWithinAsync(init, timeout ?? OwnTimeout, cancellation))
        {
            init.Signal(SignalNumbers.Kill);
        }

        await WaitForMonitorAsync(init, cancellation);
    }

    /// <summary>Changes what can be changed of its limits while it runs: memory, CPUs and processes.</summary>
    /// <param name="asked">All limits as they are to be; null members are the machine's.</param>
    /// <param name="bestEffort">A limit that the machine cannot enforce is taken down all the same.</param>
    /// <param name="cancellation">Ends the wait for another command that changes the container.</param>
    /// <returns>The container as it is now, and what became of each limit that differs.</returns>
    public async Task<(ContainerSession Session, IReadOnlyList<LimitOutcome> Outcomes)> SetLimitsAsync(
        ContainerLimits asked,
        bool bestEffort,
        CancellationToken cancellation
    )
    {
        var (changed, outcomes) = await new LimitUpdate(Files, MachineResources.Detect()).ApplyAsync(
            record,
            asked,
            bestEffort,
            cancellation
        );
        return (new ContainerSession(store, changed, self), outcomes);
    }

    /// <summary>Changes after how long without use its GPUs are given back; its monitor sees it at its next look.</summary>
    /// <param name="time">The time; zero: never.</param>
    /// <param name="labels">Its labels from now on.</param>
    /// <param name="cancellation">Ends the wait for another command that changes the container.</param>
    /// <returns>The container as it is now.</returns>
    public async Task<ContainerSession> SetIdleReleaseAsync(
        TimeSpan time,
        IReadOnlyDictionary<string, string> labels,
        CancellationToken cancellation
    )
    {
        using var alone = await FileLock.AcquireAsync(Files.Lock, exclusive: true, cancellation);
        var changed = Files.RequireRecord() with { IdleRelease = (long)time.TotalSeconds, Labels = labels };
        Files.Write(changed);
        Files.WriteCopy(changed);
        return new ContainerSession(store, changed, self);
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

    /// <summary>Refuses one that has ended.</summary>
    /// <exception cref="TorchyardException">TY4046: the container does not run.</exception>
    public void RequireRunning()
    {
        if (!IsRunning)
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
        RequireKnown();
        if (Files.ReadState()?.Init is not { IsAlive: true } init)
        {
            throw NotRunning();
        }

        CallerTerminal.Require(record.Interactive, record.Terminal);
        try
        {
            return await AttachClient.RunAsync(
                Files.AttachSocket,
                new AttachOptions
                {
                    Terminal = record.Terminal,
                    Input = record.Interactive,
                    Foreground = false,
                    Signal = number => ProgramSignal.Give(() => init, number),
                },
                cancellation
            );
        }
        catch (System.Net.Sockets.SocketException error)
        {
            throw new TorchyardException(
                "TY4047",
                $"container {record.Name} has no monitor to attach to: it runs in another terminal, or its monitor was killed",
                $"torchyard exec -it {record.Name} sh starts a shell in it",
                error
            );
        }
    }

    /// <summary>Runs another program in the container with the caller's standard streams.</summary>
    /// <returns>Its exit status; 126 and 127 as docker has them.</returns>
    /// <exception cref="TorchyardException">TY4046: the container does not run.</exception>
    public Task<int> ExecAsync(ExecRequest request, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        RequireKnown();
        CallerTerminal.Require(request.Interactive, request.Terminal);
        return Files.ReadState()?.Init is { IsAlive: true } init
            ? new ContainerExec(Files, record, init, self).RunAsync(request, cancellation)
            : throw NotRunning();
    }

    /// <summary>
    /// Starts another program in the container and leaves it to itself: neither the end of this program nor that of a terminal reaches it,
    /// and what it prints is kept.
    /// </summary>
    /// <returns>The program as it runs, or has ended already.</returns>
    /// <exception cref="TorchyardException">TY4046: the container does not run; TY4041 to TY4043: the program could not be
    /// started.</exception>
    public Task<ExecState> ExecDetachedAsync(ExecRequest request, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        RequireKnown();
        return Files.ReadState()?.Init is { IsAlive: true } init ? Detached.StartAsync(request, init, cancellation) : throw NotRunning();
    }

    /// <summary>The programs that were left to themselves, as far as they are kept, oldest first.</summary>
    public IReadOnlyList<ExecState> DetachedPrograms() => Detached.List();

    /// <summary>A program that was left to itself.</summary>
    /// <param name="number">Its number.</param>
    /// <exception cref="TorchyardException">TY4096: there is none of that number.</exception>
    public ExecState DetachedProgram(int number) => Detached.Find(number);

    /// <summary>What a program printed that was left to itself; see <see cref="LogAsync"/>.</summary>
    /// <exception cref="TorchyardException">TY4096: there is none of that number.</exception>
    public IAsyncEnumerable<LogEntry> DetachedLogAsync(
        int number,
        int? tail,
        DateTimeOffset? since,
        bool follow,
        CancellationToken cancellation
    ) => Detached.LogAsync(Detached.Find(number), tail, since, follow, cancellation);

    /// <summary>Sends a signal to a program that was left to itself.</summary>
    /// <exception cref="TorchyardException">TY4096: there is none of that number; TY4097: it has ended.</exception>
    public void SignalDetached(int number, int signal)
    {
        if (Detached.Find(number).Program?.Signal(signal) != true)
        {
            throw new TorchyardException(
                "TY4097",
                FormattableString.Invariant($"program {number} in {record.Name} has ended"),
                $"torchyard exec --list {record.Name} shows how"
            );
        }
    }

    /// <summary>Runs another program in the container and captures what it prints.</summary>
    /// <exception cref="TorchyardException">TY4046: the container does not run.</exception>
    public Task<Torchyard.Platform.Processes.CommandResult> CaptureAsync(ExecRequest request, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        RequireKnown();
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
        var cgroup = Torchyard.Containers.Cgroups.ContainerCgroup.Existing(record.Cgroups);
        return new ContainerUsage(cgroup.CurrentMemory(), cgroup.PeakMemory(), cgroup.CpuTime(), cgroup.CurrentProcesses());
    }

    /// <exception cref="TorchyardException">TY4080: how it was started is lost, so nothing more can be started in it.</exception>
    private void RequireKnown()
    {
        if (!record.IsKnown)
        {
            throw new TorchyardException(
                "TY4080",
                $"the record of container {record.Name} is lost, so nothing can be started in it or attached to it",
                $"torchyard logs {record.Name} shows what it printed; torchyard stop {record.Name} and torchyard rm {record.Name} end "
                    + "and remove it"
            );
        }
    }

    private bool IsWatched() => Files.ReadState() is { Status: not ContainerStatus.Exited } state && (state.Monitor?.IsAlive ?? false);

    // As docker has it: with -1 nothing is killed.
    private TimeSpan OwnTimeout => record.StopTimeout < 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(record.StopTimeout);

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

    private TorchyardException NotRunning() =>
        new(
            "TY4046",
            $"container {record.Name} is not running",
            $"start it again with 'torchyard start {record.Name}'; 'torchyard logs {record.Name}' shows what it printed"
        );
}

/// <summary>What a container uses now.</summary>
/// <param name="Memory">Bytes.</param>
/// <param name="PeakMemory">Bytes.</param>
/// <param name="CpuMicroseconds">CPU time since the start.</param>
/// <param name="Processes">Processes and threads.</param>
public sealed record ContainerUsage(long? Memory, long? PeakMemory, long? CpuMicroseconds, long? Processes);
