using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Torchyard.Platform.Files;

namespace Torchyard.Containers.Gpus;

/// <summary>The content of a record of a claim. It is a stranger's: nothing of it is believed that the kernel does not confirm.</summary>
internal sealed record ClaimRecord
{
    public required int Version { get; init; }

    public required int ProcessId { get; init; }

    public required long StartTime { get; init; }

    public string? Name { get; init; }

    public string? Container { get; init; }

    public required IReadOnlyList<string> Gpus { get; init; }
}

/// <summary>How records of claims are read and written.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false,
    MaxDepth = RecordText.MostDepth
)]
[JsonSerializable(typeof(ClaimRecord))]
internal sealed partial class ClaimJson : JsonSerializerContext
{
    /// <summary>More than the most devices that a machine has, in bytes of their UUIDs.</summary>
    public const int MostBytes = 64 << 10;

    /// <summary>Version of the form.</summary>
    public const int CurrentVersion = 1;

    private const int MostGpus = 512;

    /// <summary>How one is read.</summary>
    public static RecordFormat<ClaimRecord> Record => new(Default.ClaimRecord, Problem, MostBytes);

    private static string? Problem(ClaimRecord record) =>
        record switch
        {
            { Version: not CurrentVersion } => "is of another version",
            { ProcessId: <= 0 } or { StartTime: < 0 } => "names a process that there is not",
            { Name: { } name } when !ContainerName().IsMatch(name) => "has no container's name",
            { Container: { } id } when !Hexadecimal().IsMatch(id) => "has no container's id",
            { Gpus: { Count: 0 or > MostGpus } } => "has no GPU, or more than there are",
            { Gpus: var gpus } when !gpus.All(gpu => Uuid().IsMatch(gpu)) => "names a GPU that there is not",
            _ => null,
        };

    // As ContainerPreparation has it.
    [GeneratedRegex(@"\A[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}\z", RegexOptions.CultureInvariant)]
    private static partial Regex ContainerName();

    [GeneratedRegex(@"\A[0-9a-f]{64}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Hexadecimal();

    // MIG devices of old drivers are MIG-GPU-…/1/0.
    [GeneratedRegex(@"\A(GPU|MIG)-[0-9a-zA-Z/-]{1,128}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Uuid();
}
