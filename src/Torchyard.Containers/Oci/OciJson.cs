using System.Text.Json;
using System.Text.Json.Serialization;

namespace Torchyard.Containers.Oci;

/// <summary>Reads and writes OCI runtime documents without reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    WriteIndented = true)]
[JsonSerializable(typeof(RuntimeConfig))]
[JsonSerializable(typeof(ProcessConfig))]
[JsonSerializable(typeof(SeccompConfig))]
internal sealed partial class OciJson : JsonSerializerContext
{
    /// <summary>The document as UTF-8.</summary>
    public static byte[] Serialize(RuntimeConfig config) => JsonSerializer.SerializeToUtf8Bytes(config, Default.RuntimeConfig);

    /// <summary>Reads a configuration that this program wrote.</summary>
    public static RuntimeConfig ReadConfig(ReadOnlySpan<byte> json) =>
        JsonSerializer.Deserialize(json, Default.RuntimeConfig) ?? throw new InvalidDataException("config.json is empty");

    /// <summary>The document as UTF-8.</summary>
    public static byte[] Serialize(ProcessConfig process) => JsonSerializer.SerializeToUtf8Bytes(process, Default.ProcessConfig);
}
