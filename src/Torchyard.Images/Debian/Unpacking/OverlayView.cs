using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;

namespace Torchyard.Images.Debian.Unpacking;

/// <summary>
/// What a container sees of layers that lie above each other, without mounting them: links lead where they would lead inside, whatever a
/// package made of them, and never out of the layers.
/// </summary>
internal sealed class OverlayView : IDisposable
{
    private const long MaximumText = 256 << 20;

    private readonly IReadOnlyList<ConfinedDirectory> _layers;

    /// <summary>Opens layers.</summary>
    /// <param name="layers">Their directories, top first.</param>
    public OverlayView(IEnumerable<string> layers) => _layers = [.. layers.Select(layer => ConfinedDirectory.Open(layer))];

    /// <summary>What is at a path, a link in its last part not followed; null when there is nothing.</summary>
    public FileFacts? Status(string path) => Resolve(path, followLast: false)?.Facts;

    /// <summary>Text of a file, links followed; empty when there is none.</summary>
    /// <exception cref="TorchyardException">TY9023: it is not a regular file; TY9024: it is larger than any of a package.</exception>
    public string ReadText(string path) =>
        Resolve(path, followLast: true) is { } place ? place.Layer.ReadText(place.Path, MaximumText) ?? "" : "";

    /// <summary>
    /// An absolute path of a directory without links; from the first name on that does not exist, as written. Null where something on the
    /// way is not a directory, or the links lead in a circle.
    /// </summary>
    public string? RealDirectory(string path) => LinkWalk.Follow(path, (next, _) => Look(next[1..]) switch
            {
                null or { Facts.IsDirectory: true } => "",
                { Facts.IsLink: true } link => link.Layer.ReadLink(link.Path),
                _ => null,
            });

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var layer in _layers)
        {
            layer.Dispose();
        }
    }

    private Place? Resolve(string path, bool followLast)
    {
        Place? found = null;
        var real = LinkWalk.Follow(path, (next, left) =>
        {
            found = Look(next[1..]);
            return found is null ? null
                : !found.Facts.IsLink || (left == 0 && !followLast) ? ""
                : found.Layer.ReadLink(found.Path);
        });
        // What ends in ".." or in the root is a directory.
        return real is null || found is null ? null
            : found.Path == real[1..] ? found
            : Look(real[1..]);
    }

    /// <summary>The topmost layer that has a path of which no part is a link.</summary>
    private Place? Look(string path)
    {
        foreach (var layer in _layers)
        {
            // A layer may have a link where one above it has a directory: the directory is seen.
            if (StatusIn(layer, path) is { } facts)
            {
                return facts.IsWhiteout ? null : new Place(layer, path, facts);
            }
        }

        return null;
    }

    private static FileFacts? StatusIn(ConfinedDirectory layer, string path)
    {
        try
        {
            return layer.Status(path);
        }
        catch (TorchyardException link) when (link.Code == PlatformCodes.LinkOut)
        {
            return null;
        }
    }

    private sealed record Place(ConfinedDirectory Layer, string Path, FileFacts Facts);
}
