using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Recipes.Settings;
using Torchyard.Recipes.Wishes;

namespace Torchyard.Recipes.Sources;

/// <summary>
/// The files that a recipe names, each read once: what was looked at for its wishes is what is used, however often somebody exchanges it
/// meanwhile. A file outside the project, also behind a link, is read only when that wish was granted, which is checked on the file that
/// was opened.
/// </summary>
public sealed class ProjectFiles
{
    private readonly Lock _lock = new();
    private readonly HashSet<Wish> _granted = [];
    private readonly Dictionary<string, byte[]?> _content = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _real = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IReadOnlyList<IReadOnlyList<ProjectTreeFile>>> _trees = new(StringComparer.Ordinal);
    private readonly bool _everywhere;

    /// <summary>The files of a project.</summary>
    /// <param name="directory">Its directory, absolute: what paths are relative to.</param>
    public ProjectFiles(string directory)
        : this(directory, everywhere: false) { }

    private ProjectFiles(string directory, bool everywhere)
    {
        Directory = directory;
        RealDirectory = RealPath.Of(directory);
        _everywhere = everywhere;
    }

    /// <summary>Directory of the project, absolute.</summary>
    public string Directory { get; }

    /// <summary>The same without links.</summary>
    public string RealDirectory { get; }

    /// <summary>Files that the user's own settings name, wherever they are.</summary>
    public static ProjectFiles OfUser(string directory) => new(directory, everywhere: true);

    /// <summary>Lets the recipe have something.</summary>
    public void Grant(Wish wish)
    {
        lock (_lock)
        {
            _granted.Add(wish);
        }
    }

    /// <summary>True for what the recipe was given.</summary>
    public bool IsGranted(Wish wish)
    {
        lock (_lock)
        {
            return _everywhere || _granted.Contains(wish);
        }
    }

    /// <summary>An absolute path without links, as it was when it was first asked for.</summary>
    /// <param name="path">Relative to the project, or absolute.</param>
    public string RealOf(string path)
    {
        var full = Path.GetFullPath(path, Directory);
        lock (_lock)
        {
            return _real.TryGetValue(full, out var known) ? known : _real[full] = RealPath.Of(full);
        }
    }

    /// <summary>True when a path leads out of the project.</summary>
    public bool IsOutside(string path) => !_everywhere && !RealPath.IsWithin(RealOf(path), RealDirectory);

    /// <summary>True for a real path in the project, and for one that a granted wish has.</summary>
    public bool Reaches(string realPath)
    {
        if (_everywhere || RealPath.IsWithin(realPath, RealDirectory))
        {
            return true;
        }

        lock (_lock)
        {
            return _granted.Any(wish =>
                wish.Kind switch
                {
                    WishKind.File or WishKind.Keyring => wish.What == realPath,
                    WishKind.Directory => RealPath.IsWithin(realPath, wish.What),
                    _ => false,
                }
            );
        }
    }

    /// <summary>The content of a file, read once.</summary>
    /// <param name="path">Relative to the project, or absolute.</param>
    /// <param name="limit">Most bytes.</param>
    /// <exception cref="TorchyardException">TY1043: it is outside the project, and nobody allowed that.</exception>
    /// <exception cref="IOException">It cannot be read, is not a file, or larger.</exception>
    public byte[] Read(string path, long limit) =>
        Read(path, limit, Require) ?? throw new FileNotFoundException($"there is no file {path}", path);

    /// <summary>
    /// As above, also where it is outside; null when there is none. For what is only shown or hashed before anybody was asked.
    /// </summary>
    public byte[]? ReadAnywhere(string path, long limit) => Read(path, limit, check: null);

    /// <summary>Opens a file that is too large to be kept.</summary>
    /// <param name="path">Relative to the project, or absolute.</param>
    /// <exception cref="TorchyardException">TY1043.</exception>
    public FileStream Open(string path) => RegularFile.OpenRead(Path.GetFullPath(path, Directory), Require);

    /// <summary>What the sources of <c>[[files]]</c> hold, each source by itself; listed and hashed once.</summary>
    /// <exception cref="TorchyardException">TY1012, TY1018, TY1043: one of them cannot be in an image.</exception>
    public IReadOnlyList<IReadOnlyList<ProjectTreeFile>> Trees(IReadOnlyList<FilesSetting> wanted)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        var key = string.Join('\0', wanted.Select(one => one.Source));
        lock (_lock)
        {
            if (!_trees.TryGetValue(key, out var found))
            {
                var tree = new ProjectTree(this, ProjectTreeBounds.OfRecipes);
                _trees[key] = found = [.. wanted.Select(tree.List)];
            }

            return found;
        }
    }

    /// <summary>What to throw for a file that a recipe names and that cannot be read.</summary>
    internal static TorchyardException Unreadable(string file, Exception failure) =>
        new(
            "TY1012",
            $"the recipe names the file {file}, which cannot be read: {failure.Message.TrimEnd('.')}",
            "correct the path (it is relative to the recipe), or make the file readable",
            failure
        )
        {
            IsUsage = true,
        };

    /// <summary>Refuses a real path that the recipe may not reach.</summary>
    /// <exception cref="TorchyardException">TY1043.</exception>
    public void Require(string realPath)
    {
        if (!Reaches(realPath))
        {
            throw new TorchyardException(
                "TY1043",
                $"something in the project leads to {realPath}, outside of it, and did not when the recipe was checked",
                "find out what changed it while the command ran, such as a link made by a "
                    + "running environment; then run the same command again"
            )
            {
                IsUsage = true,
            };
        }
    }

    private byte[]? Read(string path, long limit, Action<string>? check)
    {
        var full = Path.GetFullPath(path, Directory);
        lock (_lock)
        {
            if (!_content.TryGetValue(full, out var content))
            {
                _content[full] = content = ReadNow(full, limit, check);
            }
            else if (check is not null && content is not null)
            {
                // It was read before anybody was asked.
                check(RealOf(full));
            }

            return content;
        }
    }

    private byte[]? ReadNow(string full, long limit, Action<string>? check)
    {
        try
        {
            return RegularFile.ReadAllBytes(full, limit, real =>
            {
                _real[full] = real;
                check?.Invoke(real);
            });
        }
        catch (TorchyardException unfit) when (unfit.Code is PlatformCodes.NotRegular or PlatformCodes.TooLarge)
        {
            // Whoever needs the file says what it is for.
            throw new IOException(unfit.Message, unfit);
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}
