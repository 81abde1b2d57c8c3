using System.Text.Json.Serialization;
using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Requests;
using Torchyard.Containers.State;
using Torchyard.Platform.Files;

namespace Torchyard.Containers.Copying;

/// <summary>What the process that copies is told: everything is settled by then but the files themselves.</summary>
internal sealed record CopyPlan
{
    /// <summary>Name of the container, for messages.</summary>
    public required string Container { get; init; }

    /// <summary>The container's first process, whose files are the container's; null where it does not run.</summary>
    public ProcessIdentity? Process { get; init; }

    /// <summary>Where the root file system of a container that does not run was put together; null where it runs.</summary>
    public string? Root { get; init; }

    /// <summary>Mounts that a container which does not run has not got.</summary>
    public IReadOnlyList<MountRequest> Missing { get; init; } = [];

    /// <summary>True to copy into the container.</summary>
    public required bool IntoContainer { get; init; }

    /// <summary>The path inside, as it was written.</summary>
    public required string Inside { get; init; }

    /// <summary>The path on the machine, without links; null for an archive on standard input or output.</summary>
    public string? Outside { get; init; }

    /// <summary>The destination must be a directory, as it was written with a slash behind it.</summary>
    public bool WantsDirectory { get; init; }

    /// <summary>Copy what is in the directory, and not the directory.</summary>
    public bool ContentAlone { get; init; }

    /// <summary>Follow a link that the source is.</summary>
    public bool FollowLink { get; init; }

    /// <summary>Keep the numbers of owners.</summary>
    public bool KeepOwners { get; init; }

    /// <summary>The user inside to whom copies belong there.</summary>
    public required uint InsideUser { get; init; }

    /// <summary>The group inside.</summary>
    public required uint InsideGroup { get; init; }

    /// <summary>Ids inside and as this process sees them; null: the same.</summary>
    public IdMapping? Ids { get; init; }

    /// <summary>The user, as this process sees ids, to whom copies on the machine belong.</summary>
    public required uint OutsideUser { get; init; }

    /// <summary>The group.</summary>
    public required uint OutsideGroup { get; init; }

    /// <summary>False where this process knows one id alone, so that owners cannot be set.</summary>
    public required bool HasOwners { get; init; }
}

/// <summary>Carries a plan to the process that copies.</summary>
[JsonSourceGenerationOptions(
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false,
    MaxDepth = RecordText.MostDepth
)]
[JsonSerializable(typeof(CopyPlan))]
internal sealed partial class CopyJson : JsonSerializerContext
{
    /// <summary>How a plan is read.</summary>
    public static RecordFormat<CopyPlan> Plan =>
        new(Default.CopyPlan, plan => (plan.Process is null) == (plan.Root is null) ? "names no root" : null);
}
