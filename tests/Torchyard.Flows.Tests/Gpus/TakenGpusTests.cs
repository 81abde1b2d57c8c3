using Torchyard.Containers.Gpus;
using Torchyard.Flows.Gpus;
using Torchyard.Platform.Errors;

namespace Torchyard.Flows.Tests.Gpus;

/// <summary>Free GPUs of a machine that several users share.</summary>
public sealed class TakenGpusTests
{
    private const long Start = 2_000_000;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_another_user_has_is_not_free_and_who_that_is_is_named()
    {
        using var machine = await GpuHost.CreateAsync(2);
        // A claim of the tests' own user, from another store: files of real other users need root.
        machine.Processes.Add(4242, Start);
        machine.Processes.Claim(4242, Start, [GpuHost.Gpu(0)], "vision");

        using (var taken = await TakeAsync(machine, "1"))
        {
            Assert.Equal([GpuHost.Gpu(1)], taken.Gpus.Select(gpu => gpu.Uuid));
            var claim = Assert.Single(new GpuClaims(machine.Host.Files).Held(), claim => claim.ProcessId == System.Environment.ProcessId);
            Assert.Equal(("work", GpuHost.Gpu(1)), (claim.Name, Assert.Single(claim.Gpus)));
        }

        Assert.Single(machine.Processes.Claims());
        var refused = await Assert.ThrowsAsync<TorchyardException>(() => TakeAsync(machine, "2"));
        Assert.Equal("TY5013", refused.Code);
        Assert.Contains("1 of 2 are free: GPU 0: environment vision of me", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_environment_whose_name_is_private_is_still_somebodys()
    {
        using var machine = await GpuHost.CreateAsync(1);
        machine.Processes.Add(4242, Start);
        machine.Processes.Claim(4242, Start, [GpuHost.Gpu(0)]);

        var refused = await Assert.ThrowsAsync<TorchyardException>(() => TakeAsync(machine, "1"));

        Assert.Contains("GPU 0: an environment of me", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_names_a_GPU_shares_it()
    {
        using var machine = await GpuHost.CreateAsync(1);
        machine.Processes.Add(4242, Start);
        machine.Processes.Claim(4242, Start, [GpuHost.Gpu(0)], "vision");

        using var taken = await TakeAsync(machine, "device=0");

        Assert.Single(taken.Gpus);
    }

    [Fact]
    public async Task A_user_keeps_names_private_with_a_variable()
    {
        using var machine = await GpuHost.CreateAsync(1);
        machine.Test.Variables[ClaimNames.Private] = "1";

        using var taken = await TakeAsync(machine, "1");

        Assert.Null(Assert.Single(new GpuClaims(machine.Host.Files).Held()).Name);
    }

    [Fact]
    public async Task A_GPU_that_another_user_has_taken_in_the_meantime_does_not_start_again()
    {
        using var machine = await GpuHost.CreateAsync(1);
        machine.Processes.Add(4242, Start);
        machine.Processes.Claim(4242, Start, ["GPU-aa"], "vision");
        var record = RegainedGpusTests.RecordOf("first");

        var refused = await Assert.ThrowsAsync<TorchyardException>(() => RegainedGpus.TakeAsync(machine.Host, record, Cancellation));

        Assert.Equal("GPU 0, which container first had, is in use by environment vision of me", refused.Message);
    }

    private static Task<TakenGpus> TakeAsync(GpuHost machine, string gpus) =>
        TakenGpus.TakeAsync(machine.Host, GpuRequest.ForContainer(GpuSelection.Parse(gpus), wait: false, "work"), Cancellation);
}
