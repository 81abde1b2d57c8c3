using Torchyard.Recipes.Presets;
using Torchyard.Recipes.Reading;

namespace Torchyard.Fuzz.Targets.Recipes;

internal sealed class RecipeTarget : FuzzTarget
{
    public override string Name => "recipe";

    public override string Input => "torchyard.toml of a stranger's project";

    public override IReadOnlyList<string> Words =>
        [
            "name = \"a\"\n",
            "[base]\nsuite = \"trixie\"\n",
            "packages = [\"python3\"]\n",
            "[python]\npackages = [\"torch==2.9.1\"]\n",
            "index-url = \"https://host.example\"\n",
            "[limits]\nmemory = \"80%\"\ncpus = 2.5\n",
            "[[mount]]\nsource = \".\"\ntarget = \"/w\"\n",
            "[services.jupyter]\nport = 8888\n",
            "[gpu]\narchitectures = [\"sm_90\"]\n",
            "[fit]\n",
            "[environment]\nA = \"b\"\n",
            "'''",
            "\"\"\"",
            "1979-05-27T07:32:00Z",
            "0x10",
            "1_000",
            "inf",
            "nan",
            "{a = 1}",
            "a.b.c = 1\n",
            "#",
        ];

    // Seeds are the recipes that the program itself comes with.
    public override IEnumerable<byte[]> Seeds() => Preset.Names.Take(4).Select(name => Bytes.Of(Preset.Get(name).Content));

    public override object? Parse(byte[] input)
    {
        var recipe = RecipeReader.Read(input, "torchyard.toml");
        var written = RecipeText.Write(recipe);
        Require(
            RecipeText.Write(RecipeReader.Read(Bytes.Of(written), "torchyard.toml")) == written,
            "a recipe that is written again is read differently"
        );
        return written;
    }
}
