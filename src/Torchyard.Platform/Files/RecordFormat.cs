using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Torchyard.Platform.Errors;

namespace Torchyard.Platform.Files;

/// <summary>What reading a record gave: its value, or why it cannot be read; neither when there is none.</summary>
/// <typeparam name="T">The record.</typeparam>
/// <param name="Value">The record, whole and within its ranges.</param>
/// <param name="Damage">What is wrong with the file, for people.</param>
public readonly record struct RecordRead<T>(T? Value, string? Damage)
    where T : class
{
    /// <summary>True when there is no file.</summary>
    public bool IsMissing => Value is null && Damage is null;
}

/// <summary>
/// One kind of record that Torchyard keeps as a JSON file, and the only way to read it: a regular file of bounded size and depth, no member
/// missing, twice or null, every number within its range. Whatever a crash, a disk or a hand did to the file, reading ends with a value or
/// with a sentence that says what is wrong, and never with an exception of the JSON library.
/// </summary>
/// <typeparam name="T">The record.</typeparam>
/// <param name="type">
/// Its contract; the context it comes from refuses null and missing members (<c>RespectNullableAnnotations</c>,
/// <c>RespectRequiredConstructorParameters</c>) and duplicate ones.
/// </param>
/// <param name="problem">Says what is out of range in a record that was read, or null.</param>
/// <param name="most">Most bytes of a file.</param>
public sealed class RecordFormat<T>(JsonTypeInfo<T> type, Func<T, string?> problem, int most = RecordText.MostBytes)
    where T : class
{
    /// <summary>Reads a record.</summary>
    public RecordRead<T> Read(string path)
    {
        byte[]? content;
        try
        {
            content = RegularFile.TryRead(path, most);
        }
        catch (TorchyardException failure)
        {
            return new RecordRead<T>(null, failure.Message);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return new RecordRead<T>(null, failure.Message.TrimEnd('.'));
        }

        return content is null ? default : Parse(content, Path.GetFileName(path));
    }

    /// <summary>Reads a record that must be there.</summary>
    /// <exception cref="TorchyardException">TY3050: it is damaged or missing.</exception>
    public T Require(string path) =>
        Read(path) switch
        {
            { Value: { } value } => value,
            { Damage: { } damage } => throw RecordText.Damaged(path, damage),
            _ => throw RecordText.Damaged(path, $"{Path.GetFileName(path)} is missing"),
        };

    /// <summary>Reads a record from memory.</summary>
    /// <param name="content">The file's bytes.</param>
    /// <param name="name">What it is called in the sentence about it.</param>
    public RecordRead<T> Parse(ReadOnlySpan<byte> content, string name)
    {
        var (value, why) = RecordText.Parse(content, type, nulls: RecordNulls.Never);
        why ??= problem(value!);
        return why is null ? new RecordRead<T>(value, null) : new RecordRead<T>(null, $"{name} {why}");
    }
}

/// <summary>Where a document may have null.</summary>
public enum RecordNulls
{
    /// <summary>Nowhere: this program leaves out what has no value.</summary>
    Never,

    /// <summary>As a member that may be missing, as other programs write it; never in a list.</summary>
    Members,
}

/// <summary>The bounded, strict reading of JSON that records and documents of images share.</summary>
public static class RecordText
{
    /// <summary>Most bytes of a record.</summary>
    public const int MostBytes = 4 << 20;

    /// <summary>Deepest nesting.</summary>
    public const int MostDepth = 32;

    /// <summary>The failure for a record without which a command cannot go on.</summary>
    public static TorchyardException Damaged(string path, string why) =>
        new(
            "TY3050",
            $"the record {path} is damaged: {why}",
            "run 'torchyard check --repair'; it restores what can be restored and says what cannot"
        );

    /// <summary>Reads a document.</summary>
    /// <returns>The value, or what is wrong, as the end of a sentence that begins with the file's name.</returns>
    public static (T? Value, string? Problem) Parse<T>(ReadOnlySpan<byte> content, JsonTypeInfo<T> type, RecordNulls nulls)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(type);
        if (content.Length == 0)
        {
            return (null, "is empty");
        }

        try
        {
            if (FindNull(content, nulls))
            {
                return (null, nulls == RecordNulls.Never ? "has a member without a value" : "has an empty place in a list");
            }

            return JsonSerializer.Deserialize(content, type) is { } value ? (value, null) : (null, "holds nothing");
        }
        catch (JsonException failure)
        {
            return (null, $"cannot be read: {Flat(failure.Message)}");
        }
        catch (Exception failure)
            when (failure is InvalidOperationException or FormatException or NotSupportedException or ArgumentException or OverflowException
            )
        {
            // What converters and collections throw for values that are valid JSON and impossible here.
            return (null, $"cannot be read: {Flat(failure.Message)}");
        }
    }

    private static bool FindNull(ReadOnlySpan<byte> content, RecordNulls nulls)
    {
        var reader = new Utf8JsonReader(content, new JsonReaderOptions { MaxDepth = MostDepth });
        // One bit a level: set inside a list.
        ulong lists = 0;
        var found = false;
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartArray:
                    lists |= 1UL << reader.CurrentDepth;
                    break;
                case JsonTokenType.StartObject:
                    lists &= ~(1UL << reader.CurrentDepth);
                    break;
                case JsonTokenType.Null
                    when nulls == RecordNulls.Never || (reader.CurrentDepth > 0 && (lists >> (reader.CurrentDepth - 1) & 1) == 1):
                    found = true;
                    break;
                default:
                    break;
            }
        }

        return found;
    }

    private static string Flat(string text) => text.ReplaceLineEndings(" ").TrimEnd('.');
}
