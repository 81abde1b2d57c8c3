using System.Globalization;
using Torchyard.Supervisor.Events;
using Torchyard.Supervisor.Logs;
using Torchyard.Supervisor.Native;
using Torchyard.Supervisor.Preparation;
using Torchyard.Supervisor.Probes;
using Torchyard.Supervisor.Services;

namespace Torchyard.Supervisor.Supervision;

/// <summary>Gives services real processes, logs and checks.</summary>
internal sealed class ServiceProcesses : IServiceHost
{
    private readonly EventLoop _loop;
    private readonly Places _places;
    private readonly IReadOnlyDictionary<string, string> _environment;
    private readonly Func<TimeSpan> _now;
    private readonly Action<Service, ReadOnlyMemory<byte>> _printed;
    private readonly JupyterPreparation _jupyter;
    private readonly SshPreparation _ssh;
    private readonly Dictionary<string, RotatingLog> _logs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, LogPipe> _pipes = new(StringComparer.Ordinal);
    private readonly Dictionary<Probe, TimeSpan> _probes = [];

    public ServiceProcesses(
        EventLoop loop,
        Places places,
        IReadOnlyDictionary<string, string> environment,
        Func<TimeSpan> now,
        Action<Service, ReadOnlyMemory<byte>> printed
    )
    {
        _loop = loop;
        _places = places;
        _environment = environment;
        _now = now;
        _printed = printed;
        _jupyter = new JupyterPreparation(places, environment);
        _ssh = new SshPreparation(places, environment);
    }

    /// <summary>The next time at which a check has taken too long.</summary>
    public TimeSpan? NextLimit => _probes.Count == 0 ? null : _probes.Values.Min();

    public string? LogPath(Service service) => _places.Log is { } directory ? $"{directory}/{service.Name}.log" : null;

    /// <inheritdoc />
    public int Start(Service service)
    {
        try
        {
            return Launch(service);
        }
        catch (PosixException e) when (e.Error == Libc.ErrorAddressInUse)
        {
            throw new ServiceStartException(
                $"{e.Message}; another program has the port, TORCHYARD_{service.Name.ToUpperInvariant()}_PORT chooses another",
                permanent: false
            );
        }
        catch (PosixException e)
        {
            throw new ServiceStartException(e.Message, e.Error is Libc.ErrorNoEntry or Libc.ErrorAccess);
        }
    }

    /// <inheritdoc />
    public void Signal(int process, int signal)
    {
        // Its session first; the process itself where it has left the group.
        if (Libc.Kill(-process, signal) != 0)
        {
            Libc.Kill(process, signal);
        }
    }

    /// <inheritdoc />
    public void Check(Service service)
    {
        Probe? probe = null;
        var isOver = false;
        probe = Probe.Begin(_loop, service, works =>
        {
            isOver = true;
            if (probe is not null)
            {
                _probes.Remove(probe);
            }

            service.Checked(works, _now());
        });
        if (probe is not null && !isOver)
        {
            _probes[probe] = _now() + Probe.Limit;
        }
    }

    /// <inheritdoc />
    public void Report(Service service, string message) => Journal.Say($"{service.Name}: {message}");

    /// <summary>Ends checks that take too long.</summary>
    public void EndSlowChecks()
    {
        var now = _now();
        foreach (var probe in _probes.Where(pair => now >= pair.Value).Select(pair => pair.Key).ToArray())
        {
            probe.Abandon();
        }
    }

    /// <summary>Writes out what an ended service printed last, and ends what is left of its session.</summary>
    public void CleanUp(Service service, int process)
    {
        Libc.Kill(-process, Signals.Kill);
        if (_pipes.Remove(service.Name, out var pipe))
        {
            pipe.Dispose();
        }
    }

    private int Launch(Service service)
    {
        var environment = ServiceEnvironment.For(_environment);
        if (PasswdLine.Find(Libc.UserId()) is { } account)
        {
            environment.TryAdd("HOME", account.Home);
            environment.TryAdd("USER", account.Name);
            environment.TryAdd("LOGNAME", account.Name);
        }

        var command = Command(service.Definition);
        if (service.Definition.Port is { } port)
        {
            service.Port = SocketAddress.FreePort(service.Listen, port);
        }

        switch (service.Definition.Kind)
        {
            case ServiceKind.Jupyter:
                _jupyter.Prepare(service, environment);
                break;
            case ServiceKind.Ssh:
                _ssh.Prepare(service, environment);
                break;
        }

        var values = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["run"] = _places.Run ?? "/run/torchyard",
            ["state"] = _places.State ?? "/var/lib/torchyard",
            ["listen"] = service.Listen,
            ["port"] = (service.Port ?? 0).ToString(CultureInfo.InvariantCulture),
        };
        foreach (var (name, value) in service.Definition.Environment)
        {
            environment[name] = ServiceEnvironment.Fill(value, values);
        }

        var pipe = OpenLog(service);
        try
        {
            return Spawn.Start(
                new SpawnRequest
                {
                    Command = [.. command.Select(argument => ServiceEnvironment.Fill(argument, values))],
                    Environment = ServiceEnvironment.Lines(environment),
                    Directory = service.Definition.Directory is { } directory && PosixFile.Exists(directory) ? directory : null,
                    Output = pipe?.Writing,
                    NewSession = true,
                }
            );
        }
        finally
        {
            pipe?.CloseWriting();
        }
    }

    private static IEnumerable<string> Command(ServiceDefinition definition)
    {
        if (definition.Programs.Count == 0)
        {
            return definition.Command;
        }

        var program = definition.Programs.FirstOrDefault(path => Libc.Access(path, Libc.AccessExecute) == 0)
            ?? throw new ServiceStartException(
                $"the image has none of {string.Join(", ", definition.Programs)}; add the package that brings it to the recipe",
                permanent: true
            );
        return definition.Command.Skip(1).Prepend(program);
    }

    private LogPipe? OpenLog(Service service)
    {
        if (LogPath(service) is not { } path)
        {
            return null;
        }

        if (!_logs.TryGetValue(service.Name, out var log))
        {
            _logs[service.Name] = log = new RotatingLog(path, service.Definition.LogBytes, service.Definition.LogFiles);
        }

        if (_pipes.Remove(service.Name, out var old))
        {
            old.Dispose();
        }

        return _pipes[service.Name] = new LogPipe(_loop, log, bytes => _printed(service, bytes));
    }
}
