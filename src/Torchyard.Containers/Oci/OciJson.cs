using System.Text.Json;
using System.Text.Json.Serialization;
using Torchyard.Platform.Files;

namespace Torchyard.Containers.Oci;

/// <summary>Reads and writes OCI runtime documents without reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    WriteIndented = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false,
    MaxDepth = RecordText.MostDepth
)]
[JsonSerializable(typeof(RuntimeConfig))]
[JsonSerializable(typeof(ProcessConfig))]
[JsonSerializable(typeof(SeccompConfig))]
internal sealed partial class OciJson : JsonSerializerContext
{
    /// <summary>The document as UTF-8.</summary>
    public static byte[] Serialize(RuntimeConfig config) => JsonSerializer.SerializeToUtf8Bytes(config, Default.RuntimeConfig);

    /// <summary>How a configuration that this program wrote is read.</summary>
    public static RecordFormat<RuntimeConfig> Config => new(Default.RuntimeConfig, _ => null);

    /// <summary>The document as UTF-8.</summary>
    public static byte[] Serialize(ProcessConfig process) => JsonSerializer.SerializeToUtf8Bytes(process, Default.ProcessConfig);
}
