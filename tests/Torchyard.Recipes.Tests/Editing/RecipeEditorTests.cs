using System.Text;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Editing;

namespace Torchyard.Recipes.Tests.Editing;

public sealed class RecipeEditorTests
{
    private const string Recipe = """
        # mine
        name = "work"
        packages = [
          "python3",   # the interpreter
          "git"        # no comma
        ]

        [base]
        suite = 'trixie'  # 13

        [python]
        packages = ["numpy", "tqdm>=4"]
        indexes = []

        [services.jupyter]
        """;

    [Fact]
    public void An_item_goes_to_the_end_of_its_list_and_nothing_else_changes()
    {
        var editor = Edit(Recipe);

        editor.Add(RecipeList.Packages, "curl");
        editor.Add(RecipeList.Python, "einops");

        Assert.Equal(
            Recipe
                .Replace("  \"git\"        # no comma\n", "  \"git\",        # no comma\n  \"curl\"\n", StringComparison.Ordinal)
                .Replace("\"tqdm>=4\"]", "\"tqdm>=4\", \"einops\"]", StringComparison.Ordinal),
            editor.Text
        );
        Assert.Equal(["python3", "git", "curl"], editor.Recipe.Packages);
    }

    [Theory]
    [InlineData("packages = []", "packages = [\"a\"]")]
    [InlineData("packages = [ ]", "packages = [\"a\"]")]
    [InlineData("packages = [\"x\",]", "packages = [\"x\", \"a\",]")]
    [InlineData("packages = [\n    'x',\n]", "packages = [\n    'x',\n    \"a\",\n]")]
    [InlineData("packages = [\n\t\"x\"]", "packages = [\n\t\"x\",\n\t\"a\"]")]
    [InlineData("packages = [ # all\n  \"x\", \"y\",\n]", "packages = [ # all\n  \"x\", \"y\", \"a\",\n]")]
    public void Every_way_of_writing_a_list_is_kept(string list, string after)
    {
        var start = "name = \"w\"\n[base]\nsuite = \"trixie\"\n[python]\n";
        var editor = Edit(start + list + "\n");
        editor.Add(RecipeList.Python, "a");
        Assert.Equal(start + after + "\n", editor.Text);
    }

    [Fact]
    public void A_table_that_is_not_there_is_made_behind_the_base()
    {
        var editor = Edit("name = \"w\"\n[base]\nsuite = \"trixie\"  # 13\n\n[limits]\ncpus = 4\n");
        editor.Add(RecipeList.Python, "a");
        editor.Add(RecipeList.Packages, "git");
        Assert.Equal(
            "name = \"w\"\npackages = [\"git\"]\n[base]\nsuite = \"trixie\"  # 13\n\n[python]\npackages = [\"a\"]\n\n[limits]\ncpus = 4\n",
            editor.Text
        );
    }

    [Fact]
    public void A_file_without_a_last_line_end_and_one_of_windows_stay_that_way()
    {
        var editor = Edit("name = \"w\"\r\n[base]\r\nsuite = \"trixie\"");
        editor.Add(RecipeList.Python, "a");
        Assert.Equal("name = \"w\"\r\n[base]\r\nsuite = \"trixie\"\r\n\r\n[python]\r\npackages = [\"a\"]\r\n", editor.Text);

        var marked = new RecipeEditor([0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes("name = \"w\"\n[base]\nsuite = \"trixie\"\n")], "x");
        marked.Add(RecipeList.Packages, "git");
        Assert.Equal([0xEF, 0xBB, 0xBF], marked.Content[..3]);
    }

    [Fact]
    public void Dotted_keys_and_inline_tables_are_found()
    {
        var editor = Edit("name = \"w\"\npython = {packages = [\"x\"]}\nbase.suite = \"trixie\"\n");
        editor.Add(RecipeList.Python, "a");
        Assert.Equal("name = \"w\"\npython = {packages = [\"x\", \"a\"]}\nbase.suite = \"trixie\"\n", editor.Text);

        var dotted = Edit("name = \"w\"\nbase.suite = \"trixie\"\npython.packages = [\"x\"]\n");
        dotted.Add(RecipeList.Python, "a");
        Assert.Contains("python.packages = [\"x\", \"a\"]", dotted.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_changed_in_place_is_said_and_nothing_changes()
    {
        const string Text = "name = \"w\"\npython = {indexes = []}\nbase.suite = \"trixie\"\n";
        var editor = Edit(Text);
        Assert.Equal("TY1051", Assert.Throws<TorchyardException>(() => editor.Add(RecipeList.Python, "a")).Code);
        Assert.Equal(Text, editor.Text);
    }

    [Fact]
    public void An_item_goes_with_its_line_and_its_comment()
    {
        var editor = Edit(Recipe);
        editor.Remove(RecipeList.Packages, 0);
        editor.Remove(RecipeList.Python, 1);
        Assert.Equal(
            Recipe
                .Replace("  \"python3\",   # the interpreter\n", "", StringComparison.Ordinal)
                .Replace("[\"numpy\", \"tqdm>=4\"]", "[\"numpy\"]", StringComparison.Ordinal),
            editor.Text
        );

        editor.Remove(RecipeList.Python, 0);
        Assert.Contains("packages = []\n", editor.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_first_of_a_line_goes_without_its_comma()
    {
        var editor = Edit(Recipe);
        editor.Remove(RecipeList.Python, 0);
        Assert.Contains("packages = [\"tqdm>=4\"]", editor.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_item_takes_the_place_of_one()
    {
        var editor = Edit(Recipe);
        editor.Replace(RecipeList.Python, 0, "numpy<2");
        Assert.Contains("packages = [\"numpy<2\", \"tqdm>=4\"]", editor.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_added_and_removed_again_leaves_the_bytes_as_they_were()
    {
        foreach (var text in new[] { Recipe, Recipe.Replace("\n", "\r\n", StringComparison.Ordinal) })
        {
            var editor = Edit(text);
            editor.Add(RecipeList.Python, "é\" 'a\\");
            editor.Remove(RecipeList.Python, 2);
            Assert.Equal(text, editor.Text);
        }
    }

    [Theory]
    [InlineData("a\"]\n[base]\nsuite = \"sid\"\n#")]
    [InlineData("a\r\n[limits]")]
    [InlineData("\u0000\u001b[31m\u007f")]
    public void No_text_breaks_out_of_its_quotes(string item)
    {
        var editor = Edit(Recipe);
        editor.Add(RecipeList.Python, item);
        Assert.Equal(item, editor.Recipe.Python!.Packages[^1]);
        Assert.Equal("trixie", editor.Recipe.Base.Suite);
        Assert.DoesNotContain("\u001b", editor.Text, StringComparison.Ordinal);
    }

    private static RecipeEditor Edit(string text) => new(Encoding.UTF8.GetBytes(text), "torchyard.toml");
}
