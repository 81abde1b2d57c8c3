using System.Text.Json;
using System.Text.Json.Serialization;

namespace Torchyard.Terminal;

/// <summary>Writes times in answers for programs in the one form that <see cref="TimeText"/> has.</summary>
internal sealed class UtcTimeConverter : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetDateTimeOffset();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(TimeText.Of(value.ToUnixTimeMilliseconds()));
}
