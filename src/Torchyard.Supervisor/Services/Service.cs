using Torchyard.Supervisor.Native;

namespace Torchyard.Supervisor.Services;

/// <summary>Where a service stands; the names in lower case are those of the control socket.</summary>
internal enum ServiceState
{
    /// <summary>Not wanted, or ended by itself with success.</summary>
    Stopped,

    /// <summary>Waits for the services that it starts after.</summary>
    Waiting,

    /// <summary>Runs, but has not shown that it works.</summary>
    Starting,

    /// <summary>Runs and works.</summary>
    Ready,

    /// <summary>Runs, but its checks fail.</summary>
    Unhealthy,

    /// <summary>Ended; is started again after a delay.</summary>
    BackOff,

    /// <summary>Was asked to stop and has not ended yet.</summary>
    Stopping,

    /// <summary>Given up.</summary>
    Failed,
}

/// <summary>What a service needs of its surroundings.</summary>
internal interface IServiceHost
{
    /// <summary>Starts the service's process and gives its id.</summary>
    /// <exception cref="ServiceStartException">It cannot be started.</exception>
    int Start(Service service);

    /// <summary>Sends a signal to the session of a service.</summary>
    void Signal(int process, int signal);

    /// <summary>Begins a check, which reports by <see cref="Service.Checked"/>.</summary>
    void Check(Service service);

    /// <summary>Says something about a service.</summary>
    void Report(Service service, string message);
}

/// <summary>A service cannot be started.</summary>
/// <param name="message">Why, and what would help.</param>
/// <param name="permanent">True when trying again cannot help.</param>
internal sealed class ServiceStartException(string message, bool permanent) : Exception(message)
{
    public bool IsPermanent { get; } = permanent;
}

/// <summary>One service and its life. Time is passed in, so that every path can be tested without waiting.</summary>
internal sealed class Service(ServiceDefinition definition, IServiceHost host)
{
    /// <summary>Time between checks until the first success.</summary>
    private static readonly TimeSpan FirstChecks = TimeSpan.FromMilliseconds(200);

    private readonly RestartDelay _delay = new(definition.FirstDelay, definition.LongestDelay);
    private TimeSpan _due;
    private bool _launched;
    private bool _checking;
    private bool _startAgain;
    private int _failures;

    public ServiceDefinition Definition { get; } = definition;

    public string Name => Definition.Name;

    public ServiceState State { get; private set; }

    /// <summary>Process id, 0 when none runs.</summary>
    public int Process { get; private set; }

    /// <summary>When the running process was started.</summary>
    public TimeSpan StartedAt { get; private set; }

    /// <summary>Starts after the first.</summary>
    public int Restarts { get; private set; }

    /// <summary>How its last process ended.</summary>
    public ExitStatus? LastExit { get; private set; }

    /// <summary>Why it is not ready, in words.</summary>
    public string? Message { get; private set; }

    /// <summary>The port that it listens on; differs from the definition's where that is 0 or a variable says so.</summary>
    public int? Port { get; set; }

    /// <summary>The address that it listens on.</summary>
    public string Listen { get; set; } = definition.Listen;

    /// <summary>True when it speaks TLS.</summary>
    public bool HasTls { get; set; }

    public bool HasEnded => State is ServiceState.Stopped or ServiceState.Failed;

    /// <summary>True while its process runs and no check says otherwise.</summary>
    public bool IsReady => State == ServiceState.Ready;

    /// <summary>When <see cref="Advance"/> has something to do next; null when only an event can change anything.</summary>
    public TimeSpan? Due =>
        State switch
        {
            ServiceState.BackOff or ServiceState.Stopping => _due,
            ServiceState.Starting
            or ServiceState.Ready
            or ServiceState.Unhealthy when !_checking && Definition.Ready.Kind != ProbeKind.None => _due,
            _ => null,
        };

    /// <summary>Asks it to run.</summary>
    public void Start(TimeSpan now)
    {
        if (State == ServiceState.Stopping)
        {
            _startAgain = true;
        }
        else if (HasEnded || State == ServiceState.BackOff)
        {
            _delay.Reset();
            State = ServiceState.Waiting;
            _due = now;
        }
    }

    /// <summary>Asks it to end: its stop signal, after its timeout SIGKILL.</summary>
    public void Stop(TimeSpan now)
    {
        _startAgain = false;
        if (State == ServiceState.Stopping)
        {
            return;
        }

        if (Process == 0)
        {
            State = State == ServiceState.Failed ? ServiceState.Failed : ServiceState.Stopped;
            return;
        }

        State = ServiceState.Stopping;
        _due = now + Definition.StopTimeout;
        host.Signal(Process, Definition.StopSignal);
    }

    /// <summary>Stops and starts it.</summary>
    public void Restart(TimeSpan now)
    {
        Stop(now);
        Start(now);
    }

    /// <summary>Does what time or the readiness of others asks for.</summary>
    public void Advance(TimeSpan now, bool othersAreReady)
    {
        switch (State)
        {
            case ServiceState.Waiting when othersAreReady:
            case ServiceState.BackOff when now >= _due:
                Launch(now);
                break;
            case ServiceState.Stopping when now >= _due:
                host.Report(this, $"did not stop within {Definition.StopTimeout.TotalSeconds} s, killing it");
                host.Signal(Process, Signals.Kill);
                _due = now + Definition.StopTimeout + TimeSpan.FromSeconds(1);
                break;
            case ServiceState.Starting when now - StartedAt >= Definition.Ready.ReadyTimeout:
                State = ServiceState.Unhealthy;
                Message = $"not ready after {Definition.Ready.ReadyTimeout.TotalSeconds} s";
                host.Report(this, Message);
                break;
            case ServiceState.Starting or ServiceState.Ready or ServiceState.Unhealthy when Due is { } due && now >= due:
                _checking = true;
                host.Check(this);
                break;
        }
    }

    /// <summary>A check that <see cref="IServiceHost.Check"/> began has ended.</summary>
    public void Checked(bool works, TimeSpan now)
    {
        _checking = false;
        if (State is not (ServiceState.Starting or ServiceState.Ready or ServiceState.Unhealthy))
        {
            return;
        }

        _due = now + (works || State == ServiceState.Ready ? Definition.Ready.Interval : FirstChecks);
        if (works)
        {
            if (State != ServiceState.Ready)
            {
                host.Report(this, $"ready after {(now - StartedAt).TotalSeconds:0.0} s");
            }

            State = ServiceState.Ready;
            Message = null;
            _failures = 0;
        }
        else if (State == ServiceState.Ready && ++_failures >= Definition.Ready.Failures)
        {
            State = ServiceState.Unhealthy;
            Message = $"{_failures} checks in a row failed";
            host.Report(this, Message);
        }
    }

    /// <summary>Its process has ended.</summary>
    public void Ended(ExitStatus status, TimeSpan now)
    {
        var ran = now - StartedAt;
        Process = 0;
        LastExit = status;
        if (State == ServiceState.Stopping)
        {
            State = ServiceState.Stopped;
            Message = null;
            if (_startAgain)
            {
                _startAgain = false;
                Start(now);
            }

            return;
        }

        var ended = $"ended with {status} after {ran.TotalSeconds:0.0} s";
        if (Definition.Restart == RestartPolicy.Never || (Definition.Restart == RestartPolicy.OnFailure && status.Code == 0))
        {
            State = status.Code == 0 ? ServiceState.Stopped : ServiceState.Failed;
            Message = ended;
            host.Report(this, ended);
            return;
        }

        TryAgain(ended, ran, now);
    }

    private void Launch(TimeSpan now)
    {
        if (_launched)
        {
            Restarts++;
        }

        _launched = true;
        StartedAt = now;
        _failures = 0;
        try
        {
            Process = host.Start(this);
            State = Definition.Ready.Kind == ProbeKind.None ? ServiceState.Ready : ServiceState.Starting;
            Message = null;
            _due = now;
        }
        catch (ServiceStartException e) when (e.IsPermanent)
        {
            State = ServiceState.Failed;
            Message = e.Message;
            host.Report(this, e.Message);
        }
        catch (ServiceStartException e)
        {
            TryAgain(e.Message, TimeSpan.Zero, now);
        }
    }

    private void TryAgain(string why, TimeSpan ran, TimeSpan now)
    {
        var delay = _delay.Next(ran);
        if (Definition.MaximumRestarts > 0 && _delay.Count > Definition.MaximumRestarts)
        {
            State = ServiceState.Failed;
            Message = $"{why}; given up after {Definition.MaximumRestarts} restarts";
        }
        else
        {
            State = ServiceState.BackOff;
            Message = $"{why}; starting again in {delay.TotalSeconds} s";
            _due = now + delay;
        }

        host.Report(this, Message);
    }
}
