using CsCheck;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Presets;
using Torchyard.Recipes.Reading;
using Torchyard.Recipes.Settings;

namespace Torchyard.Recipes.Tests;

public sealed class RecipeDigestTests
{
    private static readonly Recipe Base = Preset.Get("cpu").Recipe;

    [Fact]
    public void What_only_decides_how_it_runs_does_not_count()
    {
        var digest = RecipeDigest.Of(Base, null);
        Assert.Equal(digest, RecipeDigest.Of(Base with { Limits = new LimitSettings { Memory = 1L << 33 } }, null));
        Assert.Equal(
            digest,
            RecipeDigest.Of(Base with { Mounts = [.. Base.Mounts.Select(mount => mount with { Source = "/elsewhere" })] }, null)
        );
        Assert.Equal(digest, RecipeDigest.Of(Base with { Packages = [.. Base.Packages.Reverse()] }, null));
        Assert.Equal(
            digest,
            RecipeDigest.Of(
                Base with
                {
                    Environment = new EnvironmentSettings { Pass = [new PassedVariable("HF_TOKEN", Optional: false)] },
                    Caches = [SharedCache.All[0]],
                },
                null
            )
        );
    }

    [Theory]
    [InlineData("numpy\r\npandas\r\n")]
    [InlineData("\uFEFFnumpy\npandas\n")]
    public void Line_ends_of_the_files_that_it_names_do_not_count(string text)
    {
        using var directory = new TemporaryDirectory();
        var recipe = Base with { Python = new PythonSettings { Requirements = ["requirements.txt"] } };
        var file = Path.Combine(directory.Path, "requirements.txt");
        File.WriteAllText(file, "numpy\npandas\n");
        var digest = RecipeDigest.Of(recipe, directory.Path);

        File.WriteAllText(file, text);
        Assert.Equal(digest, RecipeDigest.Of(recipe, directory.Path));

        File.WriteAllText(file, text + "scipy");
        Assert.NotEqual(digest, RecipeDigest.Of(recipe, directory.Path));
    }

    [Theory]
    [InlineData("vendor/tool.deb")]
    [InlineData("key.asc")]
    public void A_package_file_and_the_key_of_an_archive_count_byte_for_byte(string name)
    {
        using var directory = new TemporaryDirectory();
        directory.Write("vendor/tool.deb", "one");
        directory.Write("key.asc", "key");
        var recipe = Base with
        {
            Packages = ["./vendor/tool.deb"],
            Archives =
            [
                new ArchiveSettings
                {
                    Url = "https://a.example",
                    Suite = "s",
                    Key = "key.asc",
                },
            ],
        };
        var digest = RecipeDigest.Of(recipe, directory.Path);
        Assert.Equal(digest, RecipeDigest.Of(recipe, directory.Path));

        File.AppendAllText(Path.Combine(directory.Path, name), "\r");
        Assert.NotEqual(digest, RecipeDigest.Of(recipe, directory.Path));

        File.Delete(Path.Combine(directory.Path, name));
        Assert.Equal("TY1012", Assert.Throws<TorchyardException>(() => RecipeDigest.Of(recipe, directory.Path)).Code);
    }

    [Fact]
    public void What_decides_the_image_counts()
    {
        Recipe[] others =
        [
            Base,
            Base with
            {
                Name = "other",
            },
            Base with
            {
                Packages = [.. Base.Packages, "git"],
            },
            Base with
            {
                Recommends = true,
            },
            Base with
            {
                Base = Base.Base with { Suite = "forky" },
            },
            Base with
            {
                Base = Base.Base with { Snapshot = "20260102T030405Z" },
            },
            Base with
            {
                Services = Base.Services with { Ssh = null },
            },
            Base with
            {
                Services = Base.Services with { Ssh = new SshSettings(2022) },
            },
            Base with
            {
                Mounts = [],
            },
            Base with
            {
                Image = Base.Image with { Compression = LayerCompression.Gzip },
            },
            Base with
            {
                Image = Base.Image with { Environment = new Dictionary<string, string> { ["A"] = "b" } },
            },
            Base with
            {
                Python = new PythonSettings { Packages = ["numpy"] },
            },
        ];
        Assert.Equal(others.Length, others.Select(recipe => RecipeDigest.Of(recipe, null)).Distinct().Count());
    }

    [Fact]
    public void Contents_of_named_files_count_and_a_missing_one_is_an_error()
    {
        using var scratch = new TemporaryDirectory();
        var directory = scratch.Path;
        var recipe = Base with { Python = new PythonSettings { Requirements = ["requirements.txt"] } };
        var error = Assert.Throws<TorchyardException>(() => RecipeDigest.Of(recipe, directory));
        Assert.Equal("TY1012", error.Code);
        File.WriteAllText(Path.Combine(directory, "requirements.txt"), "numpy\n");
        var first = RecipeDigest.Of(recipe, directory);
        File.WriteAllText(Path.Combine(directory, "requirements.txt"), "numpy==2\n");
        Assert.NotEqual(first, RecipeDigest.Of(recipe, directory));
    }

    [Fact]
    public void A_recipe_and_what_is_read_back_of_it_have_the_same_digest() =>
        Samples.Recipes.Sample(recipe =>
        {
            var names = recipe.Packages.Where(name => !PackageFile.IsPath(name));
            var bare = recipe with { Python = null, Archives = [], Files = [], Packages = [.. names] };
            var read = RecipeReader.Read(System.Text.Encoding.UTF8.GetBytes(RecipeText.Write(bare)), "r");
            Assert.Equal(RecipeDigest.Of(bare, null), RecipeDigest.Of(read, null));
        });
}
