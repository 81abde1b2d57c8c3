using System.Collections.Concurrent;
using Torchyard.Packages.Python.Settings;
using Torchyard.Recipes;

namespace Torchyard.Packages.Python.Indexes;

/// <summary>An index to ask.</summary>
/// <param name="Id">Short name in the lock.</param>
/// <param name="Url">Root to read from, here and now: a mirror of the machine's settings or <paramref name="Canonical"/> itself.</param>
/// <param name="Canonical">Root that the lock names.</param>
/// <param name="Projects">The only projects that are taken from it, normalised; null for all.</param>
public sealed record PythonIndex(string Id, Uri Url, string Canonical, IReadOnlyList<string>? Projects = null);

/// <summary>A project and the index that it is taken from.</summary>
/// <param name="Index">The first index that has it; null when only find-links directories do.</param>
/// <param name="Page">Its files, those of find-links first.</param>
public sealed record FoundProject(PythonIndex? Index, ProjectPage Page);

/// <summary>
/// The indexes of a recipe in order of priority. For each project the first index that has it is the only one used, whatever versions
/// the others may have: a public index can then not slip a package in under the name of a private one. Later indexes are not
/// even asked, so that they do not learn private names.
/// </summary>
public sealed class PythonIndexes
{
    /// <summary>The index that a mirror in the machine's settings stands for.</summary>
    public const string PyPI = "https://pypi.org/simple/";

    private readonly SimpleIndexClient _client;
    private readonly ConcurrentDictionary<string, Task<FoundProject?>> _found = new(StringComparer.Ordinal);

    /// <summary>Takes these indexes.</summary>
    /// <param name="client">Reads them.</param>
    /// <param name="indexes">In order of priority.</param>
    /// <param name="findLinks">Directories with wheels.</param>
    public PythonIndexes(SimpleIndexClient client, IReadOnlyList<PythonIndex> indexes, IReadOnlyList<string> findLinks)
    {
        _client = client;
        Indexes = indexes;
        FindLinks = findLinks;
    }

    /// <summary>The indexes, most important first.</summary>
    public IReadOnlyList<PythonIndex> Indexes { get; }

    /// <summary>Directories with wheels, absolute.</summary>
    public IReadOnlyList<string> FindLinks { get; }

    /// <summary>Extra indexes, then indexes; from the recipe, where it names none from pip's settings, else PyPI.</summary>
    /// <param name="settings">The recipe's <c>[python]</c>.</param>
    /// <param name="pip">The machine's pip settings.</param>
    /// <param name="credentials">Takes credentials out of URLs.</param>
    /// <param name="environment">Looks up an environment variable.</param>
    public static IReadOnlyList<PythonIndex> Choose(
        PythonSettings settings, PipSettings pip, IndexCredentials credentials, Func<string, string?> environment)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(pip);
        ArgumentNullException.ThrowIfNull(credentials);
        var named = settings.Indexes.Count > 0 || settings.ExtraIndexes.Count > 0;
        var result = new List<PythonIndex>();
        void Add(string url, string? canonical)
        {
            var root = credentials.Adopt(url.EndsWith('/') ? url : url + "/", environment);
            var text = canonical ?? root.AbsoluteUri;
            if (result.All(i => i.Canonical != text))
            {
                result.Add(new PythonIndex(Id(text, result), root, text));
            }
        }

        foreach (var url in settings.ExtraIndexes.Concat(named ? [] : pip.ExtraIndexUrls))
        {
            Add(url, canonical: null);
        }

        foreach (var url in settings.Indexes)
        {
            Add(url, canonical: null);
        }

        // An extra index of the recipe leaves the default one in place, and the machine's mirror of it.
        if (settings.Indexes.Count == 0 && !(pip.NoIndex && !named))
        {
            Add(pip.IndexUrl ?? PyPI, PyPI);
        }

        return result;
    }

    /// <summary>The same indexes with another before them, of which only some projects are taken.</summary>
    /// <param name="canonical">Its root, with a final slash.</param>
    /// <param name="projects">Normalised names.</param>
    /// <param name="mirror">A mirror to ask in its place; null for itself.</param>
    public PythonIndexes With(string canonical, IReadOnlyList<string> projects, Uri? mirror = null)
    {
        var id = Id(canonical, [.. Indexes]);
        return new PythonIndexes(_client, [new PythonIndex(id, mirror ?? new Uri(canonical), canonical, projects), .. Indexes], FindLinks);
    }

    /// <summary>The files of a project from the first index that has it, with those of the find-links directories; null when nobody has it.</summary>
    public Task<FoundProject?> FindAsync(string name, CancellationToken cancellation) =>
        _found.GetOrAdd(name, (key, token) => SearchAsync(key, token), cancellation);

    /// <summary>True when METADATA of a wheel can be had; see <see cref="SimpleIndexClient.CanRead"/>.</summary>
    public bool CanRead(ProjectFile file) => _client.CanRead(file);

    /// <summary>METADATA of a wheel of an index or of a find-links directory.</summary>
    public async Task<byte[]?> FindMetadataAsync(ProjectFile file, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(file);
        return file.Url.IsFile ? null : await _client.FindMetadataAsync(file, cancellation);
    }

    /// <summary>Size of a file: as its index says, else as its server does; null when neither tells.</summary>
    public async Task<long?> FindSizeAsync(ProjectFile file, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(file);
        return file.Size ?? (file.Url.IsFile ? new FileInfo(file.Url.LocalPath).Length : await _client.FindSizeAsync(file.Url, cancellation));
    }

    private static string Id(string canonical, List<PythonIndex> others)
    {
        var uri = new Uri(canonical);
        // download.pytorch.org/whl/cu128/ is known by its last part, most others by their host.
        var id = canonical == PyPI ? "pypi"
            : uri.Host.EndsWith("pytorch.org", StringComparison.Ordinal) ? "pytorch-" + uri.Segments[^1].Trim('/')
            : uri.Host;
        var number = 2;
        var unique = id;
        while (others.Any(o => o.Id == unique))
        {
            unique = $"{id}-{number++}";
        }

        return unique;
    }

    private async Task<FoundProject?> SearchAsync(string name, CancellationToken cancellation)
    {
        var local = FindLinksFiles.Find(FindLinks, name);
        foreach (var index in Indexes.Where(index => index.Projects?.Contains(name) != false))
        {
            if (await _client.FindProjectAsync(index.Url, name, cancellation) is { Files.Count: > 0 } page)
            {
                return new FoundProject(index, page with { Files = [.. local, .. page.Files] });
            }
        }

        return local.Count > 0 ? new FoundProject(null, new ProjectPage(name, local[0].Url, local)) : null;
    }
}
