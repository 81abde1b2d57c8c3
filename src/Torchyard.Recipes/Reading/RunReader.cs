using Torchyard.Platform.Toml;
using Torchyard.Recipes.Settings;

namespace Torchyard.Recipes.Reading;

/// <summary>Reads <c>[[run]]</c>.</summary>
internal static class RunReader
{
    public static IReadOnlyList<RunStep> Read(IReadOnlyList<TomlTableReader> tables) => [.. tables.Select(Read)];

    private static RunStep Read(TomlTableReader table)
    {
        var step = new RunStep
        {
            Name = Name(table, table.Text("name")),
            Command = Command(table),
            Environment = RecipeChecks.Environment(table, table.TextMap("environment") ?? new Dictionary<string, string>()),
        };
        table.Finish();
        return step;
    }

    private static string? Name(TomlTableReader table, string? name) =>
        name is null || (name.Trim().Length is > 0 and <= 60 && !name.Any(char.IsControl))
            ? name
            : throw table.Wrong(
                "name",
                "the name of a step is empty, too long or more than a line",
                "use at most 60 letters, or leave it out"
            );

    private static IReadOnlyList<string> Command(TomlTableReader table)
    {
        var command = table.IsText("command")
            ? table.Text("command") is { } text && text.Trim().Length > 0
                // What git makes of line ends is no other command, and a shell would take them for part of its words.
                ? RunStep.OfText(text.Replace("\r\n", "\n", StringComparison.Ordinal))
                : []
            : table.Texts("command") ?? [];
        return command.Count == 0 || command[0].Trim().Length == 0
                ? throw table.Wrong(
                    "command",
                    "the step has no command",
                    "write command = \"make -C /opt/src install\", or a list: [\"make\", \"-C\", \"/opt/src\", \"install\"]",
                    table.Has("command") ? "TY1005" : "TY1006"
                )
            : command.Any(word => word.Contains('\0', StringComparison.Ordinal))
                ? throw table.Wrong("command", "the command has a zero byte in it", "take it out")
            : command;
    }
}
