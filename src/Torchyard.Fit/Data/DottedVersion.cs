using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Torchyard.Fit.Data;

/// <summary>
/// A version of numbers and dots as drivers (<c>535.183.01</c>), CUDA (<c>12.8.1</c>), glibc (<c>2.31</c>) and compute
/// capabilities (<c>9.0</c>) have it. Compared number by number; a missing one counts as 0. Keeps its spelling.
/// </summary>
[JsonConverter(typeof(JsonConverter))]
public readonly record struct DottedVersion : IComparable<DottedVersion>
{
    private const int MaxParts = 4;
    private readonly int _a,
        _b,
        _c,
        _d;
    private readonly string? _text;

    private DottedVersion(ReadOnlySpan<int> parts, string text)
    {
        (_a, _b, _c, _d) = (parts[0], parts[1], parts[2], parts[3]);
        _text = text;
    }

    /// <summary>First number: driver branch, CUDA family, or major version.</summary>
    public int Major => _a;

    /// <summary>Second number.</summary>
    public int Minor => _b;

    /// <summary>Reads one to four numbers with dots between them, each below 10⁶.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out DottedVersion version)
    {
        version = default;
        if (text is not { Length: > 0 and <= 31 })
        {
            return false;
        }

        Span<int> parts = stackalloc int[MaxParts];
        parts.Clear();
        var count = 0;
        foreach (var range in text.AsSpan().Split('.'))
        {
            var part = text.AsSpan()[range];
            if (
                count == MaxParts
                || part.Length is 0 or > 6
                || !int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out parts[count++])
            )
            {
                return false;
            }
        }

        version = new DottedVersion(parts, text);
        return true;
    }

    /// <summary>The newest driver of a branch, of which nothing else is known: it keeps the spelling that it was given in.</summary>
    internal static DottedVersion NewestOf(int branch, string text) => new([branch, 999_999, 0, 0], text);

    /// <summary>Reads a version that is known to be well formed.</summary>
    /// <exception cref="FormatException">The text is none.</exception>
    public static DottedVersion Parse(string text) =>
        TryParse(text, out var version) ? version : throw new FormatException($"'{text}' is not a version of numbers and dots");

    /// <summary>The first two numbers, e.g. <c>12.8</c> of <c>12.8.1</c>.</summary>
    public DottedVersion MajorMinor => Parse(string.Create(CultureInfo.InvariantCulture, $"{_a}.{_b}"));

    /// <inheritdoc/>
    public int CompareTo(DottedVersion other) => (_a, _b, _c, _d).CompareTo((other._a, other._b, other._c, other._d));

    /// <summary>Equal numbers, whatever the spelling.</summary>
    public bool Equals(DottedVersion other) => CompareTo(other) == 0;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_a, _b, _c, _d);

    /// <summary>The version as it was written.</summary>
    public override string ToString() => _text ?? "0";

    /// <summary>Older.</summary>
    public static bool operator <(DottedVersion left, DottedVersion right) => left.CompareTo(right) < 0;

    /// <summary>Newer.</summary>
    public static bool operator >(DottedVersion left, DottedVersion right) => left.CompareTo(right) > 0;

    /// <summary>Not newer.</summary>
    public static bool operator <=(DottedVersion left, DottedVersion right) => left.CompareTo(right) <= 0;

    /// <summary>Not older.</summary>
    public static bool operator >=(DottedVersion left, DottedVersion right) => left.CompareTo(right) >= 0;

    /// <summary>A JSON string.</summary>
    internal sealed class JsonConverter : JsonConverter<DottedVersion>
    {
        public override DottedVersion Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            TryParse(reader.GetString(), out var version) ? version : throw new JsonException("not a version of numbers and dots");

        public override void Write(Utf8JsonWriter writer, DottedVersion value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToString());
    }
}
