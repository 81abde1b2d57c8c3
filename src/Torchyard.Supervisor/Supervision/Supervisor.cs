using Torchyard.Supervisor.Control;
using Torchyard.Supervisor.Events;
using Torchyard.Supervisor.Logs;
using Torchyard.Supervisor.Native;
using Torchyard.Supervisor.Preparation;
using Torchyard.Supervisor.Services;

namespace Torchyard.Supervisor.Supervision;

/// <summary>
/// The first process of a container: starts the services and the command, reaps every process that ends, passes signals on, and stops
/// everything in order. One thread and one loop; the container's exit code is that of the command.
/// </summary>
internal sealed class Supervisor : IDisposable
{
    /// <summary>Time that processes left behind get between SIGTERM and the end.</summary>
    private static readonly TimeSpan LastGrace = TimeSpan.FromSeconds(3);

    private readonly TimeProvider _clock;
    private readonly long _origin;
    private readonly EventLoop _loop = new();
    private readonly Signals _signals = new();
    private readonly IReadOnlyDictionary<string, string> _environment;
    private readonly IReadOnlyList<string> _command;
    private readonly Places? _places;
    private readonly ServiceProcesses? _processes;
    private readonly List<Service> _services = [];
    private readonly ControlServer? _control;
    private readonly List<string> _warnings = [];
    private readonly Dictionary<string, byte[]> _unfinishedLines = new(StringComparer.Ordinal);
    private int _main;
    private bool _isStopping;
    private int _exitCode;

    /// <summary>Makes everything ready; nothing is started before <see cref="Run"/>.</summary>
    public Supervisor(
        TimeProvider clock,
        IReadOnlyDictionary<string, string> environment,
        IReadOnlyList<ServiceDefinition> services,
        IReadOnlyList<string> command
    )
    {
        _clock = clock;
        _origin = clock.GetTimestamp();
        _environment = environment;
        _command = command;
        _loop.Watch(_signals.Descriptor, Libc.PollIn, _ => HandleSignals());
        if (Libc.ProcessId() != 1)
        {
            _ = Libc.ProcessControl(Libc.SetChildSubreaper, 1, 0, 0, 0);
        }

        if (services.Count == 0)
        {
            return;
        }

        _places = Places.Find(environment);
        _warnings.AddRange(_places.Warnings);
        _processes = new ServiceProcesses(_loop, _places, environment, () => Now, Printed);
        _services.AddRange(services.Select(definition => new Service(definition, _processes)));
        try
        {
            if (_places.Run is { } run)
            {
                _control = new ControlServer(_loop, run + "/supervisor.sock", Answer);
            }
        }
        catch (PosixException e)
        {
            _warnings.Add(e.Message);
        }

        foreach (var warning in _warnings)
        {
            Journal.Say("warning: " + warning);
        }
    }

    private TimeSpan Now => _clock.GetElapsedTime(_origin);

    /// <summary>Runs until everything has ended; gives the exit code of the container.</summary>
    public int Run()
    {
        foreach (var service in _services)
        {
            service.Start(Now);
        }

        if (_command.Count > 0 && !StartCommand())
        {
            Stop(_exitCode);
        }

        while (true)
        {
            Advance();
            if (_isStopping && _services.All(service => service.Process == 0) && _main == 0)
            {
                break;
            }

            if (!_isStopping && _command.Count == 0 && _services.All(service => service.HasEnded))
            {
                var failed = _services.Where(service => service.State == ServiceState.Failed).ToList();
                Journal.Say(_services.Count == 0 ? "no command and no services: nothing to do" : "no service is left");
                Stop(failed.Count > 0 || _services.Count == 0 ? 1 : 0);
                continue;
            }

            _loop.Wait(TimeToNextDue());
            _processes?.EndSlowChecks();
        }

        StopOrphans();
        return _exitCode;
    }

    public void Dispose()
    {
        _control?.Dispose();
        if (_places?.Run is { } run && _control is not null)
        {
            Libc.Unlink(run + "/supervisor.sock");
        }

        _signals.Dispose();
    }

    private bool StartCommand()
    {
        try
        {
            var environment = ServiceEnvironment.For(_environment);
            // A terminal belongs to the command, so that Ctrl-C reaches it and not its supervisor.
            var hasTerminal = Libc.ForegroundGroup(0) is var foreground && foreground > 0 && foreground == Libc.ProcessGroup();
            _main = Spawn.Start(
                new SpawnRequest
                {
                    Command = _command,
                    Environment = ServiceEnvironment.Lines(environment),
                    ShareInput = true,
                    NewGroup = true,
                    TakeTerminal = hasTerminal,
                }
            );
            return true;
        }
        catch (PosixException e)
        {
            Journal.Say(e.Message);
            // As shells do: 127 not found, 126 cannot be executed.
            _exitCode = e.Error == Libc.ErrorNoEntry ? 127 : 126;
            return false;
        }
    }

    private void Advance()
    {
        // A change of one service can let another go on.
        for (var pass = 0; pass <= _services.Count; pass++)
        {
            foreach (var service in _services)
            {
                if (_isStopping)
                {
                    StopInOrder(service);
                }

                service.Advance(Now, OthersAreReady(service));
            }
        }
    }

    private bool OthersAreReady(Service service) =>
        !_isStopping && service.Definition.After.All(name => _services.First(other => other.Name == name).IsReady);

    private void StopInOrder(Service service)
    {
        var isNeeded = _services.Any(other => other.Process != 0 && other.Definition.After.Contains(service.Name));
        if (!isNeeded && (service.Process != 0 || !service.HasEnded))
        {
            service.Stop(Now);
        }
    }

    private TimeSpan? TimeToNextDue()
    {
        var due = _services.Select(service => service.Due).Append(_processes?.NextLimit).Min();
        return due is { } time ? (time > Now ? time - Now : TimeSpan.Zero) : null;
    }

    private void Stop(int exitCode)
    {
        if (_isStopping)
        {
            return;
        }

        _isStopping = true;
        _exitCode = exitCode;
    }

    private void HandleSignals()
    {
        foreach (var signal in _signals.Take())
        {
            switch (signal)
            {
                case Signals.Child:
                    Reap();
                    break;
                case Signals.Continue or Signals.BrokenPipe or Signals.TerminalStop or Signals.TerminalInput or Signals.TerminalOutput:
                    break;
                default:
                    // What the keyboard sends reaches a whole process group on a terminal (termios(3), ISIG). A shell waits for its program
                    // after SIGINT, so without that Ctrl-C would end neither.
                    if (_main != 0)
                    {
                        Libc.Kill(signal is Signals.Interrupt or Signals.Quit ? -_main : _main, signal);
                    }
                    else if (signal is Signals.Terminate or Signals.Interrupt or Signals.Quit)
                    {
                        Stop(0);
                    }

                    break;
            }
        }
    }

    private unsafe void Reap()
    {
        while (true)
        {
            int raw;
            var process = Libc.Wait(-1, &raw, Libc.WaitNoHang);
            if (process <= 0)
            {
                return;
            }

            var status = new ExitStatus(raw);
            if (process == _main)
            {
                _main = 0;
                Stop(status.Code);
            }
            else if (_services.Find(service => service.Process == process) is { } service)
            {
                _processes!.CleanUp(service, process);
                service.Ended(status, Now);
            }
        }
    }

    /// <summary>Ends what the command and the services left behind, as far as it is ours: all other processes of a container.</summary>
    private unsafe void StopOrphans()
    {
        if (Libc.ProcessId() != 1 || Libc.Kill(-1, Signals.Terminate) != 0)
        {
            return;
        }

        var until = Now + LastGrace;
        while (Now < until)
        {
            int raw;
            if (Libc.Wait(-1, &raw, Libc.WaitNoHang) < 0)
            {
                return;
            }

            _loop.Wait(TimeSpan.FromMilliseconds(20));
        }

        Libc.Kill(-1, Signals.Kill);
    }

    private void Answer(ControlConnection connection, ReadOnlyMemory<byte> line)
    {
        if (ControlRequest.Parse(line, out var error) is not { } request)
        {
            connection.Send(ControlReply.Refused(error));
            return;
        }

        if (request.Operation == "status")
        {
            connection.Send(
                ControlReply.Status(
                    new SupervisorStatus
                    {
                        Now = Now,
                        IsStopping = _isStopping,
                        MainProcess = _main,
                        Services = _services,
                        Warnings = _warnings,
                        LogPath = service => _processes!.LogPath(service),
                    }
                )
            );
            return;
        }

        var service = _services.Find(service => service.Name == request.Service);
        if (service is null)
        {
            connection.Send(
                ControlReply.Refused(
                    request.Operation is "start" or "stop" or "restart" or "logs"
                        ? $"no service '{request.Service}' was started; there are: "
                            + $"{string.Join(", ", _services.Select(known => known.Name))}"
                        : $"operation '{request.Operation}' is not known"
                )
            );
            return;
        }

        switch (request.Operation)
        {
            case "start" or "restart" when _isStopping:
                connection.Send(ControlReply.Refused("the container is stopping"));
                break;
            case "start":
                service.Start(Now);
                connection.Send(ControlReply.Done());
                break;
            case "stop":
                service.Stop(Now);
                connection.Send(ControlReply.Done());
                break;
            case "restart":
                service.Restart(Now);
                connection.Send(ControlReply.Done());
                break;
            case "logs":
                SendLog(connection, service, request);
                break;
            default:
                connection.Send(ControlReply.Refused($"operation '{request.Operation}' is not known"));
                break;
        }
    }

    private void SendLog(ControlConnection connection, Service service, ControlRequest request)
    {
        if (_processes!.LogPath(service) is not { } path)
        {
            connection.Send(ControlReply.Refused("there is no place for logs; the service writes to the container's standard output"));
            return;
        }

        connection.Send(ControlReply.Done());
        foreach (var line in RotatingLog.Tail(path, request.Lines, service.Definition.LogFiles))
        {
            connection.Send(ControlReply.LogLine(line));
        }

        if (request.Follow)
        {
            connection.Follows = service.Name;
        }
        else
        {
            connection.Send(ControlReply.End());
        }
    }

    private void Printed(Service service, ReadOnlyMemory<byte> bytes)
    {
        var followers = _control?.Connections.Where(connection => connection.Follows == service.Name).ToList();
        if (followers is null or { Count: 0 })
        {
            _unfinishedLines.Remove(service.Name);
            return;
        }

        var text = _unfinishedLines.GetValueOrDefault(service.Name, []).Concat(bytes.ToArray()).ToArray().AsSpan();
        int end;
        while ((end = text.IndexOf((byte)'\n')) >= 0)
        {
            var line = ControlReply.LogLine(text[..end]);
            foreach (var follower in followers)
            {
                follower.Send(line);
            }

            text = text[(end + 1)..];
        }

        // A line without an end is not kept for ever.
        _unfinishedLines[service.Name] = text.Length < 64 << 10 ? text.ToArray() : [];
    }
}
