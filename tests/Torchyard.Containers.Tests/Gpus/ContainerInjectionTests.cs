using Torchyard.Containers.Gpus;
using Torchyard.Machine.Files;
using Torchyard.Machine.Gpus;
using Torchyard.Machine.Libraries;
using Torchyard.Platform.Errors;
using Torchyard.Testing.Gpus;

namespace Torchyard.Containers.Tests.Gpus;

public sealed class ContainerInjectionTests
{
    private static readonly RecordedMachine Machine = RecordedMachine.H200;

    [Fact]
    public void Nodes_have_the_numbers_of_this_boot()
    {
        var edits = Machine.Injection().Edits(GpuChooser.Everything(Machine.Gpus, Machine.Files));
        Assert.Equal(
            ["/dev/nvidiactl 195:255", "/dev/nvidia-uvm 238:0", "/dev/nvidia-uvm-tools 238:1", "/dev/nvidia0 195:0"],
            edits.Devices.Select(d => $"{d.Path} {d.Major}:{d.Minor}")
        );
        Assert.Empty(edits.AdditionalGids);
        Assert.Empty(edits.Notes);
    }

    [Fact]
    public void Every_library_of_the_loaded_version_is_there_under_its_sonames()
    {
        var edits = Machine.Injection().Edits([]);
        var listed = Machine
            .Files.List("/usr/local/nvidia/lib64")
            .Where(n => n.EndsWith(".so.580.159.04", StringComparison.Ordinal))
            .ToList();
        Assert.True(listed.Count > 20);
        var inside = edits.Mounts.Select(m => m.Path).ToHashSet();
        Assert.All(listed, n => Assert.Contains($"/usr/local/nvidia/lib64/{n}", inside));
        Assert.All(
            (string[])["libcuda.so", "libcuda.so.1", "libnvidia-ml.so.1", "libnvidia-ptxjitcompiler.so.1", "libnvidia-nvvm.so.4"],
            n => Assert.Contains($"/usr/local/nvidia/lib64/{n}", inside)
        );
        Assert.Contains("/usr/local/nvidia/bin/nvidia-smi", inside);
        Assert.Equal(inside.Count, edits.Mounts.Count);
    }

    [Fact]
    public void Libraries_of_another_version_are_an_error_that_says_so()
    {
        using var root = new TemporaryDirectory();
        File.WriteAllText(root.File("/usr/local/nvidia/lib64/libcuda.so.550.1"), "");
        var files = new MachineFiles(root.Path);
        var injection = new ContainerInjection(files, _ => null, new LibrarySearch(files, _ => null), "580.159.04");
        Assert.Equal("TY5015", Assert.Throws<TorchyardException>(() => injection.Edits([])).Code);
    }

    [Fact]
    public void A_missing_compiler_is_named_with_its_consequence()
    {
        using var root = new TemporaryDirectory();
        foreach (var name in (string[])["libcuda.so.580.1", "libnvidia-ml.so.580.1", "libnvidia-nvvm.so.580.1"])
        {
            File.WriteAllText(root.File("/usr/lib/x86_64-linux-gnu/" + name), "");
        }

        File.WriteAllText(root.File("/dev/nvidiactl"), "c 195:255 0666 0:0");
        File.WriteAllText(root.File("/dev/nvidia-uvm"), "c 511:0 0660 0:44");
        var files = new MachineFiles(root.Path);
        var edits = new ContainerInjection(files, _ => null, new LibrarySearch(files, _ => null), "580.1").Edits([]);
        Assert.Contains("libnvidia-ptxjitcompiler.so", Assert.Single(edits.Notes), StringComparison.Ordinal);
        Assert.Equal([44], edits.AdditionalGids);
    }

    [Fact]
    public void A_missing_node_of_a_chosen_gpu_is_an_error()
    {
        var gpu = new ChosenGpu
        {
            Index = 1,
            Minor = 7,
            Uuid = "GPU-7",
        };
        Assert.Equal("TY5010", Assert.Throws<TorchyardException>(() => Machine.Injection().Edits([gpu])).Code);
    }

    [Fact]
    public void A_mig_device_brings_its_parent_and_two_capabilities()
    {
        using var root = new TemporaryDirectory();
        foreach (
            var (path, node) in ((string, string)[])
                [
                    ("nvidiactl", "c 195:255"),
                    ("nvidia-uvm", "c 238:0"),
                    ("nvidia3", "c 195:3"),
                    ("nvidia-caps/nvidia-cap12", "c 241:12"),
                    ("nvidia-caps/nvidia-cap13", "c 241:13"),
                    ("nvidia-caps/nvidia-cap14", "c 241:14"),
                ]
        )
        {
            File.WriteAllText(root.File("/dev/" + path), node + " 0666 0:0");
        }

        File.WriteAllText(
            root.File("/proc/driver/nvidia-caps/mig-minors"),
            "config 1\ngpu3/gi1/access 12\ngpu3/gi1/ci0/access 13\ngpu3/gi2/access 14\n"
        );
        var devices = GpuDevices.For(
            new MachineFiles(root.Path),
            [
                new ChosenGpu
                {
                    Index = 0,
                    Minor = 3,
                    Uuid = "MIG-1",
                    Mig = new MigDevice
                    {
                        Index = 0,
                        Uuid = "MIG-1",
                        GpuInstance = 1,
                        ComputeInstance = 0,
                        Multiprocessors = 16,
                        MemoryBytes = null,
                    },
                },
            ]
        );
        Assert.Equal(
            ["/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/nvidia3", "/dev/nvidia-caps/nvidia-cap12", "/dev/nvidia-caps/nvidia-cap13"],
            devices.Select(d => d.Path)
        );
    }
}
