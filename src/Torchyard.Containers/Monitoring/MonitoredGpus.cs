using System.Text;
using Torchyard.Containers.Gpus;
using Torchyard.Containers.Idle;
using Torchyard.Containers.Logs;
using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Requests;
using Torchyard.Containers.Sessions;
using Torchyard.Containers.State;
using Torchyard.Machine.Files;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Processes;
using Torchyard.Platform.Text;

namespace Torchyard.Containers.Monitoring;

/// <summary>
/// The GPUs of a container that is watched: says to all users of the machine that it has them, and gives them back when they were idle.
/// </summary>
internal sealed class MonitoredGpus : IDisposable
{
    // A process for each terminal: one that is held (Ctrl-S) holds up nobody else.
    private const string TellTerminals =
        "for terminal in /dev/pts/[0-9]*; do [ ! -w \"$terminal\" ] || (printf '\\r\\n%s\\r\\n' \"$1\" >\"$terminal\" &) 2>/dev/null; done";

    private readonly ContainerDirectory _directory;
    private readonly ContainerRecord _record;
    private readonly SelfProgram _self;
    private readonly TimeProvider _clock;
    private readonly MonitoredState _state;
    private readonly LogWriter _log;
    private readonly PublishedClaim? _claim;
    private readonly CancellationTokenSource _stop = new();
    private Task _watching = Task.CompletedTask;

    public MonitoredGpus(
        ContainerDirectory directory,
        ContainerRecord record,
        MonitoredState state,
        LogWriter log,
        SelfProgram self,
        TimeProvider clock
    )
    {
        (_directory, _record, _self, _clock, _state, _log) = (directory, record, self, clock, state, log);
        // Before the program runs, so that at no moment nobody has them.
        _claim =
            record.Gpus.Count == 0
                ? null
                : new GpuClaims(new MachineFiles()).Publish(
                    ClaimNames.Shown(record.Name, Environment.GetEnvironmentVariable),
                    record.Id,
                    Uuids
                );
    }

    private string[] Uuids => [.. _record.Gpus.Select(gpu => gpu.Uuid)];

    /// <summary>Begins to watch them; the container runs.</summary>
    public void Watch()
    {
        if (_claim is not null)
        {
            _watching = WatchAsync();
        }
    }

    /// <summary>Ends the watching, and what is said of them. Whoever hears of the container's end may take them.</summary>
    public async Task EndAsync()
    {
        await _stop.CancelAsync();
        await _watching;
        _claim?.Dispose();
    }

    public void Dispose()
    {
        _claim?.Dispose();
        _stop.Dispose();
    }

    private async Task WatchAsync()
    {
        try
        {
            await Idle().RunAsync(_stop.Token);
        }
        catch (OperationCanceledException)
        {
            // The container has ended.
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or TorchyardException)
        {
            // What goes wrong here, such as a full disk, costs nobody the container.
            _log.Write("stderr", Encoding.UTF8.GetBytes($"torchyard: idle GPUs are not watched any more: {failure.Message}\n"));
        }
    }

    private IdleRelease Idle() =>
        new(
            Uuids,
            new IdleReleaseHandlers
            {
                Window = () => TimeSpan.FromSeconds(_directory.LoadRecord().Value?.IdleRelease ?? 0),
                Look = cancellation => GpuUseReader.AskAsync(_self, Uuids, cancellation),
                Tick = () => _claim?.Renew(),
                Warn = WarnAsync,
                TakeBack = TakeBackAsync,
                Release = ReleaseAsync,
            },
            _clock
        );

    private Task WarnAsync(TimeSpan window, TimeSpan left)
    {
        _state.Change(state => state with { IdleStop = (_clock.GetUtcNow() + left).ToUnixTimeMilliseconds() });
        return TellAsync(
            $"the GPUs of {_record.Name} are idle: it is stopped in {Duration.Of(left)}, after {Duration.Of(window)} without use, unless "
                + "they are used before; 'torchyard up --idle-release off' keeps it"
        );
    }

    private Task TakeBackAsync()
    {
        _state.Change(state => state with { IdleStop = 0 });
        return TellAsync($"{_record.Name} is not stopped: its GPUs are in use again, or may idle longer");
    }

    private async Task ReleaseAsync(TimeSpan window)
    {
        _state.Change(state => state with { IdleStop = 0, Stopped = $"its GPUs were idle for {Duration.Of(window)}" });
        await TellAsync($"{_record.Name} is stopped: its GPUs were idle for {Duration.Of(window)}; 'torchyard up' starts it again");
        if (_state.Now.Init is not { } init)
        {
            return;
        }

        ProgramSignal.Give(() => init, SignalNumbers.Parse(_record.StopSignal) ?? SignalNumbers.Terminate);
        // Ends early with the container.
        await Task.Delay(TimeSpan.FromSeconds(Math.Max(0, _record.StopTimeout)), _clock, _stop.Token);
        init.Signal(SignalNumbers.Kill);
    }

    /// <summary>Says it in the log, and on every terminal in the container: of exec, of ssh, of Jupyter, of tmux.</summary>
    private async Task TellAsync(string text)
    {
        _log.Write("stderr", Encoding.UTF8.GetBytes($"torchyard: {text}\n"));
        if (_state.Now.Init is not { IsAlive: true } init)
        {
            return;
        }

        try
        {
            await new ContainerExec(_directory, _record, init, _self).CaptureAsync(
                new ExecRequest
                {
                    Command = ["/bin/sh", "-c", TellTerminals, "sh", "torchyard: " + text],
                    WorkingDirectory = "/",
                    Bounds = ProgramBounds.Login,
                },
                _stop.Token
            );
        }
        catch (Exception failure) when (failure is TorchyardException or IOException or UnauthorizedAccessException)
        {
            // An image without a shell, or a container that is too busy: the log has it.
        }
    }
}
