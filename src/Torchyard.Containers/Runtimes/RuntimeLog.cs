using System.Text.Json;
using Torchyard.Platform.Text;

namespace Torchyard.Containers.Runtimes;

/// <summary>The log that crun and runc write with <c>--log-format json</c>: one object a line with <c>level</c> and <c>msg</c>.</summary>
internal static class RuntimeLog
{
    private const int MaximumBytes = 256 * 1024;

    /// <summary>First message of level error, or null without one.</summary>
    public static string? FirstError(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        using var stream = File.OpenRead(path);
        var buffer = new byte[Math.Min(stream.Length, MaximumBytes)];
        stream.ReadExactly(buffer);
        foreach (var line in System.Text.Encoding.UTF8.GetString(buffer).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (ErrorOf(line) is { } message)
            {
                return message;
            }
        }

        return null;
    }

    /// <summary>What is meant by text that a runtime printed: JSON lines lose their form.</summary>
    public static string Words(string text) =>
        string.Join(
            '\n',
            text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(line => ErrorOf(line) ?? line)
        );

    /// <summary>The message of a line of level error; null when it is none.</summary>
    public static string? ErrorOf(string line)
    {
        try
        {
            using var document = UnicodeJson.Parse(line);
            var root = document.RootElement;
            return
                root.ValueKind == JsonValueKind.Object
                && root.TryGetProperty("level", out var level)
                && level.ValueKind == JsonValueKind.String
                && level.GetString() is "error" or "fatal"
                && root.TryGetProperty("msg", out var message)
                && message.ValueKind == JsonValueKind.String
                ? message.GetString()
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
