using Torchyard.Flows.Hosts;
using Torchyard.Flows.Tests.Hosts;
using Torchyard.Machine.Gpus;
using Torchyard.Testing.Gpus;

namespace Torchyard.Flows.Tests.Gpus;

/// <summary>A host on a machine with H200s, where this process and the users alice and bob are.</summary>
internal sealed class GpuHost : IDisposable
{
    public const uint Alice = 2001;
    public const uint Bob = 2002;

    private readonly FakeMachine _machine;

    private GpuHost(FakeMachine machine)
    {
        _machine = machine;
        Processes = new FakeProcesses(machine.Path(""));
        Processes.Up(36_000);
        Processes.AddUser(FakeProcesses.Me, "me");
        Processes.AddUser(Alice, "alice");
        Processes.AddUser(Bob, "bob");
        Processes.Add(System.Environment.ProcessId, start: 3_000_000);
        Host = new Host
        {
            Store = Test.Host.Store,
            Caller = Test.Host.Caller,
            Progress = Test.Progress,
            Dialogue = Test.Dialogue,
            Files = machine.Files,
            Runtime = Test.Host.Runtime,
            Supervisor = Test.Host.Supervisor,
        };
    }

    public TestHost Test { get; } = new();

    public Host Host { get; }

    public FakeProcesses Processes { get; }

    /// <summary>UUID of a GPU.</summary>
    public static string Gpu(int index) => FormattableString.Invariant($"GPU-00000000-0000-0000-0000-{index + 1:D12}");

    public static async Task<GpuHost> CreateAsync(int gpus, Func<GpuState, GpuState>? change = null) =>
        new(await FakeMachine.CreateAsync("NVIDIA H200", gpus, change));

    public void Dispose()
    {
        Test.Dispose();
        _machine.Dispose();
    }
}
