using System.Globalization;
using System.Text.Json;

namespace Torchyard.Supervisor.Services;

/// <summary>The members of a JSON object, checked while they are read.</summary>
internal sealed class JsonMembers
{
    private readonly Dictionary<string, JsonElement> _members = new(StringComparer.Ordinal);
    private readonly string _file;
    private readonly string _place;

    public JsonMembers(JsonElement element, string file, string place)
    {
        _file = file;
        _place = place;
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw Wrong("", "is not an object");
        }

        foreach (var member in element.EnumerateObject())
        {
            if (!_members.TryAdd(member.Name, member.Value))
            {
                throw Wrong(member.Name, "is there twice");
            }
        }
    }

    public string Text(string name, string? missing) => OptionalText(name) ?? missing ?? throw Wrong(name, "is missing");

    public string? OptionalText(string name)
    {
        if (!_members.Remove(name, out var value))
        {
            return null;
        }

        // A zero would cut the string short where it becomes an argument of a system call.
        return value.ValueKind == JsonValueKind.String && value.GetString() is { } text && !text.Contains('\0', StringComparison.Ordinal)
            ? text
            : throw Wrong(name, "is not a string");
    }

    public int Integer(string name, int least, int most, int missing) => OptionalInteger(name, least, most) ?? missing;

    public int? OptionalInteger(string name, int least, int most)
    {
        if (!_members.Remove(name, out var value))
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= least && number <= most
            ? number
            : throw Wrong(name, string.Create(CultureInfo.InvariantCulture, $"is not a whole number from {least} to {most}"));
    }

    public TimeSpan Seconds(string name, double missing)
    {
        if (!_members.Remove(name, out var value))
        {
            return TimeSpan.FromSeconds(missing);
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var seconds) && seconds is >= 0 and <= 86_400
            ? TimeSpan.FromSeconds(seconds)
            : throw Wrong(name, "is not a number of seconds from 0 to 86400");
    }

    public T Choice<T>(string name, params ReadOnlySpan<(string Name, T Value)> choices)
    {
        var text = Text(name, choices[0].Name);
        foreach (var choice in choices)
        {
            if (choice.Name == text)
            {
                return choice.Value;
            }
        }

        throw Wrong(name, $"cannot be '{text}'");
    }

    public IReadOnlyList<string> Strings(string name) =>
        [
            .. Array(name)
                .Select(value =>
                    value.ValueKind == JsonValueKind.String && !value.GetString()!.Contains('\0', StringComparison.Ordinal)
                        ? value.GetString()!
                        : throw Wrong(name, "is not an array of strings")
                ),
        ];

    public IEnumerable<JsonElement> Array(string name)
    {
        if (!_members.Remove(name, out var value))
        {
            return [];
        }

        return value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : throw Wrong(name, "is not an array");
    }

    public IReadOnlyDictionary<string, string> Map(string name)
    {
        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        if (Object(name) is { } members)
        {
            foreach (var key in members._members.Keys.ToList())
            {
                map[key] = members.Text(key, null);
            }
        }

        return map;
    }

    public JsonMembers? Object(string name) =>
        _members.Remove(name, out var value) ? new JsonMembers(value, _file, _place.Length == 0 ? name : _place + "." + name) : null;

    public void RequireNoOthers()
    {
        if (_members.Count > 0)
        {
            throw Wrong(_members.Keys.First(), "is not known");
        }
    }

    private ServicesFileException Wrong(string name, string what) =>
        new($"{_file}: {string.Join('.', new[] { _place, name }.Where(part => part.Length > 0))} {what}");
}
