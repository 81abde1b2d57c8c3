using Torchyard.Containers.Requests;
using Torchyard.Containers.State;
using Torchyard.Flows.Gpus;
using Torchyard.Flows.Tests.Hosts;
using Torchyard.Flows.Tests.Starting;
using Torchyard.Platform.Errors;

namespace Torchyard.Flows.Tests.Gpus;

/// <summary>The GPUs of a container that is started again.</summary>
public sealed class RegainedGpusTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_other_start_gets_them_until_the_first_is_over()
    {
        using var test = new TestHost();
        test.ShowThisProcess();
        var record = RecordOf("first");

        using (await RegainedGpus.TakeAsync(test.Host, record, Cancellation))
        {
            var refused = await Assert.ThrowsAsync<TorchyardException>(() =>
                RegainedGpus.TakeAsync(test.Host, record with { Name = "second" }, Cancellation)
            );
            Assert.Equal(RegainedGpus.InUse, refused.Code);
            Assert.Equal("GPU 0, which container second had, is in use by container first", refused.Message);
        }

        using var again = await RegainedGpus.TakeAsync(test.Host, record, Cancellation);
        Assert.NotNull(again);
    }

    [Fact]
    public async Task A_container_that_has_them_now_keeps_them()
    {
        using var test = new TestHost();
        test.ShowThisProcess();
        using var running = new RunningEnvironment(test, new Dictionary<string, string>(), [], [Gpu]);

        var refused = await Assert.ThrowsAsync<TorchyardException>(() =>
            RegainedGpus.TakeAsync(test.Host, running.Record with { Id = ContainerId.New(), Name = "ended" }, Cancellation)
        );

        Assert.Equal("GPU 0, which container ended had, is in use by container work", refused.Message);
    }

    [Fact]
    public async Task A_container_without_gpus_takes_none()
    {
        using var test = new TestHost();

        Assert.Null(await RegainedGpus.TakeAsync(test.Host, RecordOf("plain") with { Gpus = [] }, Cancellation));
    }

    private static GrantedGpu Gpu { get; } = new(0, "GPU-aa", "0", "NVIDIA H100 80GB HBM3");

    // Of a container that is gone: only its record counts.
    internal static ContainerRecord RecordOf(string name)
    {
        using var other = new TestHost();
        using var running = new RunningEnvironment(other, new Dictionary<string, string>(), [], [Gpu]);
        return running.Record with { Name = name };
    }
}
