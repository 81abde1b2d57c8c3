using Torchyard.Platform.Reporting;
using Torchyard.Reports.Tests.Overview;
using Torchyard.Reports.Verify;
using Torchyard.Testing.Gpus;

namespace Torchyard.Reports.Tests.Verify;

/// <summary>verify on a driver whose every call succeeds, and whose kernels run or do not.</summary>
public sealed class FakeComputeTests
{
    [Fact]
    public async Task A_gpu_that_computes_nothing_fails_every_product_and_gives_everything_back()
    {
        using var machine = await FakeMachine.CreateAsync("NVIDIA H100 80GB HBM3", 1);
        await machine.AddComputeLibrariesAsync();
        machine.StopKernels();
        var report = machine.Gpus.Verify(long.MaxValue, SilentProgress.Instance, TestContext.Current.CancellationToken);
        Assert.False(report.Verdict.Good);
        var products = report.Verify.Where(r => r.Area == "matrix").ToList();
        Assert.True(products.Count >= 8, string.Join(", ", report.Verify.Select(r => r.Name)));
        Assert.All(products, r => Assert.Equal(VerifyOutcome.Failed, r.Outcome));
        Assert.All(report.Verify.Where(r => r.Area == "copy"), r => Assert.Equal(VerifyOutcome.Passed, r.Outcome));
        // Nothing wrong was found, since nothing was looked at.
        var memory = Assert.Single(report.Verify, r => r.Area == "memory");
        Assert.Equal(VerifyOutcome.Failed, memory.Outcome);
        Assert.Matches("^zeros: 0 of [0-9]+ words were compared", memory.Detail);

        var calls = machine.Calls("libcuda");
        Assert.StartsWith("cuInit", calls[0], StringComparison.Ordinal);
        Assert.DoesNotContain(calls, c => c.Contains("without a context", StringComparison.Ordinal));
        foreach (
            var (make, drop) in ((string, string)[])
                [
                    ("cuMemAlloc_v2", "cuMemFree_v2"),
                    ("cuMemHostAlloc", "cuMemFreeHost"),
                    ("cuStreamCreate", "cuStreamDestroy_v2"),
                    ("cuEventCreate", "cuEventDestroy_v2"),
                    ("cuModuleLoadDataEx", "cuModuleUnload"),
                    ("cuDevicePrimaryCtxRetain", "cuDevicePrimaryCtxRelease_v2"),
                ]
        )
        {
            Assert.Equal(Count(calls, make), Count(calls, drop));
        }
    }

    [Fact]
    public async Task Two_gpus_whose_kernels_run_pass_memory_peers_and_collectives()
    {
        using var machine = await FakeMachine.CreateAsync("NVIDIA H100 80GB HBM3", 2);
        await machine.AddComputeLibrariesAsync();
        var report = machine.Gpus.Verify(64L << 20, SilentProgress.Instance, TestContext.Current.CancellationToken);
        Assert.Equal(2, report.Verify.Count(r => r is { Area: "memory", Outcome: VerifyOutcome.Passed }));
        Assert.Equal(2, report.Verify.Count(r => r is { Area: "peer", Outcome: VerifyOutcome.Passed }));
        Assert.Equal(
            ["all-reduce", "all-gather", "reduce-scatter", "broadcast", "send and receive"],
            report
                .Verify.Where(r =>
                    r is { Area: "nccl", Outcome: VerifyOutcome.Passed }
                    && r.Detail.EndsWith("2 GPUs, every element right", StringComparison.Ordinal)
                )
                .Select(r => r.Name)
        );
    }

    private static int Count(IReadOnlyList<string> calls, string name) => calls.Count(c => c.Split(' ')[0] == name);
}
