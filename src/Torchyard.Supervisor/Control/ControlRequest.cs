using System.Text.Json;

namespace Torchyard.Supervisor.Control;

/// <summary>A request line of the control socket.</summary>
/// <param name="Operation">What is asked for.</param>
/// <param name="Service">The service it is about.</param>
/// <param name="Lines">Lines of a log.</param>
/// <param name="Follow">True to get new lines as they come.</param>
internal sealed record ControlRequest(string Operation, string? Service, int Lines, bool Follow)
{
    private const int UsualLines = 100,
        MostLines = 10_000;

    /// <summary>Reads a request; null and the reason when it is none.</summary>
    public static ControlRequest? Parse(ReadOnlyMemory<byte> line, out string error)
    {
        error = "";
        try
        {
            using var document = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = 8 });
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || Text(root, "op") is not { } operation)
            {
                error = "a request is an object with a string \"op\"";
                return null;
            }

            var lines =
                root.TryGetProperty("lines", out var number)
                && number.ValueKind == JsonValueKind.Number
                && number.TryGetInt32(out var asked)
                    ? Math.Clamp(asked, 0, MostLines)
                    : UsualLines;
            var follow = root.TryGetProperty("follow", out var flag) && flag.ValueKind == JsonValueKind.True;
            return new ControlRequest(operation, Text(root, "service"), lines, follow);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a string with half a surrogate pair.
            error = "not a line of JSON";
            return null;
        }
    }

    private static string? Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
