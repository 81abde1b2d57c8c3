using Torchyard.Containers.Gpus;
using Torchyard.Machine.Files;
using Torchyard.Machine.Gpus;
using Torchyard.Machine.Nvml;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;

namespace Torchyard.Containers.Tests.Gpus;

public sealed class GpuChoiceTests
{
    private static readonly MachineFiles NoFiles = new("/nonexistent-root");

    private static readonly GpuSnapshot Four = new()
    {
        Status = NvmlReturn.Success,
        Gpus =
        [
            new GpuState
            {
                Index = 0,
                Uuid = "GPU-aa",
                Minor = 2,
                Processes = [],
            },
            new GpuState
            {
                Index = 1,
                Uuid = "GPU-ab",
                Minor = 3,
                Processes = [new GpuProcess(77, null)],
            },
            new GpuState
            {
                Index = 2,
                Uuid = "GPU-cc",
                Minor = 0,
                Processes = [],
            },
            new GpuState
            {
                Index = 3,
                Uuid = "GPU-dd",
                Minor = 1,
                MigEnabled = true,
                MigDevices =
                [
                    new MigDevice
                    {
                        Index = 0,
                        Uuid = "MIG-1",
                        GpuInstance = 1,
                        ComputeInstance = 0,
                        Multiprocessors = 16,
                        MemoryBytes = null,
                    },
                    new MigDevice
                    {
                        Index = 1,
                        Uuid = "MIG-2",
                        GpuInstance = 2,
                        ComputeInstance = 0,
                        Multiprocessors = 16,
                        MemoryBytes = null,
                    },
                ],
            },
        ],
        DriverVersion = "580.1",
        CudaVersion = 13000,
    };

    [Theory]
    [InlineData("all", GpuSelectionKind.All, 0)]
    [InlineData("none", GpuSelectionKind.None, 0)]
    [InlineData("2", GpuSelectionKind.Count, 2)]
    [InlineData("0,2", GpuSelectionKind.Named, 2)]
    [InlineData("device=0", GpuSelectionKind.Named, 1)]
    [InlineData("3:1", GpuSelectionKind.Named, 1)]
    [InlineData("GPU-aa,MIG-1", GpuSelectionKind.Named, 2)]
    public void Forms_are_read(string text, GpuSelectionKind kind, int count)
    {
        var selection = GpuSelection.Parse(text);
        Assert.Equal((kind, count), (selection.Kind, selection.Count));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("0,0")]
    [InlineData("-1")]
    [InlineData("two")]
    [InlineData("GPU-../x")]
    [InlineData("1,")]
    public void Others_are_refused(string text) =>
        Assert.Equal("TY5011", Assert.Throws<TorchyardException>(() => GpuSelection.Parse(text)).Code);

    [Fact]
    public void Free_gpus_are_those_without_process_and_lease()
    {
        Assert.Equal([0, 2], Choose("2").Select(g => g.Index));
        Assert.Equal([2], Choose("1", held: [new("GPU-aa", "container x")]).Select(g => g.Index));
        var error = Assert.Throws<TorchyardException>(() => Choose("5", held: [new("GPU-aa", "container x")]));
        Assert.Equal("TY5013", error.Code);
        Assert.Contains("container x", error.Message, StringComparison.Ordinal);
        Assert.Contains("process 77", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_free_gpus_are_those_that_nobody_uses_and_none_is_an_error()
    {
        Assert.Equal(["GPU-aa", "GPU-cc", "MIG-1", "MIG-2"], Free([]).Select(g => g.Uuid));
        Assert.Equal(["GPU-cc", "MIG-2"], Free([new("GPU-aa", "container x"), new("MIG-1", "container y")]).Select(g => g.Uuid));
        var error = Assert.Throws<TorchyardException>(() => GpuChooser.Choose(Four, NoFiles, GpuSelection.AllFree, "1", []));
        Assert.Equal("TY5013", error.Code);
        Assert.Contains("process 77", error.Message, StringComparison.Ordinal);

        static IReadOnlyList<ChosenGpu> Free(IReadOnlyList<GpuHolder> held) =>
            GpuChooser.Choose(Four, NoFiles, GpuSelection.AllFree, null, held);
    }

    [Fact]
    public void Minors_are_those_of_the_driver_and_mig_stands_for_its_gpu()
    {
        Assert.Equal([2, 3, 0, 1, 1], Choose("all").Select(g => g.Minor));
        Assert.Equal("MIG-2", Assert.Single(Choose("3:1")).Uuid);
    }

    [Fact]
    public void A_jobs_own_gpus_are_all_there_is()
    {
        Assert.Equal([2, 1], Choose("all", "2,GPU-ab").Select(g => g.Index));
        Assert.Equal("TY5012", Assert.Throws<TorchyardException>(() => Choose("device=0", "2")).Code);
        // CUDA stops reading at the first name that it does not know.
        Assert.Equal([2], Choose("all", "2,9,0").Select(g => g.Index));
    }

    [Fact]
    public void Leases_end_with_their_process()
    {
        using var work = new TemporaryDirectory();
        var leases = new GpuLeases(new StorePaths(work.Path), new MachineFiles());
        string[] gpu = ["GPU-aa"];
        leases.Take(gpu, "this test", Environment.ProcessId);
        Assert.Equal([new GpuHolder("GPU-aa", "this test")], leases.Held());
        // Shared with a process that is gone: only its own lease goes.
        leases.Take(gpu, "nobody", int.MaxValue - 1);
        Assert.Equal([new GpuHolder("GPU-aa", "this test")], leases.Held());
        leases.Release(gpu, int.MaxValue - 1);
        Assert.Equal([new GpuHolder("GPU-aa", "this test")], leases.Held());
        leases.Release(gpu, Environment.ProcessId);
        Assert.Empty(leases.Held());
    }

    private static IReadOnlyList<ChosenGpu> Choose(string text, string? visible = null, IReadOnlyList<GpuHolder>? held = null) =>
        GpuChooser.Choose(Four, NoFiles, GpuSelection.Parse(text), visible, held ?? []);
}
