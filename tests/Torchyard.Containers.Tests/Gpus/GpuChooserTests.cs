using Torchyard.Containers.Gpus;
using Torchyard.Machine.Gpus;
using Torchyard.Testing.Gpus;

namespace Torchyard.Containers.Tests.Gpus;

public sealed class GpuChooserTests
{
    [Fact]
    public void The_kernel_module_names_the_same_gpus_as_nvml()
    {
        var machine = RecordedMachine.H200;
        var known = KernelGpus.Read(machine.Files);
        Assert.NotNull(known);
        Assert.Equal(GpuChooser.Everything(machine.Gpus, machine.Files), GpuChooser.Everything(known, machine.Files));
        Assert.Equal("580.159.04", known.DriverVersion);
    }
}
