using Torchyard.Machine.Files;
using Torchyard.Machine.Gpus;
using Torchyard.Machine.Nvml;
using Torchyard.Testing.Files;

namespace Torchyard.Testing.Gpus;

/// <summary>
/// A whole machine: <c>/proc</c>, <c>/sys</c>, <c>/dev</c> as files, and the driver's libraries as fakes at the binary boundary. Data
/// sheets and the recorded H200 give the values; a test changes what it is about.
/// </summary>
public sealed class FakeMachine : IDisposable
{
    public const string Driver = "580.159.04";

    private readonly TemporaryDirectory _root = new();

    private FakeMachine(GpuSnapshot snapshot) => Snapshot = snapshot;

    /// <summary>What NVML is to say.</summary>
    public GpuSnapshot Snapshot { get; }

    public MachineFiles Files => new(_root.Path);

    public Dictionary<string, string> Environment { get; } = [];

    /// <summary>A machine with so many GPUs of a model.</summary>
    public static async Task<FakeMachine> CreateAsync(
        string model,
        int count,
        Func<GpuState, GpuState>? change = null,
        NvmlReturn status = NvmlReturn.Success,
        string library = Driver
    )
    {
        var gpus = Enumerable
            .Range(0, status == NvmlReturn.Success ? count : 0)
            .Select(i => Gpu(model, i))
            .Select(g => change?.Invoke(g) ?? g)
            .ToList();
        var machine = new FakeMachine(
            status == NvmlReturn.Success
                ? new GpuSnapshot
                {
                    Status = status,
                    Gpus = gpus,
                    Library = null,
                    DriverVersion = Driver,
                    CudaVersion = 13000,
                }
                : new GpuSnapshot { Status = status, Gpus = [] }
        );
        machine.WriteFiles(count, gpus);
        var libraries = "/usr/local/nvidia/lib64";
        await FakeLibrary.InstallAsync("nvml", machine.Path($"{libraries}/libnvidia-ml.so.{library}"));
        await FakeLibrary.InstallAsync("cuda", machine.Path($"{libraries}/libcuda.so.{library}"));
        machine.Write($"{libraries}/libnvidia-ptxjitcompiler.so.{library}", "");
        machine.Write($"{libraries}/libnvidia-nvvm.so.{library}", "");
        machine.Link($"{libraries}/libnvidia-ml.so.1", $"libnvidia-ml.so.{library}");
        machine.Link($"{libraries}/libcuda.so.1", $"libcuda.so.{library}");
        machine.Link($"{libraries}/libnvidia-ptxjitcompiler.so.1", $"libnvidia-ptxjitcompiler.so.{library}");
        machine.Link($"{libraries}/libnvidia-nvvm.so.4", $"libnvidia-nvvm.so.{library}");
        machine.Write($"{libraries}/libnvidia-ml.so.{library}.answers", NvmlAnswers.Of(machine.Snapshot));
        machine.Write($"{libraries}/libnvidia-ml.so.{library}.calls", "");
        machine.Write($"{libraries}/libcuda.so.{library}.answers", $"devices 0 {gpus.Count}\n");
        machine.Write($"{libraries}/libcuda.so.{library}.calls", "");
        return machine;
    }

    /// <summary>Adds the libraries of a CUDA wheel.</summary>
    public async Task AddComputeLibrariesAsync()
    {
        foreach (var (fake, file) in ((string, string)[])[("cublaslt", "cu13/lib/libcublasLt.so.13"), ("nccl", "nccl/lib/libnccl.so.2")])
        {
            var path = $"/opt/venv/lib/python3.12/site-packages/nvidia/{file}";
            await FakeLibrary.InstallAsync(fake, Path(path));
            Write(path + ".calls", "");
        }
    }

    /// <summary>NVML makes this node when it is started, as it does for root where one is missing.</summary>
    public void RemoveNodeUntilNvmlStarts(string path)
    {
        var text = File.ReadAllText(Path(path));
        Remove(path);
        File.AppendAllText(Path($"/usr/local/nvidia/lib64/libnvidia-ml.so.{Driver}.answers"), $"node 0 {Path(path)} {text}\n");
    }

    /// <summary>From now on every kernel is accepted, and none does anything.</summary>
    public void StopKernels() => File.AppendAllText(Path($"/usr/local/nvidia/lib64/libcuda.so.{Driver}.answers"), "kernels 0 0\n");

    /// <summary>Calls that a fake recorded, in order.</summary>
    public IReadOnlyList<string> Calls(string library) => File.ReadAllLines(Path($"/usr/local/nvidia/lib64/{library}.so.{Driver}.calls"));

    public string Path(string inside) => _root.File(inside);

    public void Write(string inside, string text) => File.WriteAllText(Path(inside), text);

    public void Remove(string inside) => File.Delete(Path(inside));

    public void Link(string inside, string target) => File.CreateSymbolicLink(Path(inside), target);

    public void Dispose() => _root.Dispose();

    private void WriteFiles(int count, List<GpuState> gpus)
    {
        Write(
            "/proc/driver/nvidia/version",
            $"NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  {Driver}  Release Build  (builder@)\nGCC version:  gcc version "
                + $"13.3.0\n"
        );
        Write(
            "/proc/devices",
            "Character devices:\n  1 mem\n195 nvidia\n195 nvidiactl\n238 nvidia-uvm\n241 nvidia-caps\n\nBlock devices:\n  7 loop\n"
        );
        Write("/proc/filesystems", "nodev\toverlay\n\terofs\n");
        Write("/proc/sys/kernel/osrelease", "6.8.0-60-generic\n");
        Write("/proc/sys/user/max_user_namespaces", "128000\n");
        Write("/proc/meminfo", "MemTotal:       2113929216 kB\n");
        Write("/sys/module/nvidia/version", Driver + "\n");
        Write("/sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids\n");
        Write("/dev/nvidiactl", "c 195:255 0666 0:0");
        Write("/dev/nvidia-uvm", "c 238:0 0666 0:0");
        Write("/dev/nvidia-uvm-tools", "c 238:1 0666 0:0");
        Write("/dev/shm/.keep", "");
        Write("/dev/shm.space", "540431955968 540431955968\n");
        Write("/dev/kmsg", "");
        for (var i = 0; i < count; i++)
        {
            var gpu = i < gpus.Count ? gpus[i] : Gpu("NVIDIA H100 80GB HBM3", i);
            var address = gpu.PciAddress ?? Address(i);
            Write(
                $"/proc/driver/nvidia/gpus/{address}/information",
                $"Model: \t\t {gpu.Name}\nGPU UUID: \t {gpu.Uuid}\nBus Location: \t {address}\nDevice Minor: \t {gpu.Minor ?? i}\nGPU "
                    + $"Excluded:\t No\n"
            );
            Write($"/dev/nvidia{gpu.Minor ?? i}", $"c 195:{gpu.Minor ?? i} 0666 0:0");
            Write($"/sys/bus/pci/devices/{address}/vendor", "0x10de\n");
            Write($"/sys/bus/pci/devices/{address}/class", "0x030200\n");
            Write($"/sys/bus/pci/devices/{address}/numa_node", $"{gpu.NumaNode ?? -1}\n");
            foreach (var mig in gpu.MigDevices)
            {
                Write($"/proc/driver/nvidia/capabilities/gpu{gpu.Minor}/mig/gi{mig.GpuInstance}/access", "");
                File.AppendAllText(
                    Path("/proc/driver/nvidia-caps/mig-minors"),
                    $"gpu{gpu.Minor}/gi{mig.GpuInstance}/access "
                        + $"{10 * mig.GpuInstance}\ngpu{gpu.Minor}/gi{mig.GpuInstance}/ci{mig.ComputeInstance}/access "
                        + $"{10 * mig.GpuInstance + 1}\n"
                );
                Write($"/dev/nvidia-caps/nvidia-cap{10 * mig.GpuInstance}", $"c 241:{10 * mig.GpuInstance} 0444 0:0");
                Write($"/dev/nvidia-caps/nvidia-cap{10 * mig.GpuInstance + 1}", $"c 241:{10 * mig.GpuInstance + 1} 0444 0:0");
            }
        }
    }

    private static string Address(int index) => $"0000:{0x10 + index:x2}:00.0";

    private static GpuState Gpu(string model, int index) =>
        new()
        {
            Index = index,
            Name = model,
            Uuid = $"GPU-00000000-0000-0000-0000-{index + 1:D12}",
            // Minors and indexes differ on many machines.
            Minor = index ^ 1,
            PciAddress = Address(index),
            ComputeCapability = model.Contains("A100", StringComparison.Ordinal) ? "8.0" : "9.0",
            MemoryTotalBytes = (model.Contains("H200", StringComparison.Ordinal) ? 141L : 80L) << 30,
            MemoryUsedBytes = 0,
            EccEnabled = true,
            EccPending = true,
            EccUncorrected = 0,
            EccCorrected = 3,
            EccUncorrectedLifetime = 0,
            RemappedRows = new RemappedRows(0, 0, Pending: false, Failed: false),
            SmClockMegahertz = 345,
            SmClockMaxMegahertz = 1980,
            MemoryClockMegahertz = 2619,
            MemoryClockMaxMegahertz = 2619,
            ClockReasons = 1,
            PowerWatts = 71.5,
            PowerLimitWatts = 700,
            PowerDefaultLimitWatts = 700,
            TemperatureCelsius = 31,
            UtilisationPercent = 0,
            PersistenceMode = true,
            ComputeMode = 0,
            MigEnabled = false,
            MigPending = false,
            PcieGeneration = 5,
            PcieGenerationMax = 5,
            PcieWidth = 16,
            PcieWidthMax = 16,
            PcieReplays = 0,
            NvLinks = model.Contains("A100", StringComparison.Ordinal) ? 12 : 18,
            NvLinksActive = model.Contains("A100", StringComparison.Ordinal) ? 12 : 18,
            NumaNode = index / 4,
            FabricState = model.Contains("A100", StringComparison.Ordinal) ? 0 : 3,
            FabricStatus = 0,
            Processes = [],
        };
}
