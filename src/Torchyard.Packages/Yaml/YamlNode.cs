namespace Torchyard.Packages.Yaml;

/// <summary>A node of a YAML document with its line, counted from 1.</summary>
/// <param name="Line">Line where it begins.</param>
public abstract record YamlNode(int Line);

/// <summary>A text; YAML's other scalars are told apart by whoever needs them.</summary>
/// <param name="Value">The text, without quotes.</param>
/// <param name="Line">Line where it begins.</param>
public sealed record YamlText(string Value, int Line) : YamlNode(Line);

/// <summary>A list.</summary>
/// <param name="Items">Its items.</param>
/// <param name="Line">Line where it begins.</param>
public sealed record YamlList(IReadOnlyList<YamlNode> Items, int Line) : YamlNode(Line);

/// <summary>A mapping.</summary>
/// <param name="Entries">Keys and values in the order of the file.</param>
/// <param name="Line">Line where it begins.</param>
public sealed record YamlMap(IReadOnlyList<(YamlText Key, YamlNode Value)> Entries, int Line) : YamlNode(Line)
{
    /// <summary>The value of a key; null when it is not there.</summary>
    public YamlNode? Find(string key) => Entries.FirstOrDefault(entry => entry.Key.Value == key).Value;
}
