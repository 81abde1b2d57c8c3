using System.Text.Json.Serialization;
using Torchyard.Recipes.Settings;

namespace Torchyard.Flows.Starting;

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

    /// <summary>The ssh command with everything that it needs to know but the host key; null without an SSH server.</summary>
    public string? Ssh { get; init; }

    /// <summary>The environment's name in <see cref="SshConfig"/>; null without an SSH server.</summary>
    public string? SshHost { get; init; }

    /// <summary>File of ssh_config(5) with the environment's entry, its host key included; null without an SSH server.</summary>
    public string? SshConfig { get; init; }

    /// <summary>True when the user's own settings have that file, so that ssh knows the name.</summary>
    public bool SshKnown { get; init; }

    /// <summary>The shortest ssh command that works here and checks the host key; null without an SSH server.</summary>
    [JsonIgnore]
    public string? SshLine =>
        SshHost is null ? Ssh
        : SshKnown ? $"ssh {SshHost}"
        : $"ssh -F {SshConfig} {SshHost}";

    /// <summary>Where its services are.</summary>
    public IReadOnlyList<PlacedService> Services { get; init; } = [];

    /// <summary>Which keys may log in.</summary>
    public string? SshKeys { get; init; }

    /// <summary>
    /// Services of the recipe whose address is not in the container's record, because an earlier version started it. What the container
    /// itself says about them is not passed on: it could send the user anywhere.
    /// </summary>
    public IReadOnlyList<string> UnknownAddresses { get; init; } = [];

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

    /// <summary>After how long without use it is stopped, and its GPUs are given back: <c>2h</c>; null: never.</summary>
    public string? IdleRelease { get; init; }

    /// <summary>What was tried in it at this start.</summary>
    public IReadOnlyList<EnvironmentCheck> Checks { get; init; } = [];

    /// <summary>What the recipe says otherwise than the running environment has, or had until now.</summary>
    public IReadOnlyList<EnvironmentChange> Changes { get; init; } = [];

    /// <summary>What pip installed into the project's own Python: it is there, and in neither recipe nor image.</summary>
    public IReadOnlyList<AddedPackage> AddedPackages { get; init; } = [];

    /// <summary>Lines of the recipe that would put it there.</summary>
    public IReadOnlyList<string> RecipeLines { get; init; } = [];

    /// <summary>Services that are not ready, with the reason.</summary>
    public IReadOnlyList<string> Troubles { get; init; } = [];

    /// <summary>The services of a recipe as the panel names them.</summary>
    internal static IReadOnlyList<string> ServicesOf(Recipe recipe) =>
        [
            .. recipe
                .Services.Ports.Where(service => service.Port is not null)
                .Select(service =>
                    service.Name switch
                    {
                        "jupyter" => "Jupyter",
                        "ssh" => "SSH",
                        var own => own,
                    }
                ),
        ];
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
