using Torchyard.Recipes.Editing;

namespace Torchyard.Fuzz.Targets.Projects;

internal sealed class RecipeEditorTarget : FuzzTarget
{
    private const string Item = "added \"\\\n";

    public override string Name => "recipe-editor";

    public override string Input => "torchyard.toml that add and remove change in place";

    public override IReadOnlyList<string> Words =>
        [
            "name = \"a\"\n",
            "packages = [\n  \"python3\", # c\n  'git'\n]\n",
            "[base]\nsuite = \"trixie\"\n",
            "[python]\npackages = [\"torch\",]\n",
            "python = {packages = [\"x\"]}\n",
            "python.packages = [ ]\n",
            "[[mounts]]\n",
            "\r\n",
            "'''a'''",
            "\"\"\"\n\"\"\"",
        ];

    public override object? Parse(byte[] input)
    {
        var editor = new RecipeEditor(input, "torchyard.toml");
        var before = editor.Items(RecipeList.Python);
        editor.Add(RecipeList.Python, Item);
        Require(editor.Items(RecipeList.Python).SequenceEqual([.. before, Item]), "an item was not added");
        editor.Remove(RecipeList.Python, before.Count);
        Require(editor.Items(RecipeList.Python).SequenceEqual(before), "an item was not removed again");
        return editor.Text;
    }
}
