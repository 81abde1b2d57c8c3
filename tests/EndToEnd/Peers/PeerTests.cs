using Torchyard.EndToEnd.Environment;
using Torchyard.EndToEnd.Program;
using Torchyard.EndToEnd.Trees;

namespace Torchyard.EndToEnd.Peers;

/// <summary>The image of the preset <c>cpu</c>, read by other people's tools.</summary>
[Collection(RunningEnvironmentTests.Name)]
public sealed class PeerTests(RunningEnvironment environment)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Layout => Path.Combine(environment.Store.Store, "oci");

    [Fact]
    public async Task Skopeo_copies_it_and_every_digest_is_right()
    {
        var copy = environment.Store.NewProject("skopeo");

        // skopeo recomputes the digest of everything that it copies.
        (await RunAsync("skopeo", "copy", $"oci:{Layout}:{environment.Report.Image}", $"oci:{copy}:copy")).Succeeded();

        var raw = await RunAsync("skopeo", "inspect", "--raw", $"oci:{copy}:copy");
        var sum = await HostProgram.RunAsync("sha256sum", [], Cancellation, input: raw.Succeeded().Output);
        Assert.StartsWith(environment.Report.Text("digest")["sha256:".Length..], sum.Output, StringComparison.Ordinal);
        Directory.Delete(copy, recursive: true);
    }

    [Fact]
    public async Task Umoci_unpacks_it_to_the_tree_that_containers_see_and_oci_image_tool_finds_it_valid()
    {
        Assert.SkipUnless(System.Environment.IsPrivilegedProcess, "owners of files and overlayfs need root");
        HostProgram.Require("umoci");
        var gzip = environment.Store.NewProject("gzip");
        var bundle = Path.Combine(environment.Store.Root, "bundle");
        // Both tools are older than layers in zstd.
        (await RunAsync("skopeo", "copy", "--dest-compress-format", "gzip", $"oci:{Layout}:{environment.Report.Image}", $"oci:{gzip}:image")).Succeeded();

        (await RunAsync("umoci", "unpack", "--image", gzip + ":image", bundle)).Succeeded();

        using (var mounted = MountedImage.Mount(environment.Store, environment.Report.Text("digest")))
        {
            var ours = await FileTree.ReadAsync(mounted.Root, Cancellation);
            var theirs = await FileTree.ReadAsync(Path.Combine(bundle, "rootfs"), Cancellation);
            Assert.True(ours.Count > 10_000, $"{ours.Count} entries");
            Assert.Empty(ours.DifferencesTo(theirs));
        }

        (await RunAsync("oci-image-tool", "validate", "--type", "image", "--ref", "name=image", gzip)).Succeeded();
        await HostProgram.RunAsync("rm", ["-rf", "--one-file-system", gzip, bundle], Cancellation);
    }

    private static Task<ProgramOutput> RunAsync(string program, params string[] arguments) =>
        HostProgram.RunAsync(HostProgram.Require(program), arguments, Cancellation);
}
