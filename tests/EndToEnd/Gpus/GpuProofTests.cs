using Torchyard.EndToEnd.Program;

namespace Torchyard.EndToEnd.Gpus;

/// <summary>
/// The proof for a machine with GPUs (bench/gpu-proof), rehearsed without any, with the PyTorch of the preset <c>cpu</c>.
/// </summary>
[Collection(CpuImageTests.Name)]
public sealed class GpuProofTests(CpuImage image)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The proof on a GPU: its first run on one is not its first run.</summary>
    [Theory]
    [InlineData("crun", 1, "facts,record,doctor,root,up,everyday,start,sabotage")]
    [InlineData("runc", 1, "root")]
    [InlineData("crun", 2, "share,topology,links,ranks")]
    public async Task The_gpu_proof_runs_to_its_end_and_what_needs_no_gpu_passes(string runtime, int gpus, string steps)
    {
        FakeGpuMachine.Require(runtime);
        // The project of its step "up", in the same store: an image without PyTorch starts in a moment.
        var small = image.Store.NewProject(SmallImage.Name);
        if (!File.Exists(Path.Combine(small, "torchyard.lock")))
        {
            await PresetLayers.LinkAsync("minimal", image.Store, Cancellation);
            (await image.Store.RunAsync(small, ["init", "minimal"], Cancellation)).Succeeded();
            await image.Store.BuildAsync(small, Cancellation);
        }

        var result = await HostProgram.RunAsync(
            SourceTree.At("bench/gpu-proof/rehearse.sh"),
            [image.Store.Store, CpuImage.Name, "--torchyard", TestStore.Program, "--runtime", runtime, "--up", small, "--samples", "2048"],
            Cancellation,
            environment: new Dictionary<string, string>
            {
                ["REHEARSE_STEPS"] = steps,
                ["FAKE_GPUS"] = gpus.ToString(System.Globalization.CultureInfo.InvariantCulture),
                ["NCCL_NVLS_ENABLE"] = "0",
            }
        );

        Assert.True(result.ExitCode == 0, result.Transcript);
        Assert.Contains(" 0 unexpected failures", result.Output, StringComparison.Ordinal);
    }
}
