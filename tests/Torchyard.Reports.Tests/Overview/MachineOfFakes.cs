using Torchyard.Reports.Overview;
using Torchyard.Testing.Gpus;

namespace Torchyard.Reports.Tests.Overview;

/// <summary>The door to a machine of fakes.</summary>
internal static class MachineOfFakes
{
    extension(FakeMachine machine)
    {
        public GpuMachine Gpus => new(machine.Files, machine.Environment.GetValueOrDefault, TimeProvider.System);
    }
}
