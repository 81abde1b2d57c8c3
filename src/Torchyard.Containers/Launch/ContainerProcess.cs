using System.Diagnostics;
using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Runtimes;
using Torchyard.Containers.State;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Processes;

namespace Torchyard.Containers.Launch;

/// <summary>
/// The first process of a container, as a child of this process: <c>create</c> makes it wait inside, <c>start</c> lets it go.
/// This process becomes a subreaper, so the container's own exit status reaches it and no runtime stays resident.
/// </summary>
internal sealed class ContainerProcess : IDisposable
{
    private readonly ContainerDirectory _directory;
    private readonly ContainerRecord _record;
    private readonly RuntimeCommand _command;
    private readonly SelfProgram _self;
    private readonly UserNamespace? _userNamespace;
    private readonly NamespacePlan _plan;
    private bool _started;

    private ContainerProcess(
        ContainerDirectory directory,
        ContainerRecord record,
        SelfProgram self,
        UserNamespace? userNamespace,
        NamespacePlan plan
    )
    {
        _directory = directory;
        _record = record;
        _self = self;
        _userNamespace = userNamespace;
        _plan = plan;
        _command = CommandFor(directory, record);
    }

    /// <summary>The process, waiting until <see cref="StartAsync"/>.</summary>
    public required ProcessIdentity Init { get; init; }

    /// <summary>The pipes that were asked for; they belong to the program inside.</summary>
    public required Process Streams { get; init; }

    /// <summary>Runtime calls for a container.</summary>
    public static RuntimeCommand CommandFor(ContainerDirectory directory, ContainerRecord record) =>
        new(record.Runtime, directory.RuntimeState, record.RuntimeCgroup, record.Rootless);

    /// <summary>Makes the container up to the point where its program would start.</summary>
    /// <param name="directory">A prepared container directory.</param>
    /// <param name="self">This program.</param>
    /// <param name="streams">Redirections of standard input, output and error.</param>
    /// <param name="consoleSocket">Socket that takes the terminal, or null.</param>
    /// <param name="cancellation">Ends the preparation.</param>
    public static async Task<ContainerProcess> CreateAsync(
        ContainerDirectory directory,
        SelfProgram self,
        Action<ProcessStartInfo> streams,
        string? consoleSocket,
        CancellationToken cancellation
    )
    {
        var record = directory.RequireRecord();
        var plan = directory.ReadPlan();
        using var subreaper = Subreaper.Begin();
        Process? runtime = null;
        var userNamespace = record.Rootless
            ? await UserNamespace.CreateAsync(UserNamespace.CallerMapping(record.CallerInside), cancellation)
            : null;
        try
        {
            // Made here, because the runtime would make them as another of the caller's ids, unreadable for the caller.
            RuntimeFile.Create(directory.PidFile);
            RuntimeFile.Create(directory.RuntimeLog);
            var start = CommandFor(directory, record)
                .Start(
                    directory.RuntimeLog,
                    [
                        "create",
                        "--bundle",
                        directory.Root,
                        "--pid-file",
                        directory.PidFile,
                        .. consoleSocket is null ? (string[])[] : ["--console-socket", consoleSocket],
                        record.Id,
                    ]
                );
            streams(start);
            runtime = Launch(plan, start, directory, record, self, userNamespace?.Path);
            await HostProcess.WaitAsync(runtime, ProgramBounds.Answer, $"{record.Runtime.Name} create {record.Name}", cancellation);
            if (runtime.ExitCode != 0 || directory.ReadPidFile() is not { } init)
            {
                throw await FailureAsync(directory, record, runtime);
            }

            if (record.NewFilter is { } filter)
            {
                new FilterCache(directory.Store).Keep(filter, directory.RuntimeState, record.Id);
            }

            return new ContainerProcess(directory, record, self, userNamespace, plan) { Init = init, Streams = runtime };
        }
        catch
        {
            if (runtime is { HasExited: false })
            {
                HostProcess.Kill(runtime);
            }

            End(directory.ReadPidFile());
            runtime?.Dispose();
            userNamespace?.Dispose();
            throw;
        }
    }

    /// <summary>Lets the program start.</summary>
    /// <exception cref="TorchyardException">TY4041 to TY4043.</exception>
    public async Task StartAsync(CancellationToken cancellation)
    {
        if (_record.Runtime.Kind == OciRuntimeKind.Crun && ExecFifo.TryWrite(_directory.RuntimeState, _record.Id))
        {
            _started = true;
            return;
        }

        var start = _command.Start(_directory.RuntimeLog, "start", _record.Id);
        start.RedirectStandardError = true;
        var only = new NamespacePlan { CgroupCover = _plan.CgroupCover };
        using var runtime = Launch(only, start, _directory, _record, _self, _userNamespace?.Path);
        await HostProcess.WaitAsync(runtime, ProgramBounds.Answer, $"{_record.Runtime.Name} start {_record.Name}", cancellation);
        if (runtime.ExitCode != 0)
        {
            throw await FailureAsync(_directory, _record, runtime);
        }

        _started = true;
    }

    /// <summary>Waits on a thread of its own until the process has ended.</summary>
    /// <returns>Exit status, 128 + n for signal n; null when another process took it.</returns>
    public Task<int?> WaitAsync() => WaitAsync(Init.Id);

    /// <summary>Waits on a thread of its own until a child of this process has ended.</summary>
    /// <returns>Exit status, 128 + n for signal n; null when another process took it.</returns>
    public static Task<int?> WaitAsync(int processId)
    {
        var done = new TaskCompletionSource<int?>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() => done.SetResult(Reap(processId))) { IsBackground = true, Name = "container" }.Start();
        return done.Task;
    }

    /// <summary>A start of the runtime in the namespaces of a prepared container.</summary>
    public static Process Launch(
        NamespacePlan plan,
        ProcessStartInfo start,
        ContainerDirectory directory,
        ContainerRecord record,
        SelfProgram self,
        string? userNamespace
    ) =>
        userNamespace is null
            ? NamespaceLauncher.StartAsRoot(plan, start)
            : NamespaceLauncher.StartInUserNamespace(
                userNamespace,
                record.FullMapping,
                plan,
                directory.Plan + "." + Guid.NewGuid().ToString("N")[..8],
                start,
                self
            );

    /// <summary>
    /// Gives up a container whose program was not started: its first process, which waits for the start, would wait for ever.
    /// </summary>
    public void Dispose()
    {
        if (!_started)
        {
            End(Init);
        }

        _userNamespace?.Dispose();
        Streams.Dispose();
    }

    private static void End(ProcessIdentity? process)
    {
        // Not waited for by a thread of WaitAsync alone: cgroups and namespaces are free only when it is gone.
        if (process?.Signal(SignalNumbers.Kill) == true)
        {
            _ = Reap(process.Id);
        }
    }

    private static int? Reap(int processId)
    {
        while (true)
        {
            var result = ProcessCalls.Wait(processId, out var status, 0);
            if (result == processId)
            {
                return (status & 0x7F) == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F);
            }

            if (Errno.Last != Errno.Interrupted)
            {
                return null;
            }
        }
    }

    /// <summary>
    /// Turns what the runtime said into the exit statuses that docker has: 127 not found, 126 not executable, 125 the rest.
    /// </summary>
    private static async Task<TorchyardException> FailureAsync(ContainerDirectory directory, ContainerRecord record, Process runtime)
    {
        var text = RuntimeLog.FirstError(directory.RuntimeLog);
        if (text is null && runtime.StartInfo.RedirectStandardError)
        {
            text = (await HostProcess.RemainderAsync(runtime.StandardError)).Trim();
        }

        text = text is { Length: > 0 } ? text : "it ended without a word";
        return StartFailure.From(record, text);
    }
}
