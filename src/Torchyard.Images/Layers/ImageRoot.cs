using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;

namespace Torchyard.Images.Layers;

/// <summary>
/// The files of an image, read from its layers without mounting them, as overlayfs would show them (kernel documentation, overlayfs:
/// whiteouts and opaque directories). Layers are untrusted: every layer is a directory of its own that no link leads out of, links are
/// followed from part to part inside the image only, and nothing but regular files is opened.
/// </summary>
public sealed class ImageRoot : IDisposable
{
    private const int MaxNames = 100_000;
    private readonly IReadOnlyList<ConfinedDirectory> _layers;

    /// <summary>Looks at an image.</summary>
    /// <param name="layers">Its layers as directories in overlay form, the topmost first.</param>
    public ImageRoot(IReadOnlyList<string> layers) =>
        _layers = [.. layers.Select(l => ConfinedDirectory.Open(Path.TrimEndingDirectorySeparator(l)))];

    /// <summary>Looks at an unpacked image.</summary>
    /// <param name="directory">Its root, which the user named: a link there is the user's.</param>
    public static ImageRoot OfDirectory(string directory) => new([StatusCalls.RealPath(directory) ?? directory]);

    /// <summary>Opens a file of the image, links followed inside of it; null when the image has no such regular file.</summary>
    public FileStream? Open(string path)
    {
        if (Resolve(path) is not { } inside || Top(inside) is not { } top || !top.Facts.IsRegular)
        {
            return null;
        }

        return Ask(() => top.Layer.OpenRead(inside));
    }

    /// <summary>Content of a file; null when there is none, or it is larger than the limit.</summary>
    public byte[]? Read(string path, int limit) =>
        Resolve(path) is { } inside && Top(inside) is { Facts.IsRegular: true } top ? Ask(() => top.Layer.ReadBytes(inside, limit)) : null;

    /// <summary>What is at a path, links followed inside of the image; null when there is nothing.</summary>
    public FileFacts? Status(string path) => Resolve(path) is { } inside ? Top(inside)?.Facts : null;

    /// <summary>Lines of a file; none when there is none, or it is larger than the limit.</summary>
    public IReadOnlyList<string> ReadLines(string path, int limit) =>
        Read(path, limit) is { } content ? RegularFile.Text(content).Split('\n') : [];

    /// <summary>The path inside the image after following every link; null when it does not exist.</summary>
    public string? Resolve(string path) => LinkWalk.Follow(path, (inside, _) => Top(inside) switch
            {
                null => null,
                { Facts.IsLink: true } top => Ask(() => top.Layer.ReadLink(inside)),
                _ => "",
            });

    /// <summary>Names in a directory of the image, in ordinal order; none when it does not exist.</summary>
    public IReadOnlyList<string> List(string directory)
    {
        if (Resolve(directory) is not { } inside)
        {
            return [];
        }

        var names = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var layer in Seen(inside))
        {
            foreach (var entry in (Ask(() => layer.List(inside)) ?? []).Take(MaxNames))
            {
                if (!names.Contains(entry) && Top($"{(inside == "/" ? "" : inside)}/{entry}") is not null)
                {
                    names.Add(entry);
                }
            }
        }

        return [.. names];
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var layer in _layers)
        {
            layer.Dispose();
        }
    }

    /// <summary>The topmost entry at a path of which no part is a link; null when there is none, or it was removed.</summary>
    private (ConfinedDirectory Layer, FileFacts Facts)? Top(string inside)
    {
        foreach (var layer in Seen(inside == "/" ? "/" : inside[..Math.Max(1, inside.LastIndexOf('/'))]))
        {
            if (Status(layer, inside) is { } facts)
            {
                return facts.IsWhiteout ? null : (layer, facts);
            }
        }

        return null;
    }

    /// <summary>
    /// The layers whose directory is seen at a path: down to the first that has something else there, or hides what lies below.
    /// </summary>
    private IEnumerable<ConfinedDirectory> Seen(string directory)
    {
        var parts = directory.Split('/', StringSplitOptions.RemoveEmptyEntries);
        foreach (var layer in _layers)
        {
            var (has, last) = (true, false);
            var at = "";
            foreach (var part in parts)
            {
                at += "/" + part;
                if (Status(layer, at) is not { } facts)
                {
                    has = false;
                    break;
                }

                // A file, a link or a whiteout covers the directories of the layers below, and is none.
                if (!facts.IsDirectory)
                {
                    yield break;
                }

                last |= Ask(() => layer.IsOpaque(at) ? layer : null) is not null;
            }

            if (has)
            {
                yield return layer;
            }

            if (last)
            {
                yield break;
            }
        }
    }

    private static FileFacts? Status(ConfinedDirectory layer, string path) =>
        Ask(() => layer.Status(path) is { } facts ? new Found(facts) : null)?.Facts;

    /// <summary>What is not a file, is too large, became a link in this moment, or may not be looked at, is not there.</summary>
    private static T? Ask<T>(Func<T?> question)
        where T : class
    {
        try
        {
            return question();
        }
        catch (Exception e)
            when (e
                    is IOException
                        or UnauthorizedAccessException
                        or TorchyardException { Code: PlatformCodes.NotRegular or PlatformCodes.TooLarge or PlatformCodes.LinkOut }
            )
        {
            return null;
        }
    }

    private sealed record Found(FileFacts Facts);
}
