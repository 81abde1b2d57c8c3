using Torchyard.Platform.Errors;
using Torchyard.Recipes.Sources;

namespace Torchyard.Recipes.Tests;

public sealed class RecipeSourceTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Nothing_named_means_the_recipe_of_the_working_directory()
    {
        Write("torchyard.toml");
        var source = RecipeSource.Find(null, _directory.Path);
        Assert.Equal(Path.Combine(_directory.Path, "torchyard.lock"), source.LockFile);
        Assert.Equal(_directory.Path, source.Directory);
    }

    [Fact]
    public void A_bare_name_is_a_preset_even_beside_a_directory_of_that_name()
    {
        Directory.CreateDirectory(Path.Combine(_directory.Path, "cpu"));
        var source = RecipeSource.Find("cpu", _directory.Path);
        Assert.Equal("cpu", source.Preset);
        Assert.Null(source.LockFile);
    }

    [Fact]
    public void A_directory_with_a_recipe_wins_over_a_preset()
    {
        Directory.CreateDirectory(Path.Combine(_directory.Path, "cpu"));
        Write("cpu/torchyard.toml");
        Assert.Equal(Path.Combine(_directory.Path, "cpu"), RecipeSource.Find("cpu", _directory.Path).Directory);
    }

    [Fact]
    public void A_recipe_of_another_name_has_a_lock_of_that_name()
    {
        Write("big.toml");
        Assert.Equal(Path.Combine(_directory.Path, "big.lock"), RecipeSource.Find("big.toml", _directory.Path).LockFile);
    }

    [Theory]
    [InlineData("cpuu", "TY1010")]
    [InlineData("./cpuu", "TY1009")]
    [InlineData("mine.toml", "TY1009")]
    [InlineData(null, "TY1009")]
    public void What_is_not_there_is_named_for_what_it_was_meant_to_be(string? named, string code) =>
        Assert.Equal(code, Assert.Throws<TorchyardException>(() => RecipeSource.Find(named, _directory.Path)).Code);

    private void Write(string name) => File.WriteAllText(Path.Combine(_directory.Path, name), "name = \"x\"\n[base]\nsuite = \"trixie\"\n");
}
