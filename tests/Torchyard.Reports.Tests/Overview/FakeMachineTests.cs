using System.Text.Json;
using Torchyard.Containers.Gpus;
using Torchyard.Fit.Data;
using Torchyard.Fit.Fleet;
using Torchyard.Machine.Gpus;
using Torchyard.Machine.Nvml;
using Torchyard.Platform.Errors;
using Torchyard.Reports.Doctor;
using Torchyard.Reports.Page;
using Torchyard.Testing.Gpus;

namespace Torchyard.Reports.Tests.Overview;

/// <summary>Machines of fakes through the whole path: loader, structures, calls, and what is made of the answers.</summary>
public sealed class FakeMachineTests
{
    private const string A100 = "NVIDIA A100-SXM4-80GB";
    private const string H100 = "NVIDIA H100 80GB HBM3";
    private const string H200 = "NVIDIA H200";

    [Theory]
    [InlineData(A100, 8)]
    [InlineData(H100, 8)]
    [InlineData(H200, 1)]
    public async Task Every_value_comes_back_through_the_binary_boundary(string model, int count)
    {
        using var machine = await FakeMachine.CreateAsync(model, count, g =>
            g with
            {
                Processes = [new GpuProcess(4242, 1L << 33), new GpuProcess(17, null)],
                RemappedRows = new RemappedRows(1, 2, Pending: true, Failed: false),
                PcieReplays = 4_000_000_000,
                ClockReasons = 0x8000_0000_0000_0001,
            }
        );
        var read = machine.Gpus.ReadGpus();
        Assert.Equal(Json(machine.Snapshot), Json(read with { Library = null }));
        Assert.EndsWith("/usr/local/nvidia/lib64/libnvidia-ml.so." + FakeMachine.Driver, read.Library, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nvml_is_started_first_shut_down_last_and_asked_with_the_right_sizes()
    {
        using var machine = await FakeMachine.CreateAsync(H100, 2);
        machine.Gpus.ReadGpus();
        var calls = machine.Calls("libnvidia-ml");
        Assert.Equal(("nvmlInit_v2", "nvmlShutdown"), (calls[0], calls[^1]));
        Assert.Single(calls, c => c == "nvmlInit_v2");
        Assert.DoesNotContain(calls, c => c.Contains("before nvmlInit", StringComparison.Ordinal));
        // NVML_STRUCT_VERSION: sizeof in the low 24 bits; nvmlMemory_v2_t has 40 bytes, nvmlGpuFabricInfo_v2_t 36.
        Assert.Contains("nvmlDeviceGetMemoryInfo_v2 version=0x2000028", calls);
        Assert.Contains("nvmlDeviceGetGpuFabricInfoV version=0x2000024", calls);
        // NVML_DEVICE_UUID_V2_BUFFER_SIZE and NVML_DEVICE_NAME_V2_BUFFER_SIZE are 96.
        Assert.All(
            calls.Where(c =>
                c.StartsWith("nvmlDeviceGetUUID", StringComparison.Ordinal) || c.StartsWith("nvmlDeviceGetName", StringComparison.Ordinal)
            ),
            c => Assert.True(int.Parse(c[(c.LastIndexOf('=') + 1)..], System.Globalization.CultureInfo.InvariantCulture) >= 96, c)
        );
    }

    [Theory]
    [InlineData(A100, 8)]
    [InlineData(H100, 8)]
    [InlineData(H200, 4)]
    public async Task A_good_machine_is_found_good(string model, int count)
    {
        using var machine = await FakeMachine.CreateAsync(model, count);
        var report = Examine(machine);
        Assert.DoesNotContain(report.Findings, f =>
            f.State is CheckState.Fail or CheckState.Warn && f.Area is "gpu" or "driver" or "nodes" or "fabric"
        );
        Assert.Contains(report.Findings, f => f.Id == "nodes.complete" && f.Text.StartsWith($"{count + 2} ", StringComparison.Ordinal));
        Assert.Equal(count, report.Findings.Count(f => f.Id == "gpu.health"));
    }

    public static TheoryData<string, string> Broken =>
        new()
        {
            { "row-pending", "gpu.rows-pending" },
            { "row-failed", "gpu.rows-failed" },
            { "ecc", "gpu.ecc-errors" },
            { "ecc-off", "gpu.ecc-off" },
            { "thermal", "gpu.throttled" },
            { "power", "gpu.power-limit" },
            { "lanes", "gpu.pcie-width" },
            { "nvlink", "gpu.nvlink" },
            { "lost", "gpu.fault" },
            { "reset", "gpu.fault" },
            { "exclusive", "gpu.exclusive" },
            { "mig-empty", "gpu.mig-empty" },
            { "busy", "gpu.busy" },
            { "fabric", "fabric.state" },
            { "no-node", "nodes.missing" },
            { "old-uvm", "nodes.numbers" },
            { "closed", "nodes.permission" },
            { "mismatch", "driver.mismatch" },
            { "nvml-mismatch", "driver.nvml" },
            { "no-jit", "driver.incomplete" },
            { "small-shm", "system.shm" },
            { "hidden", "environment.hidden" },
        };

    [Theory]
    [MemberData(nameof(Broken))]
    public async Task What_is_broken_is_found_with_its_cure(string what, string finding)
    {
        using var machine = await CreateBrokenAsync(what);
        var report = Examine(machine, what == "closed" ? 1000 : 0);
        var found = Assert.Single(report.Findings.Where(f => f.Id == finding).DistinctBy(f => f.Id));
        Assert.True(found.State is CheckState.Fail or CheckState.Warn, found.Text);
        Assert.False(string.IsNullOrEmpty(found.Why), found.Text);
        Assert.False(string.IsNullOrEmpty(found.Cure), found.Text);
    }

    [Theory]
    [InlineData("0660 0:44", "usermod -aG ")]
    [InlineData("0640 0:44", "chmod 666 /dev/nvidia0 ")]
    [InlineData("0600 0:0", "chmod 666 /dev/nvidia0 ")]
    [InlineData("0660 0:0", "chmod 666 /dev/nvidia0 ")]
    public async Task Nobody_is_told_to_join_a_group_that_may_not_open_the_node_or_is_roots(string mode, string cure)
    {
        using var machine = await FakeMachine.CreateAsync(H100, 2);
        machine.Write("/dev/nvidia0", "c 195:0 " + mode);

        Assert.StartsWith(
            cure,
            Assert.Single(Examine(machine, 1000).Findings, f => f.Id == "nodes.permission").Cure,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_node_that_nvml_itself_makes_is_still_a_finding()
    {
        using var machine = await FakeMachine.CreateAsync(H100, 2);
        machine.RemoveNodeUntilNvmlStarts("/dev/nvidia-uvm");
        var report = Examine(machine);
        // The library has made it meanwhile: only who looked before sees that it was missing.
        Assert.NotNull(machine.Files.Device("/dev/nvidia-uvm"));
        var found = Assert.Single(report.Findings, f => f.Area == "nodes");
        Assert.Equal(("nodes.missing", CheckState.Warn), (found.Id, found.State));
        Assert.Contains("/dev/nvidia-uvm did not exist", found.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cut_up_gpu_gives_its_mig_devices_with_their_capabilities_only()
    {
        using var machine = await FakeMachine.CreateAsync(A100, 2, g => g.Index == 0
                ? g with
                {
                    MigEnabled = true,
                    MigPending = true,
                    MigDevices =
                    [
                        new MigDevice
                        {
                            Index = 0,
                            Uuid = "MIG-00000000-0000-0000-0000-000000000001",
                            GpuInstance = 1,
                            ComputeInstance = 0,
                            Multiprocessors = 42,
                            MemoryBytes = 20L << 30,
                        },
                        new MigDevice
                        {
                            Index = 1,
                            Uuid = "MIG-00000000-0000-0000-0000-000000000002",
                            GpuInstance = 2,
                            ComputeInstance = 0,
                            Multiprocessors = 42,
                            MemoryBytes = 20L << 30,
                        },
                    ],
                }
                : g);
        var gpus = machine.Gpus;
        Assert.Equal(["GPU 0 MIG 0", "GPU 0 MIG 1", "GPU 1"], gpus.AllGpus().Select(g => g.Name));
        var chosen = gpus.Choose(GpuSelection.Parse("0:1"), []);
        var edits = gpus.Injection().Edits(chosen);
        Assert.Equal(
            [
                "/dev/nvidiactl",
                "/dev/nvidia-uvm",
                "/dev/nvidia-uvm-tools",
                "/dev/nvidia1",
                "/dev/nvidia-caps/nvidia-cap20",
                "/dev/nvidia-caps/nvidia-cap21",
            ],
            edits.Devices.Select(d => d.Path)
        );
        using var document = JsonDocument.Parse(CdiDocument.Write(gpus.AllGpus(), gpus.Injection().Edits));
        Assert.Equal(
            [
                "0:0",
                "MIG-00000000-0000-0000-0000-000000000001",
                "0:1",
                "MIG-00000000-0000-0000-0000-000000000002",
                "1",
                "GPU-00000000-0000-0000-0000-000000000002",
                "all",
            ],
            document.RootElement.GetProperty("devices").EnumerateArray().Select(d => d.GetProperty("name").GetString()!)
        );
    }

    [Fact]
    public async Task Free_gpus_of_eight_are_those_without_processes_and_holders()
    {
        using var machine = await FakeMachine.CreateAsync(H100, 8, g =>
            g.Index is 0 or 5 ? g with { Processes = [new GpuProcess(900 + g.Index, null)] } : g
        );
        var held = new GpuHolder("GPU-00000000-0000-0000-0000-000000000002", "container trainer");
        Assert.Equal([2, 3, 4], machine.Gpus.Choose(GpuSelection.Parse("3"), [held]).Select(g => g.Index));
        Assert.Equal([2, 3, 4, 6, 7], machine.Gpus.Choose(GpuSelection.AllFree, [held]).Select(g => g.Index));
        var error = Assert.Throws<TorchyardException>(() => machine.Gpus.Choose(GpuSelection.Parse("6"), [held]));
        Assert.Contains("container trainer", error.Message, StringComparison.Ordinal);
        Assert.Contains("905", error.Message, StringComparison.Ordinal);
        machine.Environment["CUDA_VISIBLE_DEVICES"] = "6,7";
        Assert.Equal([6, 7], machine.Gpus.Choose(GpuSelection.Parse("2"), [held]).Select(g => g.Index));
    }

    [Fact]
    public async Task All_gpus_are_chosen_without_starting_nvml_and_free_ones_with_few_questions()
    {
        using var machine = await FakeMachine.CreateAsync(H100, 8);
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7], machine.Gpus.Choose(GpuSelection.All, []).Select(g => g.Index));
        Assert.Empty(machine.Calls("libnvidia-ml"));
        machine.Gpus.Choose(GpuSelection.Parse("1"), []);
        Assert.DoesNotContain(machine.Calls("libnvidia-ml"), c =>
            c.StartsWith("nvmlDeviceGetNvLinkState", StringComparison.Ordinal)
            || c.StartsWith("nvmlDeviceGetTemperature", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Settings_follow_the_machine()
    {
        using var machine = await FakeMachine.CreateAsync(A100, 8);
        machine.Write("/sys/class/infiniband/mlx5_0/ports/1/state", "4: ACTIVE\n");
        machine.Write("/sys/class/infiniband/mlx5_1/ports/1/state", "1: DOWN\n");
        machine.Environment["NCCL_NVLS_ENABLE"] = "0";
        var settings = machine.Gpus.Tune(128, null).ToDictionary(s => s.Name, s => s.Value);
        Assert.Equal("16", settings["OMP_NUM_THREADS"]);
        Assert.Equal("mlx5_0", settings["NCCL_IB_HCA"]);
        Assert.Equal("0", settings["NCCL_NVLS_ENABLE"]);
        Assert.Equal("1", settings["TORCH_ALLOW_TF32_CUBLAS_OVERRIDE"]);
    }

    [Fact]
    public async Task The_fit_sees_driver_and_gpus()
    {
        using var machine = await FakeMachine.CreateAsync(A100, 4);
        var found = MachineGpus.Read(machine.Files, machine.Gpus.ReadGpus(), FitTables.Default);
        Assert.Equal(FakeMachine.Driver, found.Driver?.ToString());
        Assert.Equal(4, found.Gpus.Count);
        Assert.All(found.Gpus, g => Assert.Equal("8.0", g.Capability.ToString()));
    }

    private static DoctorReport Examine(FakeMachine machine, int uid = 0) => machine.Gpus.Examine(uid, [uid], "/var/lib/torchyard");

    private static string Json(GpuSnapshot snapshot) => JsonSerializer.Serialize(snapshot, GpuJson.Default.GpuSnapshot);

    private static async Task<FakeMachine> CreateBrokenAsync(string what)
    {
        Func<GpuState, GpuState> second(Func<GpuState, GpuState> change) => g => g.Index == 1 ? change(g) : g;
        var machine = what switch
        {
            "row-pending" => await FakeMachine.CreateAsync(
                A100,
                2,
                second(g => g with { RemappedRows = new RemappedRows(0, 1, Pending: true, Failed: false) })
            ),
            "row-failed" => await FakeMachine.CreateAsync(
                A100,
                2,
                second(g => g with { RemappedRows = new RemappedRows(0, 8, Pending: false, Failed: true) })
            ),
            "ecc" => await FakeMachine.CreateAsync(A100, 2, second(g => g with { EccUncorrected = 2 })),
            "ecc-off" => await FakeMachine.CreateAsync(A100, 2, second(g => g with { EccEnabled = false, EccPending = false })),
            "thermal" => await FakeMachine.CreateAsync(H100, 2, second(g => g with { ClockReasons = 0x40 })),
            "power" => await FakeMachine.CreateAsync(H100, 2, second(g => g with { PowerLimitWatts = 500 })),
            "lanes" => await FakeMachine.CreateAsync(H100, 2, second(g => g with { PcieWidth = 8 })),
            "nvlink" => await FakeMachine.CreateAsync(H100, 2, second(g => g with { NvLinksActive = 17 })),
            "lost" => await FakeMachine.CreateAsync(H100, 2, second(g => g with { Status = NvmlReturn.GpuIsLost })),
            "reset" => await FakeMachine.CreateAsync(H100, 2, second(g => g with { Faults = [NvmlReturn.ResetRequired] })),
            "exclusive" => await FakeMachine.CreateAsync(H100, 2, second(g => g with { ComputeMode = 3 })),
            "mig-empty" => await FakeMachine.CreateAsync(H100, 2, second(g => g with { MigEnabled = true, MigPending = true })),
            "busy" => await FakeMachine.CreateAsync(
                H100,
                2,
                second(g => g with { Processes = [new GpuProcess(77, 1L << 34)], MemoryUsedBytes = 1L << 34 })
            ),
            "fabric" => await FakeMachine.CreateAsync(H100, 8, g => g with { FabricState = 2 }),
            "mismatch" => await FakeMachine.CreateAsync(H100, 2, library: "570.133.20"),
            "nvml-mismatch" => await FakeMachine.CreateAsync(H100, 2, status: NvmlReturn.LibraryModuleMismatch),
            _ => await FakeMachine.CreateAsync(H100, 2),
        };
        switch (what)
        {
            case "no-node":
                machine.Remove("/dev/nvidia-uvm");
                break;
            case "old-uvm":
                machine.Write("/dev/nvidia-uvm", "c 511:0 0666 0:0");
                break;
            case "closed":
                machine.Write("/dev/nvidia0", "c 195:0 0660 0:44");
                break;
            case "no-jit":
                machine.Remove($"/usr/local/nvidia/lib64/libnvidia-ptxjitcompiler.so.{FakeMachine.Driver}");
                machine.Remove("/usr/local/nvidia/lib64/libnvidia-ptxjitcompiler.so.1");
                break;
            case "small-shm":
                machine.Write("/dev/shm.space", "67108864 67108864\n");
                break;
            case "hidden":
                machine.Environment["CUDA_VISIBLE_DEVICES"] = "";
                break;
        }

        return machine;
    }
}
