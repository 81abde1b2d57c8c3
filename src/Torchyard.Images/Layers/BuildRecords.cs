using Torchyard.Images.Oci;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;

namespace Torchyard.Images.Layers;

/// <summary>
/// What builds remember: <c>build/layers/KEY.json</c> is the layer of a key, <c>build/images/KEY</c> the manifest of a lock. All of it only
/// saves work: a record that is damaged may be removed, and the next build makes what it was about again.
/// </summary>
internal static class BuildRecords
{
    private const int MostText = 1024;

    internal static string Layers(StorePaths paths) => Path.Combine(paths.Build, "layers");

    internal static string Images(StorePaths paths) => Path.Combine(paths.Build, "images");

    /// <summary>Reads the record of a layer.</summary>
    internal static (PackedLayer? Value, string? Problem) ReadLayer(string path)
    {
        try
        {
            return RegularFile.TryRead(path, RecordText.MostBytes) is { } content
                ? OciJson.TryDeserialize<PackedLayer>(content)
                : (null, null);
        }
        catch (Exception failure) when (failure is TorchyardException or IOException or UnauthorizedAccessException)
        {
            return (null, failure.Message);
        }
    }

    /// <summary>Reads the record of an image.</summary>
    internal static (Digest? Value, string? Problem) ReadImage(string path)
    {
        try
        {
            return RegularFile.TryReadText(path, MostText) switch
            {
                null => (null, null),
                var text when Digest.TryParse(text.Trim(), out var manifest) => (manifest, null),
                _ => (null, "has no digest"),
            };
        }
        catch (Exception failure) when (failure is TorchyardException or IOException or UnauthorizedAccessException)
        {
            return (null, failure.Message);
        }
    }

    /// <summary>Writes a record.</summary>
    internal static void Write(string path, byte[] content)
    {
        StoreDirectory.Create(Path.GetDirectoryName(path)!);
        RegularFile.ClearPlace(path);
        AtomicFile.Write(path, content);
    }

    /// <summary>Diff ids of the layers that builds remember.</summary>
    internal static IEnumerable<Digest> PackedLayers(StorePaths paths) =>
        Entries(Layers(paths)).Select(path => ReadLayer(path).Value?.DiffId).OfType<Digest>();

    /// <summary>Records that cannot be read, with what is wrong with them.</summary>
    internal static IEnumerable<(string Path, string Problem)> Damaged(StorePaths paths)
    {
        foreach (var path in Entries(Layers(paths)))
        {
            if (ReadLayer(path).Problem is { } problem)
            {
                yield return (path, problem);
            }
        }

        foreach (var path in Entries(Images(paths)))
        {
            if (ReadImage(path).Problem is { } problem)
            {
                yield return (path, problem);
            }
        }
    }

    private static string[] Entries(string directory) =>
        Directory.Exists(directory)
            ? [.. Directory.GetFileSystemEntries(directory).Where(path => !path.EndsWith(".tmp", StringComparison.Ordinal))]
            : [];
}
