using Torchyard.EndToEnd.Program;
using Torchyard.EndToEnd.Trees;

namespace Torchyard.EndToEnd.Peers;

/// <summary>Images, read by other people's tools.</summary>
[Collection(SmallImageTests.Name)]
public sealed class PeerTests(SmallImage small)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Skopeo_copies_it_and_every_digest_is_right()
    {
        var copy = small.Store.NewProject("skopeo");

        // skopeo recomputes the digest of everything that it copies.
        (await RunAsync("skopeo", "copy", $"oci:{small.Store.Store}/oci:{SmallImage.Name}:latest", $"oci:{copy}:copy")).Succeeded();

        var raw = await RunAsync("skopeo", "inspect", "--raw", $"oci:{copy}:copy");
        var sum = await HostProgram.RunAsync("sha256sum", [], Cancellation, input: raw.Succeeded().Output);
        Assert.StartsWith(small.Digest["sha256:".Length..], sum.Output, StringComparison.Ordinal);
        Directory.Delete(copy, recursive: true);
    }

    [Fact]
    public Task Umoci_unpacks_it_to_the_tree_that_containers_see_and_oci_image_tool_finds_it_valid() =>
        UnpackAsync(small, SmallImage.Name, 5_000);

    [Fact]
    public async Task So_they_do_with_the_preset_cpu()
    {
        Assert.SkipWhen(
            System.Environment.GetEnvironmentVariable("TORCHYARD_TEST_LONG") is not { Length: > 0 },
            "takes minutes; TORCHYARD_TEST_LONG=1 runs it"
        );
        await using var cpu = new CpuImage();
        await cpu.InitializeAsync();

        await UnpackAsync(cpu, CpuImage.Name, 40_000);
    }

    private static async Task UnpackAsync(PresetImage image, string name, int entries)
    {
        Requires.Root("owners of files and overlayfs need root");
        HostProgram.Require("umoci");
        var gzip = image.Store.NewProject("gzip");
        var bundle = Path.Combine(image.Store.Root, "bundle");
        // Both tools are older than layers in zstd.
        (
            await RunAsync(
                "skopeo",
                "copy",
                "--dest-compress-format",
                "gzip",
                $"oci:{image.Store.Store}/oci:{name}:latest",
                $"oci:{gzip}:image"
            )
        ).Succeeded();

        (await RunAsync("umoci", "unpack", "--image", gzip + ":image", bundle)).Succeeded();

        using (var mounted = MountedImage.Mount(image.Store, image.Digest))
        {
            var ours = await FileTree.ReadAsync(mounted.Root, Cancellation);
            var theirs = await FileTree.ReadAsync(Path.Combine(bundle, "rootfs"), Cancellation);
            Assert.True(ours.Count > entries, $"{ours.Count} entries");
            Assert.Empty(ours.DifferencesTo(theirs));
        }

        (await RunAsync("oci-image-tool", "validate", "--type", "image", "--ref", "name=image", gzip)).Succeeded();
        await HostProgram.RunAsync("rm", ["-rf", "--one-file-system", gzip, bundle], Cancellation);
    }

    private static Task<ProgramOutput> RunAsync(string program, params string[] arguments) =>
        HostProgram.RunAsync(HostProgram.Require(program), arguments, Cancellation);
}
