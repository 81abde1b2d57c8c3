using Torchyard.Supervisor.Services;

namespace Torchyard.Supervisor.Tests.Services;

/// <summary>Services without processes: counts starts, notes signals, and lets the test say how things end.</summary>
internal sealed class FakeHost : IServiceHost
{
    private int _next = 100;

    public List<(int Process, int Signal)> Signals { get; } = [];

    public List<string> Reports { get; } = [];

    public int Checks { get; private set; }

    public int Starts { get; private set; }

    public ServiceStartException? Refuses { get; set; }

    public int Start(Service service)
    {
        Starts++;
        return Refuses is { } refusal ? throw refusal : _next++;
    }

    public void Signal(int process, int signal) => Signals.Add((process, signal));

    public void Check(Service service) => Checks++;

    public void Report(Service service, string message) => Reports.Add(message);
}
