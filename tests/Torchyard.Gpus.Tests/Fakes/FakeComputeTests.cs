using Torchyard.Gpus.Verify;
using Torchyard.Platform;

namespace Torchyard.Gpus.Tests.Fakes;

/// <summary>verify and bench on a driver whose every call succeeds and whose kernels compute nothing.</summary>
public sealed class FakeComputeTests
{
    [Fact]
    public async Task A_gpu_that_computes_nothing_fails_every_product_and_gives_everything_back()
    {
        using var machine = await FakeMachine.CreateAsync("NVIDIA H100 80GB HBM3", 1);
        await machine.AddComputeLibrariesAsync();
        var report = machine.Gpus.Verify(long.MaxValue, SilentProgress.Instance, TestContext.Current.CancellationToken);
        Assert.False(report.Verdict.Good);
        var products = report.Verify.Where(r => r.Area == "matrix").ToList();
        Assert.True(products.Count >= 8, string.Join(", ", report.Verify.Select(r => r.Name)));
        Assert.All(products, r => Assert.Equal(VerifyOutcome.Failed, r.Outcome));
        Assert.All(report.Verify.Where(r => r.Area == "copy"), r => Assert.Equal(VerifyOutcome.Passed, r.Outcome));

        var calls = machine.Calls("libcuda");
        Assert.StartsWith("cuInit", calls[0], StringComparison.Ordinal);
        Assert.DoesNotContain(calls, c => c.Contains("without a context", StringComparison.Ordinal));
        foreach (var (make, drop) in ((string, string)[])[
            ("cuMemAlloc_v2", "cuMemFree_v2"), ("cuMemHostAlloc", "cuMemFreeHost"), ("cuStreamCreate", "cuStreamDestroy_v2"), ("cuEventCreate", "cuEventDestroy_v2"),
            ("cuModuleLoadDataEx", "cuModuleUnload"), ("cuDevicePrimaryCtxRetain", "cuDevicePrimaryCtxRelease_v2")])
            Assert.Equal(Count(calls, make), Count(calls, drop));
    }

    private static int Count(IReadOnlyList<string> calls, string name) => calls.Count(c => c.Split(' ')[0] == name);
}
