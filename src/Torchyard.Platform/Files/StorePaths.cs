namespace Torchyard.Platform.Files;

/// <summary>
/// The directories of a store. Everything Torchyard keeps on a machine is under <see cref="Root"/>; removing that directory removes all of
/// it.
/// </summary>
/// <param name="Root">Absolute path of the store.</param>
public sealed record StorePaths(string Root)
{
    /// <summary>An OCI image layout (image-spec, image-layout.md) that other tools read in place: oci-layout, index.json, blobs/.</summary>
    public string Oci => Path.Combine(Root, "oci");

    /// <summary>Fetched packages by hash: <c>packages/sha256/ab/abcd….</c></summary>
    public string Packages => Path.Combine(Root, "packages");

    /// <summary>Verified package indexes of archives, by hash.</summary>
    public string Indexes => Path.Combine(Root, "indexes");

    /// <summary>Mounted form of the layers: <c>layers/DIFFID/</c>, one directory a layer, used as overlay lower directories.</summary>
    public string Layers => Path.Combine(Root, "layers");

    /// <summary>State of the containers: <c>containers/ID/</c>.</summary>
    public string Containers => Path.Combine(Root, "containers");

    /// <summary>Named volumes of containers: <c>volumes/NAME/</c>; never removed but by name.</summary>
    public string Volumes => Path.Combine(Root, "volumes");

    /// <summary>What outlives the containers of a project: SSH host keys, certificates, service logs.</summary>
    public string Projects => Path.Combine(Root, "projects");

    /// <summary>Caches of downloads that the environments share, each a directory by its name.</summary>
    public string Caches => Path.Combine(Root, "caches");

    /// <summary>Programs fetched for this machine, such as crun.</summary>
    public string Tools => Path.Combine(Root, "tools");

    /// <summary>Compiled system call filters of OCI runtimes; they save time and may be removed whenever nothing starts.</summary>
    public string Filters => Path.Combine(Root, "filters");

    /// <summary>What builds remember: finished layers and images by the key of what they were made from, interpreters.</summary>
    public string Build => Path.Combine(Root, "build");

    /// <summary>Held, shared, by whoever builds or starts from images; alone by whoever deletes.</summary>
    public string UseLock => Path.Combine(Root, "use.lock");

    /// <summary>Held while index.json changes.</summary>
    public string IndexLock => Path.Combine(Root, "index.lock");

    /// <summary>Held while a program is fetched.</summary>
    public string ToolsLock => Path.Combine(Tools, "lock");

    /// <summary>
    /// Work in progress, on the store's own file system so that a rename finishes it; emptied of leftovers by <c>prune</c>.
    /// </summary>
    public string Temporary => Path.Combine(Root, "tmp");

    /// <summary>
    /// The store of a user who named none: <c>/var/lib/torchyard</c> for root, else <c>torchyard</c> among the user's data.
    /// </summary>
    /// <param name="isRoot">True when the effective user id is 0.</param>
    /// <param name="directories">The user's.</param>
    public static StorePaths Default(bool isRoot, BaseDirectories directories)
    {
        ArgumentNullException.ThrowIfNull(directories);
        return new StorePaths(isRoot ? "/var/lib/torchyard" : Path.Combine(directories.Data, "torchyard"));
    }
}
