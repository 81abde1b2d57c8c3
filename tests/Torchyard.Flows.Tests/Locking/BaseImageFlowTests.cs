using Torchyard.Flows.Building;
using Torchyard.Flows.Locking;
using Torchyard.Flows.Locks;
using Torchyard.Flows.Tests.Building;
using Torchyard.Flows.Tests.Hosts;
using Torchyard.Images.Oci;
using Torchyard.Images.Store;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Locks;

namespace Torchyard.Flows.Tests.Locking;

/// <summary>A recipe upon an image of the store, from lock to image.</summary>
public sealed class BaseImageFlowTests : IDisposable
{
    private readonly TestHost _test = new();

    public BaseImageFlowTests() => Assert.SkipUnless(TestHost.IsRoot, "needs root for the owners of files in layers");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private ImageStore Store => new(_test.Host.Store);

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task Files_go_upon_the_layers_of_the_image_and_a_second_build_is_the_same()
    {
        var below = await BuildBaseAsync("x");
        WriteRecipe("x", "[[files]]\nsource = \"a.txt\"\ntarget = \"/etc/a.txt\"\n");
        _test.Write("a.txt", "a\n");

        var first = await BuildAsync();

        Assert.Equal(below.DiffIds, first.DiffIds.Take(below.DiffIds.Count));
        Assert.Equal(below.DiffIds.Count + 2, first.DiffIds.Count);
        var locked = LockReader.ReadFile(_test.PathOf("torchyard.lock"));
        Assert.Equal((below.Manifest, 0, 0), (locked.Base!.Manifest, locked.Packages.Count, locked.Archives.Count));
        Directory.Delete(_test.Host.Store.Build, recursive: true);
        Assert.Equal(first.Manifest, (await BuildAsync()).Manifest);
        Assert.Equal("a\n", File.ReadAllText(Path.Combine(_test.Host.Store.Layers, first.DiffIds[^2].Hex, "etc/a.txt")));
    }

    [Fact]
    public async Task An_image_that_is_missing_says_what_brings_it_and_what_is_near()
    {
        await BuildBaseAsync("tools");
        WriteRecipe("tols");

        var refusal = await Assert.ThrowsAsync<TorchyardException>(() => LockAsync());

        Assert.Equal(("TY3060", 3), (refusal.Code, refusal.Location!.Line));
        Assert.Contains("did you mean 'tools'?", refusal.Cure, StringComparison.Ordinal);
        Assert.Contains("torchyard pull", refusal.Cure, StringComparison.Ordinal);
        Assert.False(File.Exists(_test.PathOf("torchyard.lock")));
    }

    [Fact]
    public async Task A_lock_stays_with_its_image_when_the_name_moves_until_an_upgrade()
    {
        var first = await BuildBaseAsync("x");
        WriteRecipe("x");
        await LockAsync();
        var second = await BuildBaseAsync("x", epoch: 1_700_000_100);
        Assert.NotEqual(first.Manifest, second.Manifest);

        await LockAsync();
        Assert.Equal(first.Manifest, Locked().Manifest);
        Assert.Contains(_test.Progress.Notes, note => note.StartsWith("x is another image by now, sha256:", StringComparison.Ordinal));

        // Nor does another key of the recipe move it.
        WriteRecipe("x", "[image]\ntag = \"two\"\n");
        await LockAsync();
        Assert.Equal(first.Manifest, Locked().Manifest);

        var changes = Assert.Single((await LockAsync(new LockOptions { Upgrade = true })).Locks).Changes;
        Assert.Equal(second.Manifest, Locked().Manifest);
        Assert.Equal("x (base image)", Assert.Single(changes).Name);
    }

    [Fact]
    public async Task A_recipe_of_somebody_else_asks_for_the_image()
    {
        await BuildBaseAsync("private");
        WriteRecipe("private");

        var refusal = await Assert.ThrowsAsync<TorchyardException>(() =>
            new LockFlow(_test.Host).RunAsync(new LockRequest(), Cancellation)
        );

        Assert.Equal("TY1040", refusal.Code);
        Assert.Contains("build on the image private of your store", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Packages_upon_an_image_without_dpkg_and_another_architecture_are_refused()
    {
        await BuildBaseAsync("x");
        _test.Write("torchyard.toml", "name = \"y\"\npackages = [\"tree\"]\n[base]\nimage = \"x\"\n");
        var packages = await Assert.ThrowsAsync<TorchyardException>(() => LockAsync());
        Assert.Equal(("TY2044", 2), (packages.Code, packages.Location!.Line));

        WriteRecipe("x\"\narchitecture = \"arm64");
        Assert.Equal("TY3063", (await Assert.ThrowsAsync<TorchyardException>(() => LockAsync())).Code);
    }

    [Fact]
    public async Task A_damaged_base_is_made_again_from_its_own_lock_before_what_is_built_on_it()
    {
        var below = await BuildBaseAsync("x");
        WriteRecipe("x");
        var image = await BuildAsync();
        var blob = Path.Combine(_test.Host.Store.Oci, "blobs/sha256", below.Layers[0].Hex);
        File.WriteAllText(blob, "damaged");

        var found = await new Torchyard.Flows.Repair.StoreCheck(_test.Host).RunAsync(repair: true, Cancellation);

        Assert.True(found.Sound, string.Join('\n', found.Problems));
        Assert.True(Store.IsComplete(image.Manifest));
    }

    private async Task<StoredImage> BuildBaseAsync(string name, long epoch = 1_700_000_000)
    {
        _test.Write(
            "base.lock",
            LockText.Write(
                EmptyLock.Of(
                    _test.Host,
                    new Recipes.Settings.Recipe
                    {
                        Name = name,
                        Base = new Recipes.Settings.DebianBase { Suite = "trixie" },
                    }
                ) with
                {
                    SourceDateEpoch = epoch,
                }
            )
        );
        return await new BuildFlow(_test.Host).RunAsync(new BuildRequest { Recipe = "base.lock", Trust = true }, Cancellation);
    }

    private void WriteRecipe(string image, string more = "") =>
        _test.Write("torchyard.toml", $"name = \"y\"\n[base]\nimage = \"{image}\"\n{more}");

    private Task<LockOutcome> LockAsync(LockOptions? options = null) =>
        new LockFlow(_test.Host).RunAsync(new LockRequest { Trust = true, Options = options ?? LockOptions.None }, Cancellation);

    private Task<StoredImage> BuildAsync() => new BuildFlow(_test.Host).RunAsync(new BuildRequest { Trust = true }, Cancellation);

    private LockedBase Locked() => LockReader.ReadFile(_test.PathOf("torchyard.lock")).Base!;
}
