using System.Diagnostics;
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
using Torchyard.Images;
using Torchyard.Platform;

namespace Torchyard.Containers;

/// <summary>Starts containers.</summary>
/// <param name="store">Where they are kept.</param>
/// <param name="layers">Gives the layers of an image as directories.</param>
/// <param name="runtimes">Gives the OCI runtime.</param>
/// <param name="self">This program, which also is the monitor.</param>
/// <param name="progress">Gets warnings, such as a default limit that is not enforced.</param>
public sealed class ContainerLauncher(
    ContainerStore store, IMountedLayers layers, IOciRuntimeSource runtimes, SelfProgram self, IProgressSink progress)
{
    private const int Killed = 128 + SignalNumbers.Kill;

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
        using var monitor = StartMonitor(directory, "detached");
        await ReadReportAsync(monitor, "running", cancellation);
        return new ContainerSession(store, record, self);
    }

    /// <summary>
    /// Runs a container in the foreground: the caller's standard streams are the program's, signals are passed on.
    /// </summary>
    /// <returns>The program's exit status, 128 + n for signal n; 0 when the user detached.</returns>
    /// <exception cref="TorchyardException">TY40xx: it was refused, or could not start.</exception>
    public async Task<int> RunAsync(RunRequest request, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        var (directory, record) = await PrepareAsync(request, cancellation);
        // Nobody will ask for the log of a container that is gone, so the program can have the caller's streams themselves.
        return record is { Remove: true, Terminal: false, Network: not NetworkMode.Private }
            ? await RunDirectlyAsync(directory, record, cancellation)
            : await RunAttachedAsync(directory, record, cancellation);
    }

    /// <summary>The OCI configuration that a request would start with, as JSON; nothing is started and nothing stays.</summary>
    public async Task<string> DescribeAsync(RunRequest request, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        var (directory, record) = await PrepareAsync(request, cancellation);
        try
        {
            var configuration = OciJson.ReadConfig(await File.ReadAllBytesAsync(directory.Config, cancellation));
            return Encoding.UTF8.GetString(OciJson.Serialize(configuration with { Annotations = null }));
        }
        finally
        {
            await store.RemoveDirectoryAsync(directory, record, CancellationToken.None);
        }
    }

    private Task<(ContainerDirectory Directory, ContainerRecord Record)> PrepareAsync(RunRequest request, CancellationToken cancellation) =>
        new ContainerPreparation(store, layers, runtimes, progress).PrepareAsync(request, cancellation);

    private async Task<int> RunDirectlyAsync(ContainerDirectory directory, ContainerRecord record, CancellationToken cancellation)
    {
        var state = new ContainerState { Status = ContainerStatus.Created, Monitor = ProcessIdentity.Current };
        using var signals = new SignalForwarding();
        try
        {
            using var container = await ContainerProcess.CreateAsync(
                directory, self, start => start.RedirectStandardInput = !record.Interactive, consoleSocket: null, cancellation);
            if (!record.Interactive)
            {
                container.Streams.StandardInput.Close();
            }

            state = state with { Status = ContainerStatus.Running, Init = container.Init, Started = Now() };
            directory.Write(state);
            signals.To(number => container.Init.Signal(number));
            var exit = container.WaitAsync();
            await container.StartAsync(CancellationToken.None);
            var code = await exit;
            Report(record, Outcome.Of(record, state, code, Now()));
            return code ?? HiddenVerbs.Failed;
        }
        finally
        {
            await store.RemoveDirectoryAsync(directory, record, CancellationToken.None);
        }
    }

    private async Task<int> RunAttachedAsync(ContainerDirectory directory, ContainerRecord record, CancellationToken cancellation)
    {
        using var monitor = StartMonitor(directory, "attach");
        await ReadReportAsync(monitor, "ready", cancellation);
        var result = await AttachClient.RunAsync(
            directory.AttachSocket,
            new AttachOptions
            {
                Terminal = record.Terminal,
                Input = record.Interactive,
                Signal = record.Terminal ? null : number => directory.ReadState()?.Init?.Signal(number),
            },
            cancellation);
        if (result.Detached)
        {
            progress.Note($"detached; torchyard attach {record.Name} returns to it");
            return 0;
        }

        if (directory.ReadState() is { } state)
        {
            Report(record, state);
        }
        else if (result.ExitCode == Killed)
        {
            progress.Note($"{record.Name} was killed");
        }

        return result.ExitCode ?? HiddenVerbs.Failed;
    }

    private void Report(ContainerRecord record, ContainerState state)
    {
        if (Outcome.OutOfMemoryText(record, state) is { } text)
        {
            progress.Warn(text);
        }
    }

    private Process StartMonitor(ContainerDirectory directory, string mode)
    {
        var start = new ProcessStartInfo(self.Path, [HiddenVerbs.Monitor, directory.Root, mode])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        return Process.Start(start) ?? throw new InvalidOperationException("the monitor did not start");
    }

    private static async Task ReadReportAsync(Process monitor, string expected, CancellationToken cancellation)
    {
        var line = await monitor.StandardOutput.ReadLineAsync(cancellation);
        if (line == expected)
        {
            return;
        }

        if (line?.Split('\t') is ["failed", var code, var message, var cure])
        {
            throw new TorchyardException(code, message, cure);
        }

        var error = await monitor.StandardError.ReadToEndAsync(cancellation);
        throw new TorchyardException(
            "TY4045", $"the container's monitor ended before the program ran: {error.Trim().Split('\n')[^1]}", "run the command again with --verbose; torchyard doctor checks the machine");
    }

    private long Now() => store.Clock.GetUtcNow().ToUnixTimeMilliseconds();
}
