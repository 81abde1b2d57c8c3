using System.Text.Json;
using System.Text.Json.Serialization;
using Torchyard.Machine.Files;
using Torchyard.Machine.Gpus;
using Torchyard.Testing.Files;

namespace Torchyard.Testing.Gpus;

/// <summary>A machine from <c>Machines/</c>: its files, and what NVML said.</summary>
public sealed partial class RecordedMachine
{
    // In the source tree: links and empty files do not survive a copy by the build.
    private RecordedMachine(string name)
    {
        Folder = SourceTree.At("tests/Torchyard.Testing/Gpus/Machines/" + name);
        Files = new MachineFiles(Root);
        Gpus = JsonSerializer.Deserialize(File.ReadAllText(Path.Combine(Folder, "nvml.json")), SnapshotJson.Default.GpuSnapshot)!;
    }

    /// <summary>A machine with one H200.</summary>
    public static RecordedMachine H200 { get; } = new("h200");

    /// <summary>The directory that holds it.</summary>
    public string Folder { get; }

    /// <summary>Root of its files.</summary>
    public string Root => Path.Combine(Folder, "root");

    public MachineFiles Files { get; }

    public GpuSnapshot Gpus { get; }

    // The form that "torchyard gpus --json" writes.
    [JsonSourceGenerationOptions(
        PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
        UseStringEnumConverter = true,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true
    )]
    [JsonSerializable(typeof(GpuSnapshot))]
    private sealed partial class SnapshotJson : JsonSerializerContext;
}
