using System.Text.Json;
using System.Text.Json.Serialization;
using Torchyard.Packages.Python.Markers;
using Torchyard.Packages.Python.Versions;

namespace Torchyard.Packages.Python.Pip;

/// <summary>pip's installation report (pip documentation, "Installation Report", version 1), as far as a lock needs it.</summary>
internal sealed class PipReport
{
    [JsonPropertyName("version")]
    public string? Version { get; set; }

    [JsonPropertyName("pip_version")]
    public string? PipVersion { get; set; }

    [JsonPropertyName("install")]
    public List<PipInstallation>? Install { get; set; }

    [JsonPropertyName("environment")]
    public Dictionary<string, string>? Environment { get; set; }

    /// <exception cref="InvalidDataException">It is not such a report.</exception>
    public static PipReport Parse(ReadOnlySpan<byte> content)
    {
        try
        {
            var report = JsonSerializer.Deserialize(content, PipReportContext.Default.PipReport);
            return report is { Version: "1", Install: not null, Environment: not null }
                ? report
                : throw new InvalidDataException($"pip's report has version '{report?.Version}', known is 1");
        }
        catch (JsonException wrong)
        {
            throw new InvalidDataException("pip's report is not JSON", wrong);
        }
    }

    /// <summary>The environment that pip evaluated markers for.</summary>
    public MarkerEnvironment MarkerEnvironment()
    {
        string Value(string name) =>
            Environment is not null && Environment.TryGetValue(name, out var value)
                ? value
                : throw new InvalidDataException($"pip's report names no {name}");
        return Markers.MarkerEnvironment.CPythonOnLinux(PythonVersion.Parse(Value("python_full_version")), Value("platform_machine"));
    }
}

internal sealed class PipInstallation
{
    [JsonPropertyName("download_info")]
    public PipDownload? Download { get; set; }

    [JsonPropertyName("is_direct")]
    public bool IsDirect { get; set; }

    [JsonPropertyName("is_yanked")]
    public bool IsYanked { get; set; }

    [JsonPropertyName("requested")]
    public bool Requested { get; set; }

    [JsonPropertyName("requested_extras")]
    public List<string>? RequestedExtras { get; set; }

    [JsonPropertyName("metadata")]
    public PipMetadata? Metadata { get; set; }
}

internal sealed class PipDownload
{
    [JsonPropertyName("url")]
    public string? Url { get; set; }
}

internal sealed class PipMetadata
{
    [JsonPropertyName("name")]
    public string? Name { get; set; }

    [JsonPropertyName("version")]
    public string? Version { get; set; }

    [JsonPropertyName("requires_dist")]
    public List<string>? RequiresDist { get; set; }

    [JsonPropertyName("provides_extra")]
    public List<string>? ProvidesExtra { get; set; }

    [JsonPropertyName("requires_python")]
    public string? RequiresPython { get; set; }
}

[JsonSerializable(typeof(PipReport))]
internal sealed partial class PipReportContext : JsonSerializerContext;
