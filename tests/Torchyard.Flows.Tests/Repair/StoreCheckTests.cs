using Torchyard.Flows.Building;
using Torchyard.Flows.Repair;
using Torchyard.Flows.Tests.Building;
using Torchyard.Flows.Tests.Hosts;
using Torchyard.Images.Oci;
using Torchyard.Images.Store;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;

namespace Torchyard.Flows.Tests.Repair;

public sealed class StoreCheckTests : IDisposable
{
    private readonly TestHost _test = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task A_damaged_package_file_is_found_and_taken_away()
    {
        var file = Path.Combine(_test.Host.Store.Packages, "sha256", Digest.Of("good"u8).Hex[..2], Digest.Of("good"u8).Hex);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, "bad!");

        var found = await CheckAsync(repair: false);
        Assert.False(found.Sound);
        Assert.Contains(Path.GetFileName(file), Assert.Single(found.Problems), StringComparison.Ordinal);
        Assert.True(File.Exists(file));

        var repaired = await CheckAsync(repair: true);
        Assert.True(repaired.Sound);
        Assert.Equal(found.Problems, repaired.Repaired);
        Assert.False(File.Exists(file));
    }

    [Fact]
    public async Task A_damaged_layer_is_made_again_from_the_lock_of_its_image()
    {
        var image = await BuildAsync();
        Flip(image.Layers[0]);
        Assert.False((await CheckAsync(repair: false)).Sound);

        var repaired = await CheckAsync(repair: true);

        Assert.True(repaired.Sound, string.Join('\n', repaired.Problems));
        Assert.NotEmpty(repaired.Repaired);
        Assert.Contains(_test.Progress.Notes, note =>
            note.StartsWith("Damaged, made again from the image's lock", StringComparison.Ordinal)
        );
        Assert.True((await CheckAsync(repair: false)).Sound);
        Assert.Equal(image.Manifest, new ImageStore(_test.Host.Store).Find("x").Manifest);
    }

    [Fact]
    public async Task A_changed_mounted_layer_is_extracted_again()
    {
        var image = await BuildAsync();
        var layer = Path.Combine(_test.Host.Store.Layers, image.DiffIds[0].Hex);
        var supervisor = Path.Combine(layer, "usr/lib/torchyard/supervisor");
        var good = File.ReadAllText(supervisor);
        File.WriteAllText(supervisor, "changed");

        var repaired = await CheckAsync(repair: true);

        Assert.True(repaired.Sound, string.Join('\n', repaired.Problems));
        Assert.Equal(good, File.ReadAllText(supervisor));
    }

    [Fact]
    public async Task Whoever_uses_an_image_gets_its_layers_again_without_a_check()
    {
        var image = await BuildAsync();
        Directory.Delete(Path.Combine(_test.Host.Store.Layers, image.DiffIds[0].Hex), recursive: true);
        Flip(image.Layers[0]);

        var layers = await new RepairingLayers(_test.Host).EnsureAsync(image, _test.Progress, Cancellation);

        Assert.True(File.Exists(Path.Combine(layers[^1], "usr/lib/torchyard/supervisor")));
        Assert.Contains(_test.Progress.Notes, note => note.StartsWith("Damaged, made again", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_image_that_another_program_would_make_otherwise_is_left_and_told()
    {
        var image = await BuildAsync();
        Flip(image.Layers[0]);
        var host = new Torchyard.Flows.Hosts.Host
        {
            Store = _test.Host.Store,
            Caller = _test.Host.Caller,
            Progress = _test.Progress,
            Dialogue = _test.Dialogue,
            Runtime = _test.Host.Runtime,
            Supervisor = () => new Torchyard.Images.Environments.SupervisorProgram("another"u8.ToArray(), Digest.Of("another"u8)),
        };

        var found = await new StoreCheck(host).RunAsync(repair: true, Cancellation);

        Assert.False(found.Sound);
        Assert.Contains(found.Problems, problem => problem.StartsWith("TY4803", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_its_lock_an_image_cannot_be_made_again_and_the_cure_says_so()
    {
        var damage = new TorchyardException("TY3008", "blob sha256:1 is damaged", "");

        var failure = await Assert.ThrowsAsync<TorchyardException>(() =>
            new RepairedImage(_test.Host).RemakeAsync(Digest.Of("nobody's"u8), damage, Cancellation)
        );

        Assert.Equal("TY3008", failure.Code);
        Assert.Contains("no lock is attached to the image", failure.Message, StringComparison.Ordinal);
        Assert.Contains("torchyard build", failure.Cure, StringComparison.Ordinal);
    }

    private async Task<StoredImage> BuildAsync()
    {
        Assert.SkipUnless(TestHost.IsRoot, "needs root for the owners of files in layers");
        EmptyLock.Write(_test, "x.lock");
        return await new BuildFlow(_test.Host).RunAsync(new BuildRequest { Recipe = "x.lock" }, Cancellation);
    }

    private Task<StoreFindings> CheckAsync(bool repair) => new StoreCheck(_test.Host).RunAsync(repair, Cancellation);

    private void Flip(Digest blob)
    {
        var file = Path.Combine(_test.Host.Store.Oci, "blobs/sha256", blob.Hex);
        var content = File.ReadAllBytes(file);
        content[content.Length / 2] ^= 4;
        File.WriteAllBytes(file, content);
    }
}
