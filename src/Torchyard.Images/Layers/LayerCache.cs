using Torchyard.Images.Oci;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Files;

namespace Torchyard.Images.Layers;

/// <summary>
/// Finished layers by the key of what they were made from: <c>build/layers/KEY.json</c>. An entry counts only while the blob and the
/// mounted form that it names are there.
/// </summary>
internal sealed class LayerCache(StorePaths paths, OciLayout layout)
{
    private string Directory => BuildRecords.Layers(paths);

    /// <summary>The layer of a key, if the store has it whole.</summary>
    internal PackedLayer? Find(Digest key) =>
        FindBlob(key) is { } layer && System.IO.Directory.Exists(MountedPath(layer.DiffId)) ? layer : null;

    /// <summary>The layer of a key, if the store has its blob; the mounted form may be missing.</summary>
    internal PackedLayer? FindBlob(Digest key)
    {
        var path = Path.Combine(Directory, key.Hex + ".json");
        // A damaged entry costs a rebuild of the layer and nothing else.
        return BuildRecords.ReadLayer(path).Value is { } layer && layout.HasBlob(layer.Blob, layer.Size) ? layer : null;
    }

    /// <summary>Remembers a layer and moves its mounted form into place.</summary>
    internal void Add(Digest key, PackedLayer layer, string mounted)
    {
        var target = MountedPath(layer.DiffId);
        StoreDirectory.Create(paths.Layers, StoreDirectory.OwnerOnly);
        if (!System.IO.Directory.Exists(target))
        {
            try
            {
                System.IO.Directory.Move(mounted, target);
            }
            catch (IOException) when (System.IO.Directory.Exists(target))
            {
                // Another build was faster; both forms are the same.
            }
        }

        Remember(key, layer);
    }

    /// <summary>Remembers a layer whose mounted form is made when it is needed.</summary>
    internal void Remember(Digest key, PackedLayer layer)
    {
        BuildRecords.Write(Path.Combine(Directory, key.Hex + ".json"), OciJson.Serialize(layer));
    }

    internal string MountedPath(Digest diffId) => Path.Combine(paths.Layers, diffId.Hex);
}
