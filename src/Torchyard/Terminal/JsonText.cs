using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Torchyard.Terminal;

/// <summary>JSON as this program prints it.</summary>
internal static class JsonText
{
    /// <summary>Serialises with source-generated metadata.</summary>
    public static string Of<T>(T value, JsonTypeInfo<T> type, bool indented)
    {
        using var buffer = new MemoryStream();
        using (
            var writer = new Utf8JsonWriter(
                buffer,
                new JsonWriterOptions
                {
                    Indented = indented,
                    // Readers are programs and terminals, not HTML pages: quotes, + and non-ASCII letters stay as they are.
                    Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
                }
            )
        )
        {
            JsonSerializer.Serialize(writer, value, type);
        }

        return Encoding.UTF8.GetString(buffer.GetBuffer().AsSpan(0, (int)buffer.Length));
    }
}
