using System.Net;
using Torchyard.Packages.Python.Requirements;
using Torchyard.Packages.Python.Settings;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Text;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Reading;
using Torchyard.Recipes.Settings;
using Torchyard.Recipes.Sources;
using Torchyard.Recipes.Wishes;

namespace Torchyard.Packages.Wishes;

/// <summary>
/// What a recipe wants from the machine beyond its own project: the one place that decides for each key, and for each line of the files
/// that the recipe names, whether it can reach the user's files, network, secrets or the machine's other users. docs/recipe.md lists the
/// answers.
/// </summary>
/// <param name="own">What the user's and the machine's settings name already.</param>
/// <param name="environment">Looks up an environment variable.</param>
/// <param name="home">The user's home directory.</param>
public sealed class RecipeSurvey(OwnPlaces own, Func<string, string?> environment, string home)
{
    private const long LargestKeyring = 4 << 20;

    /// <summary>The image of the store that has a name now; null for none.</summary>
    public Func<string, Digest?> ImageNamed { get; init; } = static _ => null;

    /// <summary>Replaces variables in the files of a recipe, for hosts that the user's settings name or the recipe was allowed.</summary>
    public CredentialVariables Variables(ProjectFiles files)
    {
        ArgumentNullException.ThrowIfNull(files);
        return new CredentialVariables(
            environment,
            (_, host) => own.NamesHost(host),
            (name, host) => files.IsGranted(Wish.Variable(name, host))
        );
    }

    /// <summary>
    /// The wishes of a recipe and its lock, each once. Files outside the project that nobody allowed yet are wishes and are not read.
    /// </summary>
    /// <param name="source">The recipe.</param>
    /// <param name="locked">Its lock, or null where there is none.</param>
    /// <exception cref="TorchyardException">A file that the recipe names is wrong: TY2512, TY2514, TY2515, TY1042.</exception>
    public IReadOnlyList<Wish> Of(RecipeSource source, RecipeLock? locked)
    {
        ArgumentNullException.ThrowIfNull(source);
        var wishes = new List<Wish>();
        var recipe = source.Recipe;
        Base(recipe.Base, source.Files, wishes);
        Archives(recipe.Archives, source.Files, wishes);
        Shared(recipe, source.Files, wishes);
        Mounts(recipe.Mounts, source, wishes);
        // Whoever wrote the recipe wrote the programs that get them, and those may send them anywhere.
        wishes.AddRange(
            recipe.Environment.Pass.Select(variable => Wish.Variable(variable.Name, "the programs of its environment", "environment.pass"))
        );
        // What one environment puts there, the others take for their own.
        wishes.AddRange(recipe.Caches.Select(cache => Wish.Cache(cache.Name)));
        File(recipe.Fit?.Fleet, "fit.fleet", source.Files, wishes);
        if (recipe.Python is { } python)
        {
            Python(python, source, wishes);
        }

        if (locked is not null)
        {
            wishes.AddRange(Of(locked, source.Files));
        }

        return WithoutCovered(wishes);
    }

    /// <summary>The wishes of a lock that is used without its recipe.</summary>
    /// <param name="locked">The lock.</param>
    /// <param name="files">Files of the directory that its paths are relative to.</param>
    public IReadOnlyList<Wish> Of(RecipeLock locked, ProjectFiles files)
    {
        ArgumentNullException.ThrowIfNull(locked);
        ArgumentNullException.ThrowIfNull(files);
        var wishes = new List<Wish>();
        // Keyrings are for locking; mounts, limits and fleet are taken from the recipe. All else of the recipe in the lock counts.
        Mirrors(locked.Recipe.Base.Mirrors, files, wishes);
        Shared(locked.Recipe, files, wishes);
        if (locked.Base is { } image && ImageNamed(locked.Recipe.Base.Image ?? "") != image.Manifest)
        {
            // A lock of somebody else may name any image of the store by its digest, whatever its recipe says.
            wishes.Add(Wish.Image(image.Manifest.ToString(), "base image of the lock"));
        }

        foreach (var archive in locked.Archives)
        {
            if (archive.KeyDigest is { } key)
            {
                Archive(archive.Uri, key, "archive of the lock", files, wishes);
            }
            else
            {
                Place(WishKind.Archive, archive.Uri, own.HasArchive, "archive of the lock", files, wishes);
            }
        }

        foreach (var package in locked.Packages.Concat(locked.BuildPackages))
        {
            File(package.Path, $"{package.Name} of the lock", files, wishes);
        }

        foreach (var redist in new LockedRedist?[] { locked.Cudnn, locked.CudaCompat }.OfType<LockedRedist>())
        {
            Place(WishKind.Redist, redist.Url, own.HasRedist, "lock", files, wishes);
        }

        foreach (var own in locked.Files)
        {
            File(own.Source, "files of the lock", files, wishes);
        }

        if (locked.Python is { } python)
        {
            foreach (var index in python.Indexes)
            {
                Place(WishKind.Index, index.Url, own.HasIndex, "index of the lock", files, wishes);
            }

            foreach (var package in python.Packages.Concat(python.BuildPackages))
            {
                var from = $"{package.Name} of the lock";
                Fetched(package.Url, from, wishes);
                if (package.Path is { } path && !own.HasFile(files.RealOf(path)))
                {
                    File(path, from, files, wishes);
                }

                if (package.Source is { } built)
                {
                    File(built.Path, from, files, wishes);
                    if (built.IsGit)
                    {
                        Repository(built.Url, from, files, wishes);
                    }
                    else
                    {
                        Fetched(built.Url, from, wishes);
                    }
                }
            }
        }

        return WithoutCovered(wishes);
    }

    private void Base(DebianBase recipe, ProjectFiles files, List<Wish> wishes)
    {
        Mirrors(recipe.Mirrors, files, wishes);
        foreach (var keyring in recipe.Keyrings)
        {
            // Its content decides, so it is read before anybody is asked; nothing of it is shown. One that is missing is told of when it is
            // needed.
            if (Try(() => files.ReadAnywhere(keyring, LargestKeyring)) is { } content)
            {
                wishes.Add(Wish.Keyring(files.RealOf(keyring), Digest.Of(content)));
            }
        }
    }

    private static void Archives(IReadOnlyList<ArchiveSettings> archives, ProjectFiles files, List<Wish> wishes)
    {
        foreach (var archive in archives)
        {
            File(archive.Key, "archives.key", files, wishes);
            // As of base.keyrings: the content decides, and nothing of it is shown.
            if (Try(() => files.ReadAnywhere(archive.Key, LargestKeyring)) is { } content)
            {
                Archive(archive.PublicUrl, Digest.Of(content), "archives.url", files, wishes);
            }
        }
    }

    /// <summary>
    /// An archive with a key of its own: its packages run as root in the build, so that it is asked about even where the machine's own apt
    /// knows it. One in the project is the project's own.
    /// </summary>
    private static void Archive(string text, Digest key, string from, ProjectFiles files, List<Wish> wishes)
    {
        // What is not a URL is refused by those who need it.
        if (!UrlText.TryRead(text.EndsWith('/') ? text : text + "/", out var url))
        {
            return;
        }

        if (url.IsFile)
        {
            Directory(url.LocalPath, from, files, wishes);
        }
        else
        {
            wishes.Add(Wish.Archive(Shown(url), key, from));
        }
    }

    private void Mirrors(IReadOnlyList<string> mirrors, ProjectFiles files, List<Wish> wishes)
    {
        foreach (var mirror in mirrors)
        {
            Place(WishKind.Archive, mirror, own.HasArchive, "base.mirrors", files, wishes);
        }
    }

    /// <summary>What recipe and lock have in common.</summary>
    private void Shared(Recipe recipe, ProjectFiles files, List<Wish> wishes)
    {
        if (recipe.Base.Image is { } image)
        {
            wishes.Add(Wish.Image(image, "base.image"));
        }

        foreach (var service in recipe.Services.Ports.Where(service => service.Port is not null))
        {
            Port(service.Name, service.Listen, service.Port!.Value, wishes);
        }

        foreach (var mirror in recipe.Cudnn?.Mirrors ?? [])
        {
            Place(WishKind.Redist, mirror, own.HasRedist, "cudnn.mirrors", files, wishes);
        }

        foreach (var mirror in recipe.CudaCompat?.Mirrors ?? [])
        {
            Place(WishKind.Redist, mirror, own.HasRedist, "cuda-compat.mirrors", files, wishes);
        }

        foreach (var path in recipe.Packages.Where(PackageFile.IsPath))
        {
            File(path, "packages", files, wishes);
        }

        foreach (var archive in recipe.Archives)
        {
            foreach (var (name, host) in CredentialVariables.In(archive.Url).Where(variable => !own.NamesHost(variable.Host)))
            {
                wishes.Add(Wish.Variable(name, host, "archives.url"));
            }
        }

        File(recipe.Cudnn?.Archive, "cudnn.archive", files, wishes);
        File(recipe.CudaCompat?.Archive, "cuda-compat.archive", files, wishes);
        foreach (var own in recipe.Files)
        {
            File(own.Source, "files.source", files, wishes);
        }

        if (recipe.Run.Count > 0)
        {
            wishes.Add(Wish.Commands(recipe.Run.Select(step => step.Title)));
        }
    }

    private void Mounts(IReadOnlyList<MountSetting> mounts, RecipeSource source, List<Wish> wishes)
    {
        foreach (var mount in mounts)
        {
            var path = mount.HostPath(source.Directory, home);
            if (source.Files.IsOutside(path))
            {
                wishes.Add(Wish.Mount(source.Files.RealOf(path), mount.ReadOnly, mount.Target));
            }
        }
    }

    private void Python(PythonSettings python, RecipeSource source, List<Wish> wishes)
    {
        foreach (var directory in python.FindLinks.Where(place => !RecipeRequirements.IsPage(place)))
        {
            Directory(directory, "python.find-links", source.Files, wishes);
        }

        if (python.Pylock is { } pylock)
        {
            Pylock(pylock, source.Files, wishes);
        }

        // With a pylock.toml, indexes and find-links may still stand beside it.
        var survey = new List<Wish>();
        var set = RecipeRequirements.Read(python, source.Files, Variables(source.Files), machine: null, PlaceOf(source), survey);
        wishes.AddRange(survey);
        foreach (var index in python.Indexes.Concat(python.ExtraIndexes))
        {
            Place(WishKind.Index, index, own.HasIndex, "python.indexes", source.Files, wishes);
        }

        foreach (var index in set.Indexes.Concat(set.ExtraIndexes))
        {
            Place(WishKind.Index, index, own.HasIndex, "requirement file", source.Files, wishes);
        }

        foreach (var page in set.FindLinkPages)
        {
            if (!own.HasIndex(page))
            {
                wishes.Add(new Wish(WishKind.Index, Shown(page)) { From = "find-links" });
            }
        }

        foreach (var directory in set.FindLinks)
        {
            Directory(directory, "find-links", source.Files, wishes);
        }

        foreach (var line in set.Requirements.Concat(set.Constraints))
        {
            var from = line.Place is { } place ? $"{place.File}:{place.Line}" : "python.packages";
            if (line.Source is { IsGit: true } git)
            {
                Repository(git.PublicUrl, from, source.Files, wishes);
            }
            else
            {
                Fetched((line.Source?.Url ?? line.Url)?.AbsoluteUri, from, wishes);
            }
        }
    }

    /// <summary>Where in a recipe's file an item of <c>python.packages</c> stands.</summary>
    public static Func<int, SourceLocation?> PlaceOf(RecipeSource source) => i => RecipePlaces.Of(source?.File, $"python.packages[{i}]");

    private void Pylock(string pylock, ProjectFiles files, List<Wish> wishes)
    {
        if (files.IsOutside(pylock) && !files.Reaches(files.RealOf(pylock)))
        {
            wishes.Add(Wish.File(files.RealOf(pylock), "python.pylock"));
            return;
        }

        foreach (var (kind, what) in PylockReader.Places(pylock, files))
        {
            switch (kind)
            {
                case WishKind.Index:
                    Place(kind, what, own.HasIndex, pylock, files, wishes);
                    break;
                case WishKind.Repository:
                    Repository(what, pylock, files, wishes);
                    break;
                case WishKind.File:
                    File(what, pylock, files, wishes);
                    break;
                default:
                    Fetched(what, pylock, wishes);
                    break;
            }
        }
    }

    private static void Port(string service, string? listen, int port, List<Wish> wishes)
    {
        if (listen is not null && !(IPAddress.TryParse(listen, out var address) && IPAddress.IsLoopback(address)))
        {
            wishes.Add(Wish.Port(service, listen, port));
        }
    }

    /// <summary>
    /// An archive, index or mirror by URL. One on this machine's disk is a directory that is read, and no wish in the project.
    /// </summary>
    private static void Place(WishKind kind, string text, Func<Uri, bool> isKnown, string from, ProjectFiles files, List<Wish> wishes)
    {
        // What is not a URL is refused by those who need it.
        if (!UrlText.TryRead(text.EndsWith('/') ? text : text + "/", out var url) || isKnown(url))
        {
            return;
        }

        if (url.IsFile)
        {
            Directory(url.LocalPath, from, files, wishes);
        }
        else
        {
            wishes.Add(new Wish(kind, Shown(url)) { From = from });
        }
    }

    /// <summary>A single file by URL: of its host all is said by asking for the host.</summary>
    private void Fetched(string? text, string from, List<Wish> wishes)
    {
        if (text is null || !UrlText.TryRead(text, out var url) || url.IsFile || own.HasIndex(url))
        {
            return;
        }

        wishes.Add(new Wish(WishKind.Download, url.GetLeftPart(UriPartial.Scheme) + url.Authority) { From = from });
    }

    private static void Repository(string? text, string from, ProjectFiles files, List<Wish> wishes)
    {
        if (text is null)
        {
            return;
        }

        if (!UrlText.TryRead(text, out var url))
        {
            // A path, as pylock.toml may have it.
            Directory(text, from, files, wishes);
        }
        else if (url.IsFile)
        {
            Directory(url.LocalPath, from, files, wishes);
        }
        else
        {
            wishes.Add(new Wish(WishKind.Repository, Shown(url)) { From = from });
        }
    }

    // The user of ssh stays: git@host and root@host are two things.
    private static string Shown(Uri url) =>
        new UriBuilder(url)
        {
            UserName = url.Scheme == "ssh" ? url.UserInfo.Split(':')[0] : "",
            Password = "",
            Query = url.Query,
            Fragment = "",
        }
            .Uri
            .AbsoluteUri;

    private static void File(string? path, string from, ProjectFiles files, List<Wish> wishes)
    {
        if (path is not null && files.IsOutside(path))
        {
            wishes.Add(
                System.IO.Directory.Exists(files.RealOf(path))
                    ? Wish.Directory(files.RealOf(path), from)
                    : Wish.File(files.RealOf(path), from)
            );
        }
    }

    private static void Directory(string path, string from, ProjectFiles files, List<Wish> wishes)
    {
        if (files.IsOutside(path))
        {
            wishes.Add(Wish.Directory(files.RealOf(path), from));
        }
    }

    /// <summary>A file in a directory that is asked for needs no question of its own.</summary>
    private static IReadOnlyList<Wish> WithoutCovered(List<Wish> wishes)
    {
        var directories = wishes.Where(wish => wish.Kind == WishKind.Directory).Select(wish => wish.What).ToHashSet(StringComparer.Ordinal);
        return Wish.InOrder(
            wishes.Where(wish =>
                wish.Kind != WishKind.File || !directories.Any(directory => Platform.Files.RealPath.IsWithin(wish.What, directory))
            )
        );
    }

    private static byte[]? Try(Func<byte[]?> read)
    {
        try
        {
            return read();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
