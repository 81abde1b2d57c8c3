using System.Text.Json;
using Torchyard.Containers.Idle;
using Torchyard.Machine.Gpus;
using Torchyard.Machine.Nvml;

namespace Torchyard.Containers.Tests.Idle;

/// <summary>What a look at GPUs tells.</summary>
public sealed class GpuUseTests
{
    private static readonly string[] Both = ["GPU-aa", "GPU-bb"];

    [Fact]
    public void One_busy_GPU_of_an_environment_is_a_use() =>
        Assert.Equal(GpuActivity.Used, GpuUse.Between(null, Look(Gpu("GPU-aa", 0), Gpu("GPU-bb", 1)), Both));

    [Fact]
    public void GPUs_without_work_are_idle_also_when_a_program_keeps_their_memory()
    {
        var look = Look(Gpu("GPU-aa", 0, 40L << 30, 77), Gpu("GPU-bb", 0));

        Assert.Equal(GpuActivity.Idle, GpuUse.Between(null, look, Both));
        Assert.Equal(GpuActivity.Idle, GpuUse.Between(look, look, Both));
    }

    [Fact]
    public void What_a_use_between_two_looks_leaves_behind_counts()
    {
        var before = Look(Gpu("GPU-aa", 0, 1L << 30, 77), Gpu("GPU-bb", 0));

        Assert.Equal(GpuActivity.Used, GpuUse.Between(before, Look(Gpu("GPU-aa", 0, 2L << 30, 77), Gpu("GPU-bb", 0)), Both));
        Assert.Equal(GpuActivity.Used, GpuUse.Between(before, Look(Gpu("GPU-aa", 0, 1L << 30, 78), Gpu("GPU-bb", 0)), Both));
        Assert.Equal(GpuActivity.Used, GpuUse.Between(before, Look(Gpu("GPU-aa", 0, 1L << 30), Gpu("GPU-bb", 0)), Both));
        // The driver's own.
        Assert.Equal(GpuActivity.Idle, GpuUse.Between(before, Look(Gpu("GPU-aa", 0, (1L << 30) + 4096, 77), Gpu("GPU-bb", 0)), Both));
    }

    [Fact]
    public void No_answer_or_none_about_a_GPU_is_not_idleness()
    {
        Assert.Equal(GpuActivity.Unknown, GpuUse.Between(null, null, Both));
        Assert.Equal(GpuActivity.Unknown, GpuUse.Between(null, Look(Gpu("GPU-aa", 0)), Both));
        Assert.Equal(GpuActivity.Unknown, GpuUse.Between(null, Look(Gpu("GPU-aa", null), Gpu("GPU-bb", 0)), Both));
        Assert.Equal(GpuActivity.Unknown, GpuUse.Between(null, GpuUse.Of(GpuSnapshot.None, Both), Both));
    }

    [Fact]
    public void Use_of_a_MIG_device_is_not_known()
    {
        var cut = Gpu("GPU-aa", 0) with
        {
            MigEnabled = true,
            MigDevices =
            [
                new MigDevice
                {
                    Index = 0,
                    Uuid = "MIG-1",
                    GpuInstance = 1,
                    ComputeInstance = 0,
                },
            ],
        };

        Assert.Equal(GpuActivity.Unknown, GpuUse.Between(null, GpuUse.Of(Snapshot(cut), ["MIG-1"]), ["MIG-1"]));
    }

    [Fact]
    public void A_look_is_read_as_it_was_written()
    {
        var look = Look(Gpu("GPU-aa", 7, 1L << 30, 77), Gpu("GPU-bb", null));

        var again = JsonSerializer.Deserialize(JsonSerializer.Serialize(look, GpuUseJson.Default.GpuUse), GpuUseJson.Default.GpuUse)!;

        Assert.Equal(["GPU-aa", "GPU-bb"], again.Gpus.Select(gpu => gpu.Uuid));
        Assert.Equal((7, 1L << 30, 77), (again.Gpus[0].UtilisationPercent, again.Gpus[0].MemoryUsedBytes, again.Gpus[0].Processes![0]));
        Assert.Null(again.Gpus[1].UtilisationPercent);
    }

    private static GpuUse Look(params GpuState[] gpus) => GpuUse.Of(Snapshot(gpus), Both);

    private static GpuSnapshot Snapshot(params GpuState[] gpus) => new() { Status = NvmlReturn.Success, Gpus = gpus };

    private static GpuState Gpu(string uuid, int? percent, long memory = 0, params int[] processes) =>
        new()
        {
            Index = 0,
            Uuid = uuid,
            UtilisationPercent = percent,
            MemoryUsedBytes = memory,
            Processes = [.. processes.Select(id => new GpuProcess(id))],
        };
}
