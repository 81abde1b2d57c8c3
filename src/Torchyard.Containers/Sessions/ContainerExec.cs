using System.Diagnostics;
using System.Globalization;
using System.Text;
using Torchyard.Containers.Launch;
using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Oci;
using Torchyard.Containers.Requests;
using Torchyard.Containers.Runtimes;
using Torchyard.Containers.State;
using Torchyard.Containers.Terminals;
using Torchyard.Machine.Kernel;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Processes;
using Torchyard.Platform.Text;

namespace Torchyard.Containers.Sessions;

/// <summary>
/// Runs a program in a running container through the runtime's <c>exec</c>, with the restrictions of the container itself.
/// </summary>
internal sealed class ContainerExec(ContainerDirectory directory, ContainerRecord record, ProcessIdentity init, SelfProgram self)
{
    private static readonly TimeSpan TerminalPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan DetachedPoll = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan KillPatience = TimeSpan.FromSeconds(10);

    /// <summary>Runs it with the caller's standard streams. Ends with the program, whatever that left running behind.</summary>
    public async Task<int> RunAsync(ExecRequest request, CancellationToken cancellation)
    {
        using var signals = new SignalForwarding();
        var files = Prepare(request);
        try
        {
            return request.Terminal
                ? await RunOnTerminalAsync(request, files, signals, cancellation)
                : await RunOnStreamsAsync(request, files, signals, cancellation);
        }
        finally
        {
            files.Delete();
        }
    }

    /// <summary>Prepares a program that will be left to itself, so that what is wrong with it is told to who asked for it.</summary>
    /// <returns>What <see cref="RunDetachedAsync"/> takes, in another process of this program.</returns>
    public string PrepareDetached(ExecRequest request) => Prepare(request with { Interactive = false, Terminal = false }).Stem;

    /// <summary>Runs it without a caller.</summary>
    /// <param name="prepared">What <see cref="PrepareDetached"/> gave.</param>
    /// <param name="output">Takes its standard output.</param>
    /// <param name="error">Takes its standard error.</param>
    /// <param name="running">Told the process once the program runs; not at all when it has ended before it could be seen.</param>
    /// <returns>Its exit status.</returns>
    public async Task<int> RunDetachedAsync(string prepared, ProgramSink output, ProgramSink error, Action<ProcessIdentity> running)
    {
        var files = new ExecFiles(prepared);
        try
        {
            using var process = Start(files, console: null, ProgramRelay.Redirect);
            using var relay = ProgramRelay.To(process, output, error, () =>
                process.ExitCode != 0 && RuntimeLog.FirstError(files.Log) is not null
            );
            var ended = process.WaitForExitAsync();
            var seen = false;
            while (!seen && !ended.IsCompleted)
            {
                // The process is the runtime's own until it becomes the program.
                if (
                    ProcessId(files) is var id and > 0
                    && new FileInfo(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/exe")).LinkTarget is { } program
                    && !IsRuntime(program)
                    && ProcessIdentity.Of(id) is { } found
                )
                {
                    running(found);
                    seen = true;
                }

                await Task.WhenAny(ended, Task.Delay(DetachedPoll));
            }

            await ended;
            await relay.FinishAsync();
            return Status(process, files, relay.NotStarted);
        }
        finally
        {
            files.Delete();
        }
    }

    /// <summary>Runs it within its bounds and captures what it prints.</summary>
    /// <exception cref="TorchyardException">TY9027, TY9028: it reached its bounds.</exception>
    public async Task<CommandResult> CaptureAsync(ExecRequest request, CancellationToken cancellation)
    {
        var files = Prepare(request with { Terminal = false });
        try
        {
            var bounds = request.Bounds;
            using var process = Start(files, console: null, ProgramRelay.Redirect);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            // What a program inside prints is not to fill the memory of the machine's root.
            var overflowed = 0;
            using var output = new BoundedOutput(bounds.Output, Overflow);
            using var error = new BoundedOutput(bounds.Output, Overflow);
            using var relay = ProgramRelay.Into(process, output, error);
            stop.CancelAfter(bounds.Time);
            try
            {
                await process.WaitForExitAsync(stop.Token);
            }
            catch (OperationCanceledException)
            {
                await EndAsync(process, files);
            }

            await relay.FinishAsync();
            cancellation.ThrowIfCancellationRequested();
            if (stop.IsCancellationRequested)
            {
                var name = $"{request.Command[0]} in {record.Name}";
                throw Volatile.Read(ref overflowed) != 0 ? bounds.Overflowed(name) : bounds.Expired(name);
            }

            return new CommandResult(
                Status(process, files),
                Encoding.UTF8.GetString(output.ToArray()),
                Encoding.UTF8.GetString(error.ToArray())
            );

            void Overflow()
            {
                Volatile.Write(ref overflowed, 1);
                stop.Cancel();
            }
        }
        finally
        {
            files.Delete();
        }
    }

    private async Task<int> RunOnStreamsAsync(
        ExecRequest request,
        ExecFiles files,
        SignalForwarding signals,
        CancellationToken cancellation
    )
    {
        using var process = Start(files, console: null, ProgramRelay.Redirect);
        using var relay = ProgramRelay.WithCaller(process, request.Interactive, () =>
            process.ExitCode != 0 && RuntimeLog.FirstError(files.Log) is not null
        );
        using var departure = new Departure(terminal: false, number => Signal(files, number));
        signals.To(departure.Take);
        if (!await departure.EndsFirstAsync(process.WaitForExitAsync(cancellation)))
        {
            return departure.ExitStatus;
        }

        await relay.FinishAsync();
        return Status(process, files, relay.NotStarted);
    }

    private async Task<int> RunOnTerminalAsync(
        ExecRequest request,
        ExecFiles files,
        SignalForwarding signals,
        CancellationToken cancellation
    )
    {
        using var console = ConsoleSocket.Create();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var subreaper = IsDetached ? Subreaper.Begin() : null;
        var accept = console.AcceptAsync(stop.Token);
        using var process = Start(files, console, ProgramRelay.Redirect);
        process.StandardInput.Close();
        var ended = process.WaitForExitAsync(cancellation);
        // A runtime that ended well sent the terminal before that.
        if (
            await Task.WhenAny(accept, ended) == ended
            && process.ExitCode != 0
            && (IsDetached || RuntimeLog.FirstError(files.Log) is not null)
        )
        {
            await stop.CancelAsync();
            return Status(process, files);
        }

        if (await Task.WhenAny(accept, Task.Delay(TerminalPatience, cancellation)) == accept && accept.IsFaulted)
        {
            // The runtime ended before it sent a terminal: it has said why.
            await ended;
            _ = Status(process, files);
        }

        using var terminal = await accept.WaitAsync(TimeSpan.Zero, cancellation);
        var code = StatusAsync();
        using var departure = new Departure(terminal: true, number => Signal(files, number));
        signals.To(departure.Take);
        using var session = new TerminalSession((int)terminal.DangerousGetHandle(), request.Interactive, departure.HungUp);
        if (!await departure.EndsFirstAsync(code))
        {
            return departure.ExitStatus;
        }

        await session.FinishAsync();
        return await code ?? SelfVerbs.Failed;

        async Task<int?> StatusAsync()
        {
            await ended;
            var status = Status(process, files);
            return IsDetached && status == 0 ? await ContainerProcess.WaitAsync(ProcessId(files)) : status;
        }
    }

    /// <summary>runc takes a console socket only when it does not wait for the program itself; then this process does.</summary>
    private bool IsDetached => record.Runtime.Kind == OciRuntimeKind.Runc;

    private ExecFiles Prepare(ExecRequest request)
    {
        var configuration = OciJson.Config.Require(directory.Config);
        var own = configuration.Process;
        var user = request.User is { } text ? ResolveUser(text) : own.User;
        var capabilities =
            user.Uid == own.User.Uid
                ? own.Capabilities
                : CapabilitiesConfig.Of(user.Uid == 0 ? ConfigurationBuilder.RootCapabilities(record.Network, record.Mounts) : []);
        var files = new ExecFiles(Path.Combine(directory.Root, "exec-" + Guid.NewGuid().ToString("N")[..12]));
        var environment = Merge(own.Env, request.Terminal ? ["TERM=xterm-256color", .. request.Environment] : request.Environment);
        ProgramSize.Require(request.Command, environment, ResourceLimits.StackOfThisProcess());
        RuntimeFile.Create(files.Pid);
        RuntimeFile.Create(files.Log);
        File.WriteAllBytes(
            files.Process,
            OciJson.Serialize(
                own with
                {
                    Terminal = request.Terminal,
                    User = user,
                    Args = request.Command,
                    Env = environment,
                    Cwd = request.WorkingDirectory ?? own.Cwd,
                    Capabilities = capabilities,
                }
            )
        );
        return files;
    }

    private UserConfig ResolveUser(string text)
    {
        // The running container's own files: what it changed since its start counts, through its own root, links refused.
        using var root = ConfinedDirectory.OfProcess(init.Id);
        var accounts = root is null ? new ContainerAccounts([], []) : ContainerAccounts.OfProcess(root);
        return UserResolver.Resolve(text, [], accounts.Users, accounts.Groups).ToConfig();
    }

    private Process Start(ExecFiles files, ConsoleSocket? console, Action<ProcessStartInfo> streams)
    {
        AwaitProgram();
        var command = ContainerProcess.CommandFor(directory, record);
        var start = command.Start(
            files.Log,
            [
                "exec",
                "--process",
                files.Process,
                "--pid-file",
                files.Pid,
                .. console is null
                    ? (string[])[]
                    : ["--console-socket", console.Path, "--tty", .. IsDetached ? (string[])["--detach"] : []],
                record.Id,
            ]
        );
        streams(start);
        var plan = new NamespacePlan
        {
            CgroupCover = command.Cover(CgroupLayout.Detect()),
            HardLimits = record.Ids is null ? [] : ResourceLimits.ToRaise(OciJson.Config.Require(directory.Config).Process.Rlimits ?? []),
            JoinCgroups = record.RuntimeCgroup ? [] : [.. record.Cgroups.Values.Distinct().Select(d => Path.Combine(d, "cgroup.procs"))],
        };
        return ContainerProcess.Launch(
            plan,
            start,
            directory,
            record,
            self,
            record.Rootless ? NamespaceLauncher.UserNamespaceOf(init.Id) : null
        );
    }

    /// <summary>
    /// A container's first process is the runtime for a moment after it was let go, and as long as it is, the kernel lets nobody join it
    /// from inside its user namespace: crun then fails with "setns: Operation not permitted".
    /// </summary>
    private void AwaitProgram()
    {
        if (record.Ids is null)
        {
            return;
        }

        var link = string.Create(CultureInfo.InvariantCulture, $"/proc/{init.Id}/exe");
        SpinWait.SpinUntil(() => !IsRuntime(new FileInfo(link).LinkTarget), TimeSpan.FromSeconds(2));
    }

    // A runtime runs from a copy of itself in memory, which has no name in any mount namespace: "/".
    private static bool IsRuntime(string? program) => program is not null && (program == "/" || ProgramSignal.IsRuntime(program));

    /// <summary>Kills the program inside, with which the runtime ends; where that does not, it is killed too.</summary>
    private static async Task EndAsync(Process runtime, ExecFiles files)
    {
        Signal(files, SignalNumbers.Kill);
        using var patience = new CancellationTokenSource(KillPatience);
        try
        {
            await runtime.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            HostProcess.Kill(runtime);
        }
    }

    /// <summary>Signals the program, as soon as the runtime has written down which process it is.</summary>
    private static void Signal(ExecFiles files, int number) =>
        _ = Task.Run(async () =>
        {
            for (var i = 0; i < 250 && File.Exists(files.Pid); i++)
            {
                if (ProcessId(files) is var id and > 0)
                {
                    ProcessIdentity.Of(id)?.Signal(number);
                    return;
                }

                await Task.Delay(20);
            }
        });

    /// <summary>The program as the runtime wrote it down; 0 as long as it has not.</summary>
    private static int ProcessId(ExecFiles files)
    {
        try
        {
            return int.TryParse(File.ReadAllText(files.Pid).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0;
        }
        catch (FileNotFoundException)
        {
            return 0; // The program has ended.
        }
    }

    private int Status(Process process, ExecFiles files, string? said = null) =>
        process.ExitCode != 0 && (RuntimeLog.FirstError(files.Log) ?? said) is { } message
            ? throw StartFailure.From(record with { Command = [CommandOf(files)] }, message)
            : process.ExitCode;

    private static string CommandOf(ExecFiles files)
    {
        using var document = UnicodeJson.Parse(File.ReadAllBytes(files.Process));
        return document.RootElement.GetProperty("args")[0].GetString() ?? "";
    }

    private static List<string> Merge(IReadOnlyList<string> own, IReadOnlyList<string> more)
    {
        var names = more.Select(v => v.Split('=', 2)[0]).ToHashSet(StringComparer.Ordinal);
        return [.. own.Where(v => !names.Contains(v.Split('=', 2)[0])), .. more];
    }

    private sealed record ExecFiles(string Stem)
    {
        public string Process => Stem + ".json";

        public string Pid => Stem + ".pid";

        public string Log => Stem + ".log";

        public void Delete()
        {
            foreach (var file in new[] { Process, Pid, Log })
            {
                File.Delete(file);
            }
        }
    }
}
