using Torchyard.Packages.Yaml;
using Torchyard.Platform.Errors;

namespace Torchyard.Packages.Conda;

/// <summary>A text of an environment file with its line.</summary>
/// <param name="Text">As it is written.</param>
/// <param name="Line">From 1.</param>
public sealed record CondaLine(string Text, int Line);

/// <summary>What an <c>environment.yml</c> of conda says (conda documentation, "Creating an environment file manually").</summary>
public sealed record CondaEnvironment
{
    /// <summary>Name of the environment; null where it says none.</summary>
    public CondaLine? Name { get; init; }

    /// <summary>Directory of an environment that was exported; null where it says none.</summary>
    public CondaLine? Prefix { get; init; }

    /// <summary>Channels, best first.</summary>
    public IReadOnlyList<CondaLine> Channels { get; init; } = [];

    /// <summary>Match specifications of conda packages.</summary>
    public IReadOnlyList<CondaLine> Dependencies { get; init; } = [];

    /// <summary>Lines of the <c>pip</c> subsection: those of a requirement file.</summary>
    public IReadOnlyList<CondaLine> Pip { get; init; } = [];

    /// <summary>Environment variables.</summary>
    public IReadOnlyList<(string Name, string Value, int Line)> Variables { get; init; } = [];

    /// <summary>What is written there and is none of these.</summary>
    public IReadOnlyList<CondaLine> Unknown { get; init; } = [];

    /// <summary>Reads a file.</summary>
    /// <param name="content">UTF-8 bytes.</param>
    /// <param name="file">Its path for messages.</param>
    /// <exception cref="TorchyardException">TY1050: it is not YAML, or not an environment of conda.</exception>
    public static CondaEnvironment Parse(ReadOnlySpan<byte> content, string file)
    {
        if (YamlDocument.Parse(content, file) is not YamlMap top || top.Find("dependencies") is not YamlList dependencies)
        {
            throw new TorchyardException(
                "TY1050",
                $"{file} has no list of dependencies, so it is not an environment of conda",
                "name an environment.yml, a requirements.txt, a pyproject.toml, a pylock.toml or a Dockerfile"
            )
            {
                IsUsage = true,
            };
        }

        var unknown = new List<CondaLine>();
        var packages = new List<CondaLine>();
        var pip = new List<CondaLine>();
        foreach (var item in dependencies.Items)
        {
            switch (item)
            {
                case YamlText text:
                    packages.Add(new CondaLine(text.Value, text.Line));
                    break;
                case YamlMap { Entries: [var (key, list)] } when key.Value == "pip":
                    pip.AddRange(Texts(list, "pip", unknown));
                    break;
                default:
                    unknown.Add(new CondaLine(Shown(item), item.Line));
                    break;
            }
        }

        foreach (var (key, value) in (top.Find("variables") as YamlMap)?.Entries ?? [])
        {
            if (value is not YamlText)
            {
                unknown.Add(new CondaLine($"variables: {key.Value}", key.Line));
            }
        }

        if (top.Find("variables") is { } given and not (YamlMap or YamlText { Value: "" }))
        {
            unknown.Add(new CondaLine("variables: " + Shown(given), given.Line));
        }

        foreach (var (key, value) in top.Entries)
        {
            if (key.Value is not ("name" or "channels" or "dependencies" or "variables" or "prefix"))
            {
                unknown.Add(new CondaLine(key.Value, value.Line));
            }
        }

        return new CondaEnvironment
        {
            Name = top.Find("name") is YamlText name ? new CondaLine(name.Value, name.Line) : null,
            Prefix = top.Find("prefix") is YamlText prefix ? new CondaLine(prefix.Value, prefix.Line) : null,
            Channels = top.Find("channels") is { } channels ? [.. Texts(channels, "channels", unknown)] : [],
            Dependencies = packages,
            Pip = pip,
            Variables = top.Find("variables") is YamlMap variables
                ?
                [
                    .. variables
                        .Entries.Where(entry => entry.Value is YamlText)
                        .Select(entry => (entry.Key.Value, ((YamlText)entry.Value).Value, entry.Key.Line)),
                ]
                : [],
            Unknown = unknown,
        };
    }

    private static IEnumerable<CondaLine> Texts(YamlNode node, string key, List<CondaLine> unknown)
    {
        if (node is YamlText one)
        {
            // 'channels:' with nothing behind it is an empty text.
            return one.Value.Length == 0 ? [] : [new CondaLine(one.Value, one.Line)];
        }

        // A mapping, or whatever else, in the place of the list.
        var items = (node as YamlList)?.Items ?? [node];
        unknown.AddRange(items.Where(item => item is not YamlText).Select(item => new CondaLine($"{key}: {Shown(item)}", item.Line)));
        return items.OfType<YamlText>().Select(text => new CondaLine(text.Value, text.Line));
    }

    private static string Shown(YamlNode node) =>
        node switch
        {
            YamlText text => text.Value,
            YamlMap { Entries: [var (key, _), ..] } => key.Value + ":",
            YamlList => "a list",
            _ => "an empty entry",
        };
}
