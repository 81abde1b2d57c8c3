using Torchyard.Fit.Data;
using Torchyard.Fit.Fleet;
using Torchyard.Machine.Files;
using Torchyard.Machine.Gpus;

namespace Torchyard.Fit.Tests.Fleet;

public sealed class MachineGpusTests : IDisposable
{
    private readonly TemporaryDirectory _root = new();

    public void Dispose() => _root.Dispose();

    [Fact]
    public void GPUs_are_found_before_any_driver_is_installed()
    {
        Pci("0000:3b:00.0", "0x10de", "0x2330", "0x030200");
        Pci("0000:19:00.0", "0x10de", "0x20b2", "0x030200");
        Pci("0000:00:02.0", "0x8086", "0x3e92", "0x030000");
        Pci("0000:c1:00.0", "0x10de", "0x22a3", "0x068000");
        Pci("0000:d1:00.0", "0x10de", "0xffff", "0x030200");
        var machine = Read();
        Assert.Null(machine.Driver);
        Assert.Equal(["A100 SXM4 80GB", "H100 SXM5 80GB"], machine.Gpus.Select(gpu => gpu.Name));
        Assert.Equal(["8.0", "9.0"], machine.Gpus.Select(gpu => gpu.Capability.ToString()));
        Assert.All(machine.Gpus, gpu => Assert.Equal(GpuClass.DataCentre, gpu.Class));
        Assert.Equal(["10de:ffff at 0000:d1:00.0"], machine.Unknown);
    }

    [Fact]
    public void The_driver_is_read_from_sysfs()
    {
        Write("sys/module/nvidia/version", "580.159.04\n");
        Write("proc/driver/nvidia/version", "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183.01  Sun May 12 19:39:15 UTC 2024\n");
        var machine = Read();
        Assert.Equal(("580.159.04", "/sys/module/nvidia/version"), (machine.Driver?.ToString(), machine.DriverOrigin));
    }

    // Lines of real machines: the proprietary module, the open one, an aarch64 one.
    [Theory]
    [InlineData(
        "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183.01  Sun May 12 19:39:15 UTC 2024\nGCC version:  gcc version 12.2.0 "
            + "(Debian 12.2.0-14)\n",
        "535.183.01"
    )]
    [InlineData(
        "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  Release Build  (dvs-builder@U22)\nGCC version:  gcc version "
            + "12.3.0\n",
        "580.95.05"
    )]
    [InlineData("NVRM version: NVIDIA UNIX Open Kernel Module for aarch64  570.124.06  Release Build\n", "570.124.06")]
    [InlineData(
        "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.159.04  Release Build  (nixbld@)  \nGCC version:  gcc version "
            + "15.3.0 (GCC) \n",
        "580.159.04"
    )]
    [InlineData("GCC version:  gcc version 12.2.0\n", null)]
    [InlineData("", null)]
    public void The_driver_is_read_from_proc(string text, string? version)
    {
        Write("proc/driver/nvidia/version", text);
        Assert.Equal(version, Read().Driver?.ToString());
    }

    [Fact]
    public void A_machine_without_sysfs_has_nothing() => Assert.Equal((null, 0), (Read().Driver, Read().Gpus.Count));

    [Fact]
    public void What_NVML_says_of_GPUs_counts_more()
    {
        Pci("0000:00:06.0", "0x10de", "0xffff", "0x030200");
        var nvml = new GpuSnapshot
        {
            Status = default,
            Gpus =
            [
                new GpuState
                {
                    Index = 0,
                    Name = "NVIDIA H200",
                    ComputeCapability = "9.0",
                    PciAddress = "0000:00:06.0",
                },
                new GpuState { Index = 1 },
            ],
            Library = "libnvidia-ml.so.1",
            DriverVersion = "580.159.04",
            CudaVersion = 13000,
        };
        var machine = MachineGpus.Read(new MachineFiles(_root.Path), nvml, FitTables.Default);
        Assert.Equal(("580.159.04", "NVML"), (machine.Driver?.ToString(), machine.DriverOrigin));
        Assert.Equal(new TargetGpu("NVIDIA H200", DottedVersion.Parse("9.0"), GpuClass.DataCentre, "tesla"), Assert.Single(machine.Gpus));
        Assert.Empty(machine.Unknown);
    }

    private MachineGpus Read() => MachineGpus.Read(new MachineFiles(_root.Path), GpuSnapshot.None, FitTables.Default);

    private void Pci(string address, string vendor, string device, string kind)
    {
        // As the kernel has it: the bus directory holds links into the device tree.
        var path = $"sys/devices/pci0000:00/{address}";
        Write($"{path}/vendor", vendor + "\n");
        Write($"{path}/device", device + "\n");
        Write($"{path}/class", kind + "\n");
        var bus = Directory.CreateDirectory(Path.Combine(_root.Path, "sys/bus/pci/devices")).FullName;
        Directory.CreateSymbolicLink(Path.Combine(bus, address), $"../../../devices/pci0000:00/{address}");
    }

    private void Write(string path, string text)
    {
        var file = Path.Combine(_root.Path, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }
}
