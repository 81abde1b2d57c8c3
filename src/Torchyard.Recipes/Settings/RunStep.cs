using System.Text;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Toml;

namespace Torchyard.Recipes.Settings;

/// <summary>A command that changes the image while it is built, <c>[[run]]</c>.</summary>
public sealed record RunStep
{
    private const int LongestTitle = 60;

    /// <summary>What runs a text; with <c>-e</c> it ends at the first command that fails.</summary>
    private static readonly string[] Shell = ["/bin/sh", "-ec"];

    /// <summary>Its name for people; null where the recipe gives none.</summary>
    public string? Name { get; init; }

    /// <summary>Program and arguments.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>Variables beside those that every step has.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>The command as it was written: a text for the shell, or the words with spaces between them.</summary>
    public string Text =>
        Command is [var shell, var option, var text] && shell == Shell[0] && option == Shell[1] ? text : string.Join(' ', Command);

    /// <summary>The command on one line, which need not do the same.</summary>
    public string Line => string.Join(' ', Text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    /// <summary>Its name, else the beginning of its command, on one line.</summary>
    public string Title
    {
        get
        {
            var title = Name ?? Line;
            return title.Length <= LongestTitle ? title
                : char.IsHighSurrogate(title[LongestTitle - 2]) ? title[..(LongestTitle - 2)] + "…"
                : title[..(LongestTitle - 1)] + "…";
        }
    }

    /// <summary>Digest of command and variables; the name does not count.</summary>
    public Digest Digest =>
        Digest.Of(Encoding.UTF8.GetBytes(new TomlText().Add("command", Command).AddMap("environment", Environment).ToString()));

    /// <summary>The command of a text.</summary>
    public static IReadOnlyList<string> OfText(string text) => [.. Shell, text];
}
