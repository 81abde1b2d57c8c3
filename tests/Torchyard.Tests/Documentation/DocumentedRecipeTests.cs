using System.Text;
using System.Text.RegularExpressions;
using Torchyard.Fit.Data;
using Torchyard.Fit.Fleet;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Reading;
using Torchyard.Testing.Documentation;

namespace Torchyard.Tests.Documentation;

/// <summary>What the pages show of recipes and fleet files is read by their readers.</summary>
public sealed class DocumentedRecipeTests
{
    [Theory]
    [MemberData(nameof(Pages.All), MemberType = typeof(Pages))]
    public void Every_block_of_toml_is_read_without_a_mistake(string page)
    {
        var faults = new List<string>();
        foreach (var block in CodeBlock.Read(SourceTree.Root, page).Where(block => block.IsToml))
        {
            try
            {
                if (block.Text.Contains("[[machine]]", StringComparison.Ordinal))
                {
                    FleetFile.Parse(Encoding.UTF8.GetBytes(block.Text), page, FitTables.Default);
                }
                else
                {
                    RecipeReader.Read(Encoding.UTF8.GetBytes(Whole(block.Text)), page);
                }
            }
            catch (TorchyardException mistake)
            {
                faults.Add($"{block}: {mistake.Code}: {mistake.Message}");
            }
        }

        Assert.Empty(faults);
    }

    [Fact]
    public void The_pages_of_recipes_have_such_blocks()
    {
        foreach (var page in new[] { "README.md", "docs/tour.md", "docs/recipe.md", "docs/python.md", "docs/fit.md", "docs/packages.md" })
        {
            Assert.Contains(CodeBlock.Read(SourceTree.Root, page), block => block.IsToml);
        }
    }

    // A page shows a part; what every recipe must have is put around it.
    private static string Whole(string part)
    {
        var text = new StringBuilder();
        if (!Regex.IsMatch(part, "(?m)^name = "))
        {
            text.Append("name = \"page\"\n");
        }

        // Before the first table only keys of the top have their place.
        var table = Regex.Match(part, @"(?m)^\[");
        var top = table.Success ? part[..table.Index] : part;
        if (!Regex.IsMatch(top, "(?m)^packages = "))
        {
            text.Append("packages = [\"python3\", \"python3-venv\", \"python3-ipykernel\", \"jupyter-notebook\", \"openssh-server\"]\n");
        }

        text.Append(part).Append('\n');
        if (!part.Contains("[base]", StringComparison.Ordinal))
        {
            text.Append("[base]\nsuite = \"trixie\"\n");
        }

        return text.ToString();
    }
}
