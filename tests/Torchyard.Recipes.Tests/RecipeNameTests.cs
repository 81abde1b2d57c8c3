using System.Text;
using CsCheck;
using Torchyard.Recipes.Reading;
using Torchyard.Recipes.Settings;

namespace Torchyard.Recipes.Tests;

public sealed class RecipeNameTests
{
    [Theory]
    [InlineData("My Project (2)", "my-project-2")]
    [InlineData("--x--", "x")]
    [InlineData("火炬", "cpu")]
    [InlineData("", "cpu")]
    public void Directory_names_become_names(string directory, string name) => Assert.Equal(name, RecipeName.From(directory, "cpu"));

    [Fact]
    public void Every_name_is_one_that_a_recipe_may_have() =>
        Gen.String.Sample(text =>
            RecipeReader.Read(Encoding.UTF8.GetBytes($"name = \"{RecipeName.From(text, "x")}\"\n[base]\nsuite = \"trixie\"\n"), "r")
        );
}
