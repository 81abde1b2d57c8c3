using System.Text;
using System.Text.RegularExpressions;
using Torchyard.Recipes.Reading;

namespace Torchyard.Recipes.Tests;

/// <summary>docs/recipe.md against the reader.</summary>
public sealed partial class RecipeReferenceTests
{
    private const string Everything = """
        name = "x"
        [base]
        suite = "trixie"
        [[archives]]
        url = "https://a.example"
        suite = "s"
        key = "k"
        [python]
        [fit]
        [cudnn]
        [cuda-compat]
        [[files]]
        source = "a"
        target = "/a"
        [[run]]
        command = "a"
        [services.jupyter]
        [services.ssh]
        port = 2022
        [services.tensorboard]
        [environment]
        [caches]
        [[mounts]]
        source = "a"
        target = "/a"
        [limits]
        [image]
        """;

    [Fact]
    public void Every_key_of_the_reader_has_a_row_and_every_row_a_key()
    {
        var asked = new HashSet<string>(StringComparer.Ordinal);
        RecipeReader.Read(Encoding.UTF8.GetBytes(Everything), "r", asked);
        string[] tables =
        [
            "base",
            "archives",
            "python",
            "fit",
            "cudnn",
            "cuda-compat",
            "files",
            "run",
            "services",
            "services.jupyter",
            "services.ssh",
            "services.tensorboard",
            "environment",
            "caches",
            "mounts",
            "limits",
            "image",
        ];
        var rows = Keys()
            .Matches(Document())
            .SelectMany(table => Row().Matches(table.Value))
            .Select(match => match.Groups[1].Value)
            .ToList();
        Assert.Equal(rows.Count, rows.Distinct().Count());
        Assert.Empty(asked.Except(tables).Except(rows).Select(key => $"docs/recipe.md lacks {key}"));
        Assert.Empty(rows.Except(asked).Select(key => $"docs/recipe.md has {key}, which the reader does not know"));
    }

    [Fact]
    public void Every_recipe_in_the_reference_reads()
    {
        var blocks = Block().Matches(Document()).Select(match => match.Groups[1].Value).ToList();
        Assert.NotEmpty(blocks);
        Assert.All(blocks, block => RecipeReader.Read(Encoding.UTF8.GetBytes(block), "docs/recipe.md"));
    }

    private static string Document() => SourceTree.Read("docs/recipe.md");

    [GeneratedRegex(@"^\| Key \|.*\n(?:\|.*\n)*", RegexOptions.Multiline)]
    private static partial Regex Keys();

    [GeneratedRegex(@"^\| `([a-z.-]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"^```toml\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();
}
