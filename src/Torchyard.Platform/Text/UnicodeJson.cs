using System.Text.Json;

namespace Torchyard.Platform.Text;

/// <summary>
/// JSON of strangers that is looked at element by element. <see cref="JsonElement"/> decodes a string when it is asked for, and fails then
/// with an exception that nobody expects there; here wrong UTF-8 and half a surrogate pair are damage like any other.
/// </summary>
public static class UnicodeJson
{
    /// <summary>Parses a document.</summary>
    /// <exception cref="JsonException">It is not JSON, or a string in it is not Unicode.</exception>
    public static JsonDocument Parse(string text, JsonDocumentOptions options = default) => Checked(JsonDocument.Parse(text, options));

    /// <summary>As above.</summary>
    /// <exception cref="JsonException">It is not JSON, or a string in it is not Unicode.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> content, JsonDocumentOptions options = default) =>
        Checked(JsonDocument.Parse(content, options));

    private static JsonDocument Checked(JsonDocument document)
    {
        try
        {
            Decode(document.RootElement);
            return document;
        }
        catch (InvalidOperationException failure)
        {
            document.Dispose();
            throw new JsonException("a string is not valid Unicode", failure);
        }
    }

    private static void Decode(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                element.GetString();
                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                {
                    Decode(item);
                }

                break;
            case JsonValueKind.Object:
                foreach (var member in element.EnumerateObject())
                {
                    _ = member.Name;
                    Decode(member.Value);
                }

                break;
            default:
                break;
        }
    }
}
