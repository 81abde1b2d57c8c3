using System.Text.Json.Serialization;

namespace Torchyard.Up;

/// <summary>A running environment as <c>up</c> shows it: how to get in, what is kept, what it may use.</summary>
internal sealed record EnvironmentReport
{
    /// <summary>Container name.</summary>
    public required string Name { get; init; }

    /// <summary>Container id.</summary>
    public required string Id { get; init; }

    /// <summary>Image name.</summary>
    public required string Image { get; init; }

    /// <summary>Digest of the image's manifest.</summary>
    public required string Digest { get; init; }

    /// <summary>Project directory.</summary>
    public required string Project { get; init; }

    /// <summary>True when it was running already.</summary>
    public required bool AlreadyRunning { get; init; }

    /// <summary>URL of Jupyter with its token; null without Jupyter.</summary>
    public string? Jupyter { get; init; }

    /// <summary>The ssh command; null without an SSH server.</summary>
    public string? Ssh { get; init; }

    /// <summary>Which keys may log in.</summary>
    public string? SshKeys { get; init; }

    /// <summary>Host path to path inside.</summary>
    public required IReadOnlyList<EnvironmentMount> Mounts { get; init; }

    /// <summary>Memory limit in bytes.</summary>
    public required long Memory { get; init; }

    /// <summary>CPUs.</summary>
    public required double Cpus { get; init; }

    /// <summary>Size of /dev/shm in bytes.</summary>
    public required long SharedMemory { get; init; }

    /// <summary>Most processes and threads.</summary>
    public required long Processes { get; init; }

    /// <summary>Limits, by option, that this machine does not enforce.</summary>
    public required IReadOnlyList<string> NotEnforced { get; init; }

    /// <summary>GPUs that the environment has.</summary>
    public required IReadOnlyList<string> Gpus { get; init; }

    /// <summary>What was tried in it at this start.</summary>
    public IReadOnlyList<EnvironmentCheck> Checks { get; init; } = [];

    /// <summary>Services that are not ready, with the reason.</summary>
    public IReadOnlyList<string> Troubles { get; init; } = [];
}

/// <summary>A directory of the host inside the environment.</summary>
/// <param name="Source">Host path.</param>
/// <param name="Target">Path inside.</param>
/// <param name="ReadOnly">True when it cannot be written to.</param>
internal sealed record EnvironmentMount(string Source, string Target, bool ReadOnly);

/// <summary>Source-generated JSON of the report.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(EnvironmentReport))]
internal sealed partial class ReportJson : JsonSerializerContext;
