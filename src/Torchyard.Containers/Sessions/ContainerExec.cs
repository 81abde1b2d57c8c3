using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using Torchyard.Containers.Launch;
using Torchyard.Containers.Machine;
using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Oci;
using Torchyard.Containers.Requests;
using Torchyard.Containers.Runtimes;
using Torchyard.Containers.State;
using Torchyard.Containers.Terminals;
using Torchyard.Platform.Processes;

namespace Torchyard.Containers.Sessions;

/// <summary>Runs a program in a running container through the runtime's <c>exec</c>, with the restrictions of the container itself.</summary>
internal sealed class ContainerExec(ContainerDirectory directory, ContainerRecord record, ProcessIdentity init, SelfProgram self)
{
    private const int StandardInput = 0;
    private const int StandardOutput = 1;

    /// <summary>Runs it with the caller's standard streams.</summary>
    public async Task<int> RunAsync(ExecRequest request, CancellationToken cancellation)
    {
        var files = Prepare(request);
        try
        {
            return request.Terminal
                ? await RunOnTerminalAsync(request, files, cancellation)
                : await RunOnStreamsAsync(request, files, cancellation);
        }
        finally
        {
            files.Delete();
        }
    }

    /// <summary>Runs it and captures what it prints.</summary>
    public async Task<CommandResult> CaptureAsync(ExecRequest request, CancellationToken cancellation)
    {
        var files = Prepare(request with { Terminal = false });
        try
        {
            using var process = Start(files, consoleSocket: null, start =>
            {
                start.RedirectStandardInput = true;
                start.RedirectStandardOutput = true;
                start.RedirectStandardError = true;
            });
            process.StandardInput.Close();
            await using var kill = cancellation.Register(() => Signal(files, SignalNumbers.Kill));
            var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
            var error = process.StandardError.ReadToEndAsync(CancellationToken.None);
            await process.WaitForExitAsync(CancellationToken.None);
            cancellation.ThrowIfCancellationRequested();
            return new CommandResult(Status(process, files), await output, await error);
        }
        finally
        {
            files.Delete();
        }
    }

    private async Task<int> RunOnStreamsAsync(ExecRequest request, ExecFiles files, CancellationToken cancellation)
    {
        using var process = Start(files, consoleSocket: null, start => start.RedirectStandardInput = !request.Interactive);
        if (!request.Interactive)
        {
            process.StandardInput.Close();
        }

        using var signals = new SignalForwarding().To(number => Signal(files, number));
        await process.WaitForExitAsync(cancellation);
        return Status(process, files);
    }

    private async Task<int> RunOnTerminalAsync(ExecRequest request, ExecFiles files, CancellationToken cancellation)
    {
        using var console = ConsoleSocket.Create();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var accept = console.AcceptAsync(stop.Token);
        using var process = Start(files, console.Path, start => start.RedirectStandardInput = true);
        process.StandardInput.Close();
        var ended = process.WaitForExitAsync(cancellation);
        if (await Task.WhenAny(accept, ended) == ended)
        {
            await stop.CancelAsync();
            return Status(process, files);
        }

        using var terminal = await accept;
        var descriptor = (int)terminal.DangerousGetHandle();
        using var raw = TerminalMode.MakeRaw(StandardInput);
        using var resize = PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => Resize());
        Resize();
        if (request.Interactive)
        {
            new Thread(() => Copy(StandardInput, descriptor)) { IsBackground = true, Name = "stdin" }.Start();
        }

        // Ends when the last program on the terminal has closed it.
        await Task.Factory.StartNew(
            () => Copy(descriptor, StandardOutput), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await ended;
        return Status(process, files);

        void Resize()
        {
            if (TerminalSize.Of(StandardInput) is { } size)
            {
                TerminalSize.Change(descriptor, size.Rows, size.Columns);
            }
        }
    }

    private static void Copy(int from, int to)
    {
        using var input = new FileStream(new SafeFileHandle(from, ownsHandle: false), FileAccess.Read, bufferSize: 0);
        using var output = new FileStream(new SafeFileHandle(to, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        var buffer = new byte[16 * 1024];
        try
        {
            int read;
            while ((read = input.Read(buffer)) > 0)
            {
                output.Write(buffer.AsSpan(0, read));
            }
        }
        catch (IOException)
        {
            // EIO: the other side of the terminal is closed.
        }
    }

    private ExecFiles Prepare(ExecRequest request)
    {
        var configuration = OciJson.ReadConfig(File.ReadAllBytes(directory.Config));
        var own = configuration.Process;
        var user = request.User is { } text ? ResolveUser(text) : own.User;
        var capabilities = user.Uid == own.User.Uid ? own.Capabilities
            : CapabilitiesConfig.Of(user.Uid == 0 ? [.. RuntimeDefaults.Capabilities.Where(c => c is not ("CAP_MKNOD" or "CAP_NET_RAW"))] : []);
        var files = new ExecFiles(Path.Combine(directory.Root, "exec-" + Guid.NewGuid().ToString("N")[..12]));
        RuntimeFile.Create(files.Pid);
        RuntimeFile.Create(files.Log);
        File.WriteAllBytes(files.Process, OciJson.Serialize(own with
        {
            Terminal = request.Terminal,
            User = user,
            Args = request.Command,
            Env = Merge(own.Env, request.Terminal ? ["TERM=xterm-256color", .. request.Environment] : request.Environment),
            Cwd = request.WorkingDirectory ?? own.Cwd,
            Capabilities = capabilities,
        }));
        return files;
    }

    private UserConfig ResolveUser(string text)
    {
        // The running container's own files: what it changed since its start counts, through its own root, links refused.
        var root = string.Create(CultureInfo.InvariantCulture, $"/proc/{init.Id}/root");
        return UserResolver.Resolve(text, [], LayerFile.ReadLines([root], "etc", "passwd"), LayerFile.ReadLines([root], "etc", "group")).ToConfig();
    }

    private Process Start(ExecFiles files, string? consoleSocket, Action<ProcessStartInfo> streams)
    {
        var command = ContainerProcess.CommandFor(directory, record);
        var start = command.Start(
            files.Log,
            ["exec", "--process", files.Process, "--pid-file", files.Pid,
                .. consoleSocket is null ? (string[])[] : ["--console-socket", consoleSocket, "--tty"], record.Id]);
        streams(start);
        var plan = new NamespacePlan
        {
            CgroupCover = command.Cover(CgroupLayout.Detect()),
            JoinCgroups = record.RuntimeCgroup ? [] : [.. record.Cgroups.Values.Distinct().Select(d => Path.Combine(d, "cgroup.procs"))],
        };
        return ContainerProcess.Launch(
            plan, start, directory, record, self, record.Rootless ? NamespaceLauncher.UserNamespaceOf(init.Id) : null);
    }

    private static void Signal(ExecFiles files, int number)
    {
        if (int.TryParse(File.ReadAllText(files.Pid).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var id))
        {
            ProcessIdentity.Of(id)?.Signal(number);
        }
    }

    private int Status(Process process, ExecFiles files) =>
        process.ExitCode != 0 && RuntimeLog.FirstError(files.Log) is { } message
            ? throw StartFailure.From(record with { Command = [CommandOf(files)] }, message)
            : process.ExitCode;

    private static string CommandOf(ExecFiles files)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(files.Process));
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
