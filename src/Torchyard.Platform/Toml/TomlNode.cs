namespace Torchyard.Platform.Toml;

/// <summary>A value of a TOML document with its place, counted from 1.</summary>
internal abstract class TomlNode(int line, int column)
{
    /// <summary>Line of the value.</summary>
    public int Line { get; private protected set; } = line;

    /// <summary>Column of the value.</summary>
    public int Column { get; private protected set; } = column;

    /// <summary>What users call this kind of value.</summary>
    public abstract string Kind { get; }
}

/// <summary>A table, inline or with a header.</summary>
internal sealed class TomlTable(int line, int column) : TomlNode(line, column)
{
    /// <summary>Keys in the order of the file.</summary>
    public Dictionary<string, TomlEntry> Entries { get; } = new(StringComparer.Ordinal);

    public override string Kind => "a table";

    /// <summary>Gives it the place of something in it.</summary>
    public void MoveTo(int line, int column) => (Line, Column) = (line, column);
}

/// <summary>A key with its place and its value.</summary>
internal sealed record TomlEntry(TomlNode Value, int Line, int Column);

/// <summary>An array, written in brackets or as a series of <c>[[tables]]</c>.</summary>
internal sealed class TomlArray(int line, int column) : TomlNode(line, column)
{
    public List<TomlNode> Items { get; } = [];

    public override string Kind => "an array";
}

internal sealed class TomlString(string value, int line, int column) : TomlNode(line, column)
{
    public string Value { get; } = value;

    public override string Kind => "a text";
}

internal sealed class TomlInteger(long value, int line, int column) : TomlNode(line, column)
{
    public long Value { get; } = value;

    public override string Kind => "a whole number";
}

internal sealed class TomlFloat(double value, int line, int column) : TomlNode(line, column)
{
    public double Value { get; } = value;

    public override string Kind => "a number with a fraction";
}

internal sealed class TomlBoolean(bool value, int line, int column) : TomlNode(line, column)
{
    public bool Value { get; } = value;

    public override string Kind => Value ? "true" : "false";
}

/// <summary>A date or time; no file of ours has one.</summary>
internal sealed class TomlDate(int line, int column) : TomlNode(line, column)
{
    public override string Kind => "a date";
}
