using System.Diagnostics;
using Torchyard.Containers.Monitoring;
using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Sessions;
using Torchyard.Containers.State;
using Torchyard.Platform.Reporting;

namespace Torchyard.Containers.Starting;

/// <summary>Starts a container that was prepared, with a monitor that watches it.</summary>
/// <param name="store">Where it is kept.</param>
/// <param name="self">This program, which also is the monitor.</param>
/// <param name="progress">Gets notes and warnings.</param>
internal sealed class MonitoredStart(ContainerStore store, SelfProgram self, IProgressSink progress)
{
    private const int Killed = 128 + SignalNumbers.Kill;

    /// <summary>Starts it in the background.</summary>
    public Task WatchAsync(ContainerDirectory directory, ContainerRecord record, CancellationToken cancellation) =>
        StartAsync(directory, record, "detached", "running", cancellation);

    /// <summary>Starts it with the caller's standard streams as the program's.</summary>
    /// <returns>The program's exit status; 0 when the user detached.</returns>
    public async Task<int> RunAttachedAsync(
        ContainerDirectory directory,
        ContainerRecord record,
        SignalForwarding signals,
        CancellationToken cancellation
    )
    {
        await StartAsync(directory, record, "attach", "ready", cancellation);
        var result = await AttachClient.RunAsync(
            directory.AttachSocket,
            new AttachOptions
            {
                Terminal = record.Terminal,
                Input = record.Interactive,
                Foreground = true,
                Signal = number => ProgramSignal.Give(() => directory.ReadState()?.Init, number),
                Signals = signals,
            },
            cancellation
        );
        if (result.Left)
        {
            progress.Note($"{record.Name} runs on; torchyard stop {record.Name} ends it");
            return result.ExitCode ?? SelfVerbs.Failed;
        }

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

        return result.ExitCode ?? SelfVerbs.Failed;
    }

    /// <summary>Says which limits a program has run into.</summary>
    public void Report(ContainerRecord record, ContainerState state)
    {
        if (Outcome.OutOfMemoryText(record, state) is { } text)
        {
            progress.Warn(text);
        }

        if (Outcome.OutOfProcessesText(record, state) is { } refused)
        {
            progress.Warn(refused);
        }
    }

    /// <summary>
    /// Starts the process that watches the container. When that fails, nothing is left of a container that never ran; one that is started
    /// again stays, as it has what it wrote.
    /// </summary>
    private async Task StartAsync(
        ContainerDirectory directory,
        ContainerRecord record,
        string mode,
        string expected,
        CancellationToken cancellation
    )
    {
        Process? monitor = null;
        var report = Task.CompletedTask;
        try
        {
            monitor = MonitorReport.Start(self, SelfVerbs.Monitor, directory.Root, mode);
            report = MonitorReport.ReadAsync(monitor, expected);
            await report.WaitAsync(cancellation);
            cancellation.ThrowIfCancellationRequested();
        }
        catch
        {
            if (monitor is not null)
            {
                // Given up in the middle of the start, it still comes to the end of that, and cleans up once the program has ended.
                await report.ContinueWith(_ => { }, TaskScheduler.Default);
                (directory.ReadState()?.Init ?? directory.ReadAbandoned(store.Clock))?.Signal(SignalNumbers.Kill);
                await monitor.WaitForExitAsync(CancellationToken.None);
            }

            if (directory.ReadState() is not { Restarts: > 0 })
            {
                await store.RemoveDirectoryAsync(directory, record, CancellationToken.None);
            }

            throw;
        }
        finally
        {
            monitor?.Dispose();
        }
    }
}
