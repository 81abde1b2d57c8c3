using Torchyard.Platform.Toml;

namespace Torchyard.Fuzz.Targets.Recipes;

internal sealed class TomlTarget : FuzzTarget
{
    public override string Name => "toml";

    public override string Input => "TOML of every kind: recipes, locks, pylock, pyproject, fleets";

    public override IReadOnlyList<string> Words =>
        [
            "[a]\n",
            "[[a]]\n",
            "a.b = 1\n",
            "\"\"\"",
            "'''",
            "{",
            "}",
            "[",
            "]",
            "\\u0041",
            "\\x",
            "1979-05-27",
            "inf",
            "+nan",
            "0b1",
            "1e400",
            "= ",
            "\"a\" = ",
            ",",
            "\r\n",
        ];

    public override object? Parse(byte[] input) => TomlDocument.Parse(input, "file.toml", "TY1001", "correct it").Entries.Keys.ToList();
}
