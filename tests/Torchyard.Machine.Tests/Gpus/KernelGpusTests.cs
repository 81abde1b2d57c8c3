using Torchyard.Machine.Files;
using Torchyard.Machine.Gpus;

namespace Torchyard.Machine.Tests.Gpus;

public sealed class KernelGpusTests
{
    [Fact]
    public void Gpus_are_counted_by_their_place_on_the_bus()
    {
        using var root = Machine(("0000:41:00.0", 1, Uuid(1)), ("0000:18:00.0", 3, Uuid(2)));
        var gpus = KernelGpus.Read(new MachineFiles(root.Path))!.Gpus;
        Assert.Equal([(0, 3, "0000:18:00.0"), (1, 1, "0000:41:00.0")], gpus.Select(g => (g.Index, g.Minor!.Value, g.PciAddress!)));
    }

    [Fact]
    public void What_only_nvml_knows_is_left_to_it()
    {
        using (var none = new TemporaryDirectory())
        {
            Assert.Null(KernelGpus.Read(new MachineFiles(none.Path)));
        }

        using (var hidden = Machine(("0000:18:00.0", 0, Uuid(1)), ("0000:41:00.0", 1, Uuid(2))))
        {
            File.Delete(hidden.File("/dev/nvidia1"));
            Assert.Null(KernelGpus.Read(new MachineFiles(hidden.Path)));
        }

        using (var mig = Machine(("0000:18:00.0", 0, Uuid(1))))
        {
            File.WriteAllText(mig.File("/proc/driver/nvidia/capabilities/gpu0/mig/gi1/access"), "DeviceFileMinor: 12\n");
            Assert.Null(KernelGpus.Read(new MachineFiles(mig.Path)));
        }

        using (var unused = Machine(("0000:18:00.0", 0, "GPU-????????-????-????-????-????????????")))
        {
            Assert.Null(KernelGpus.Read(new MachineFiles(unused.Path)));
        }
    }

    private static string Uuid(int number) => $"GPU-00000000-0000-0000-0000-{number:D12}";

    private static TemporaryDirectory Machine(params (string Address, int Minor, string Uuid)[] gpus)
    {
        var root = new TemporaryDirectory();
        foreach (var (address, minor, uuid) in gpus)
        {
            File.WriteAllText(
                root.File($"/proc/driver/nvidia/gpus/{address}/information"),
                $"Model: \t\t NVIDIA H100 80GB HBM3\nGPU UUID: \t {uuid}\nBus Location: \t {address}\nDevice Minor: \t {minor}\nGPU "
                    + $"Excluded:\t No\n"
            );
            File.WriteAllText(root.File($"/dev/nvidia{minor}"), $"c 195:{minor} 0666 0:0");
        }

        return root;
    }
}
