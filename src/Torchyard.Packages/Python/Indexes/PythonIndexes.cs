using System.Collections.Concurrent;
using Torchyard.Packages.Python.Settings;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;

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
internal sealed record FoundProject(PythonIndex? Index, ProjectPage Page);

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
    private readonly ConcurrentDictionary<Uri, Task<IReadOnlyList<ProjectFile>>> _links = [];
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

    /// <summary>Refuses the real path of a file of find-links that nobody allowed, such as one behind a link.</summary>
    public Action<string> RequireLocal { get; init; } = static _ => { };

    /// <summary>Pages of servers that link to files of any project, and single files of servers.</summary>
    public IReadOnlyList<Uri> FindLinkPages { get; init; } = [];

    /// <summary>Normalised name of the project that the recipe is of, which nobody is asked for; null for none.</summary>
    public string? Project { get; init; }

    /// <summary>Extra indexes, then indexes; from the recipe, where it names none from pip's settings, else PyPI.</summary>
    /// <param name="settings">The recipe's <c>[python]</c>.</param>
    /// <param name="pip">The machine's pip settings.</param>
    /// <param name="credentials">Takes credentials out of URLs.</param>
    /// <param name="environment">Looks up an environment variable.</param>
    public static IReadOnlyList<PythonIndex> Choose(
        PythonSettings settings,
        PipSettings pip,
        IndexCredentials credentials,
        Func<string, string?> environment
    )
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(pip);
        ArgumentNullException.ThrowIfNull(credentials);
        var named = settings.Indexes.Count > 0 || settings.ExtraIndexes.Count > 0;
        var result = new List<PythonIndex>();
        void Add(string url, string? canonical)
        {
            var root = credentials.Adopt(url.EndsWith('/') ? url : url + "/");
            var text = canonical ?? root.AbsoluteUri;
            if (result.All(i => i.Canonical != text))
            {
                result.Add(new PythonIndex(Id(text, result), root, text));
            }
        }

        // Those of requirement files have their variables replaced; those of the user's settings are the user's.
        var own = CredentialVariables.OfUser(environment);
        foreach (var url in settings.ExtraIndexes.Concat(named ? [] : pip.ExtraIndexUrls.Select(url => own.Expand(url, null))))
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
            Add(own.Expand(pip.IndexUrl ?? PyPI, null), PyPI);
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
        return new PythonIndexes(_client, [new PythonIndex(id, mirror ?? new Uri(canonical), canonical, projects), .. Indexes], FindLinks)
        {
            RequireLocal = RequireLocal,
            FindLinkPages = FindLinkPages,
            Project = Project,
        };
    }

    /// <summary>True when an index or a find-links directory has a project.</summary>
    /// <param name="name">Its normalised name.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task<bool> HasAsync(string name, CancellationToken cancellation) => await FindAsync(name, cancellation) is not null;

    /// <summary>
    /// The files of a project from the first index that has it, with those of the find-links directories; null when nobody has it.
    /// </summary>
    internal Task<FoundProject?> FindAsync(string name, CancellationToken cancellation) =>
        _found.GetOrAdd(name, (key, token) => SearchAsync(key, token), cancellation);

    /// <summary>True when METADATA of a wheel can be had; see <see cref="SimpleIndexClient.CanRead"/>.</summary>
    internal bool CanRead(ProjectFile file) => _client.CanRead(file);

    /// <summary>METADATA of a wheel of an index or of a find-links directory.</summary>
    internal async Task<byte[]?> FindMetadataAsync(ProjectFile file, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(file);
        return file.Url.IsFile ? null : await _client.FindMetadataAsync(file, cancellation);
    }

    /// <summary>Size of a file: as its index says, else as its server does; null when neither tells.</summary>
    internal async Task<long?> FindSizeAsync(ProjectFile file, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(file);
        return file.Size
            ?? (file.Url.IsFile ? new FileInfo(file.Url.LocalPath).Length : await _client.FindSizeAsync(file.Url, cancellation));
    }

    private static string Id(string canonical, List<PythonIndex> others)
    {
        var uri = new Uri(canonical);
        // download.pytorch.org/whl/cu128/ is known by its last part, most others by their host.
        var id =
            canonical == PyPI ? "pypi"
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
        if (name == Project)
        {
            throw new TorchyardException(
                "TY2534",
                $"a distribution requires '{name}', which is the name of the project itself; an index is not asked for it, since what it "
                    + "has under that name may be anybody's",
                "build a wheel of the project and name it by its path in 'packages' of [python], or remove what requires it"
            );
        }

        List<ProjectFile> local = [.. FindLinksFiles.Find(FindLinks, name, RequireLocal)];
        foreach (var page in FindLinkPages)
        {
            local.AddRange(
                (await _links.GetOrAdd(page, ReadLinksAsync, cancellation)).Where(file => FindLinksFiles.IsOf(file.Filename, name))
            );
        }

        foreach (var index in Indexes.Where(index => index.Projects?.Contains(name) != false))
        {
            if (await _client.FindProjectAsync(index.Url, name, cancellation) is { Files.Count: > 0 } page)
            {
                return new FoundProject(index, page with { Files = [.. local, .. page.Files] });
            }
        }

        return local.Count > 0 ? new FoundProject(null, new ProjectPage(name, local[0].Url, local)) : null;
    }

    private async Task<IReadOnlyList<ProjectFile>> ReadLinksAsync(Uri page, CancellationToken cancellation)
    {
        var filename = Uri.UnescapeDataString(page.Segments[^1]);
        if (filename.EndsWith(".whl", StringComparison.Ordinal) || LockedSource.IsArchiveName(filename))
        {
            return
            [
                new ProjectFile
                {
                    Filename = filename,
                    Url = new UriBuilder(page) { Fragment = "" }.Uri,
                    Sha256 = SimpleHtml.Hash(page.Fragment.TrimStart('#')),
                    IsLinked = true,
                },
            ];
        }

        var found = await _client.FindLinksAsync(page, cancellation)
            ?? throw new TorchyardException(
                "TY2519",
                $"find-links names {IndexProblem.Show(page)}, and the server has no such page",
                "correct 'find-links' of [python] or --find-links of the requirement file"
            );
        return [.. found.Files.Select(file => file with { IsLinked = true })];
    }
}
