namespace Torchyard.Containers.Namespaces;

/// <summary>
/// A file or directory of the host that a container sees: taken by descriptor before the runtime starts, with its restrictions already on
/// it, and attached in the stage (<see cref="NamespacePlan.Stage"/>) from where the runtime binds it.
/// </summary>
internal sealed record TreePlan
{
    /// <summary>Absolute path without a link in it; one that has become a link since is refused.</summary>
    public required string Source { get; init; }

    /// <summary>Name in the stage.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// Destination in the root file system for a file that is mounted there before the runtime starts, which takes it along with the root
    /// file system; null for what the runtime mounts itself. A runtime handles each mount of a user namespace several times: with the 20 to
    /// 40 files of NVIDIA's driver that was most of a start.
    /// </summary>
    public string? Inside { get; init; }

    /// <summary>Mounts below it are shown, too.</summary>
    public bool Recursive { get; init; } = true;

    /// <summary>It cannot be written to, nor can the mounts below it.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>Device nodes in it work: only for the nodes that are handed in one by one.</summary>
    public bool Devices { get; init; }

    /// <summary>No program on it can be started.</summary>
    public bool NoExecute { get; init; }

    /// <summary>Ids on disk (inside) and as the container's kernel ids (outside), or null: as they are on disk.</summary>
    public IdMapping? Ids { get; init; }
}
