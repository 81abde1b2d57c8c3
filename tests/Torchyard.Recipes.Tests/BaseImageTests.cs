using System.Text;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Reading;
using Torchyard.Recipes.Settings;

namespace Torchyard.Recipes.Tests;

/// <summary><c>base.image</c> in recipe and lock.</summary>
public sealed class BaseImageTests
{
    [Theory]
    [InlineData("mytools")]
    [InlineData("mytools:2")]
    [InlineData("localhost:5000/team/mytools:2")]
    [InlineData("reg.example/mytools@sha256:c8f925178dc9fd4bb72fcbdbc43a83a635c88e5465264095a444b8209f309924")]
    public void An_image_stands_in_the_place_of_a_suite(string image)
    {
        var recipe = Read($"image = \"{image}\"");

        Assert.Equal((image, ""), (recipe.Base.Image, recipe.Base.Suite));
        Assert.Equal("trixie", Read($"image = \"{image}\"\nsuite = \"trixie\"").Base.Suite);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("--x")]
    [InlineData("../x")]
    [InlineData("x@sha256:1")]
    [InlineData("x\\u001b[2J")]
    public void What_cannot_be_an_image_is_refused_at_its_place(string image)
    {
        var refusal = Assert.Throws<TorchyardException>(() => Read($"image = \"{image}\""));

        Assert.Equal(("TY1019", 3, 9), (refusal.Code, refusal.Location!.Line, refusal.Location.Column));
        Assert.DoesNotContain('\u001b', refusal.Message);
    }

    [Fact]
    public void Neither_suite_nor_image_is_an_error() =>
        Assert.Equal("TY1006", Assert.Throws<TorchyardException>(() => Read("architecture = \"amd64\"")).Code);

    [Fact]
    public void Another_image_is_another_recipe_and_the_difference_is_told()
    {
        var (before, after) = (Read("image = \"one\""), Read("image = \"two\""));

        Assert.NotEqual(RecipeDigest.Of(before, null), RecipeDigest.Of(after, null));
        Assert.Equal("base.image: two, was one", Assert.Single(RecipeDifferences.Between(before, after)).Text);
        Assert.Equal(["base.image was one and is now two"], LockFit.Differences(Lock(before), after));
        Assert.Equal(
            ["base.suite was none and is now trixie", "base.image was one and is now none"],
            LockFit.Differences(Lock(before), Read("suite = \"trixie\""))
        );
    }

    [Fact]
    public void A_lock_whose_recipe_has_no_image_has_no_layers_of_one()
    {
        var text = LockText.Write(Lock(Read("image = \"one\"")));
        Assert.Contains("[base-image]", text, StringComparison.Ordinal);
        var stripped = text.Replace("image = \"one\"", "suite = \"trixie\"", StringComparison.Ordinal);
        var body = stripped[(stripped.IndexOf('\n', stripped.IndexOf("checksum = ", StringComparison.Ordinal)) + 1)..];
        var checksum = Digest.Of(Encoding.UTF8.GetBytes(body));
        var forged = $"version = 1\nchecksum = \"{checksum}\"\n{body}";

        var refusal = Assert.Throws<TorchyardException>(() => LockReader.Read(Encoding.UTF8.GetBytes(forged), "torchyard.lock"));

        Assert.Contains("[base-image] do not agree", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_moved_image_is_a_change_of_the_lock()
    {
        var before = Lock(Read("image = \"one\""));
        var after = before with { Base = before.Base! with { Manifest = Digest.Of("other"u8) } };

        var change = Assert.Single(LockChanges.Between(before, after));

        Assert.Equal("one (base image)", change.Name);
        Assert.Equal($"sha256:{before.Base.Manifest.Hex[..12]}", change.Before);
    }

    [Fact]
    public void A_service_may_come_with_the_image()
    {
        var recipe = Read("image = \"one\"\n[services]\nssh = true");
        var locked = Lock(recipe);
        Assert.Equal("TY1013", Assert.Throws<TorchyardException>(() => LockFit.RequireServices(locked)).Code);

        LockFit.RequireServices(
            locked with
            {
                Base = locked.Base! with
                {
                    Packages =
                    [
                        new LockedBasePackage
                        {
                            Name = "openssh-server",
                            Version = "1",
                            Architecture = "amd64",
                        },
                    ],
                },
            }
        );
    }

    private static Recipe Read(string lines) => RecipeReader.Read(Encoding.UTF8.GetBytes($"name = \"x\"\n[base]\n{lines}\n"), "r.toml");

    private static RecipeLock Lock(Recipe recipe) =>
        new()
        {
            RecipeDigest = RecipeDigest.Of(recipe, null),
            Recipe = recipe,
            SourceDateEpoch = 1,
            Archives = [],
            Packages = [],
            Tools = new LockedTools(1, Digest.Of("supervisor"u8), "libzstd 1"),
            Base = new LockedBase
            {
                Manifest = Digest.Of("manifest"u8),
                Architecture = "amd64",
                Layers = [new LockedBaseLayer(Digest.Of("a"u8), Digest.Of("b"u8), 7, "application/vnd.oci.image.layer.v1.tar")],
            },
        };
}
