using System.Text.RegularExpressions;
using Torchyard.Platform.Toml;
using Torchyard.Recipes.Settings;

namespace Torchyard.Recipes.Reading;

/// <summary>Reads <c>[[files]]</c>. What is at a source, whoever locks says.</summary>
internal static partial class FilesReader
{
    public static IReadOnlyList<FilesSetting> Read(IReadOnlyList<TomlTableReader> tables)
    {
        var files = new List<FilesSetting>();
        foreach (var table in tables)
        {
            var source = Source(table, table.RequiredText("source"));
            var target = Target(table, table.RequiredText("target"));
            var entry = new FilesSetting(source, target) { Mode = Mode(table, table.Text("mode")) };
            table.Finish();
            if (files.Any(other => other.Target == entry.Target))
            {
                throw table.Wrong(
                    "target",
                    $"two [[files]] have the target {entry.Target}",
                    "remove one of them, or give it another target",
                    "TY1007"
                );
            }

            files.Add(entry);
        }

        return files;
    }

    private static string Source(TomlTableReader table, string source)
    {
        if (source.Length == 0 || source.Any(char.IsControl))
        {
            throw table.Wrong("source", $"'{source}' cannot be a path", "name a file or a directory of the project: \"./config/app.toml\"");
        }

        return source[0] is '~' or '$'
            ? throw table.Wrong(
                "source",
                $"'{source}' begins with what a shell would replace",
                $"write the path from the recipe on, such as \"./config\"; a file that has this name is \"./{source}\""
            )
            : source;
    }

    private static string Target(TomlTableReader table, string target)
    {
        if (!target.StartsWith('/') || target.Any(char.IsControl))
        {
            throw table.Wrong(
                "target",
                $"the target '{target}' is not absolute",
                $"begin it with a slash, such as \"/etc/{target.TrimStart('.', '/')}\""
            );
        }

        if (target.Split('/').Contains(".."))
        {
            throw table.Wrong("target", $"the target '{target}' has '..'", "write the path without it");
        }

        var clean = Path.TrimEndingDirectorySeparator(Path.GetFullPath(target));
        return ImagePlaces.WhyNot(clean) is { } why ? throw table.Wrong("target", $"{clean} {why}", ImagePlaces.Cure) : clean;
    }

    private static int? Mode(TomlTableReader table, string? text) =>
        text is null ? null
        : ModePattern().IsMatch(text) ? Convert.ToInt32(text, 8)
        : throw table.Wrong(
            "mode",
            $"'{text}' is not a mode of a file",
            "write three octal digits behind a zero, such as \"0644\" or \"0755\"; bits that give another id are not for files of a project"
        );

    [GeneratedRegex(@"\A0?[0-7]{3}\z", RegexOptions.CultureInvariant)]
    private static partial Regex ModePattern();
}
