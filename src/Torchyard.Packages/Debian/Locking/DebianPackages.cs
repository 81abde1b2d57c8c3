using Torchyard.Packages.Debian.Apt;
using Torchyard.Packages.Debian.Archives;
using Torchyard.Packages.Debian.Fetching;
using Torchyard.Packages.Debian.Indexes;
using Torchyard.Packages.Debian.Resolving;
using Torchyard.Packages.Errors;
using Torchyard.Packages.Fetching;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Reporting;
using Torchyard.Platform.Text;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;

namespace Torchyard.Packages.Debian.Locking;

/// <summary>Debian's archives as this machine reaches them: locks a recipe's packages, and fetches the packages of a lock.</summary>
public sealed class DebianPackages : IDisposable
{
    private readonly StorePaths _store;
    private readonly IProgressSink _progress;
    private readonly TimeProvider _clock;
    private readonly MachineApt _machine;
    private readonly DownloadSettings _settings;
    private readonly Transport _transport;
    private readonly Uri _snapshot;

    /// <summary>Reads the machine's apt settings; nothing is fetched yet.</summary>
    /// <param name="store">The store: packages and indexes are kept there.</param>
    /// <param name="progress">Told how far long work is, and what of the machine's settings is not followed.</param>
    /// <param name="clock">The machine's clock, against which signatures and dates are checked.</param>
    /// <param name="environment">Looks up an environment variable (<c>http_proxy</c>, <c>no_proxy</c>, <c>APT_CONFIG</c>).</param>
    /// <param name="root">Root of the file system that holds <c>etc/apt</c>.</param>
    public DebianPackages(
        StorePaths store,
        IProgressSink progress,
        TimeProvider clock,
        Func<string, string?> environment,
        string root = "/"
    )
        : this(store, progress, clock, environment, root, new DownloadSettings(), DebianSnapshot.Default) { }

    internal DebianPackages(
        StorePaths store,
        IProgressSink progress,
        TimeProvider clock,
        Func<string, string?> environment,
        string root,
        DownloadSettings settings,
        Uri snapshot
    )
    {
        _store = store;
        _progress = progress;
        _clock = clock;
        _settings = settings.Saying(progress);
        _snapshot = snapshot;
        _machine = MachineApt.Read(root, environment);
        _transport = new Transport(new AptProxy(_machine.Configuration, environment), _machine.Credentials, _settings);
    }

    /// <summary>
    /// Gives the content of a keyring that a recipe names, as it was when somebody was asked about it; null to read it from the disk.
    /// </summary>
    public Func<string, byte[]>? Keyring { get; init; }

    /// <summary>
    /// Opens a file of the project that a recipe or lock names, a regular one that it may reach. Without it no recipe has package files.
    /// </summary>
    public Func<string, Stream>? OpenFile { get; init; }

    /// <summary>Reads a package file of the project, by its path in <c>packages</c>.</summary>
    public Func<string, LocalPackage>? ReadFile { get; init; }

    /// <summary>Replaces the variables in the login of a URL of <c>[[archives]]</c>; null where there are none.</summary>
    public Func<string, string>? ExpandLogin { get; init; }

    /// <summary>Where a value stands in the recipe's file, by its path (<c>archives[0].key</c>); null where that is not known.</summary>
    public Func<string, SourceLocation?> Place { get; init; } = static _ => null;

    /// <summary>Resolves the recipe's packages against the archives as they are now.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <exception cref="TorchyardException">TY2xxx: an archive cannot be trusted or reached, or the packages do not fit
    /// together.</exception>
    public Task<DebianLock> LockAsync(Recipe recipe, CancellationToken cancellation) => LockAsync(recipe, [], offline: false, cancellation);

    /// <summary>
    /// Resolves the recipe's packages against the archives as they were, so that what was locked stays, or as they are now.
    /// </summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="earlier">Archives of an earlier lock: where the store still has what they said then, that counts.</param>
    /// <param name="offline">Nothing is asked of archives.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <exception cref="TorchyardException">TY2xxx: an archive cannot be trusted or reached, or the packages do not fit
    /// together.</exception>
    public Task<DebianLock> LockAsync(Recipe recipe, IReadOnlyList<LockedArchive> earlier, bool offline, CancellationToken cancellation) =>
        LockAsync(recipe, withBase: true, earlier, offline, cancellation);

    /// <summary>
    /// Resolves the recipe's packages over those that an image has: what is installed stays as it is, and only what is missing is in the
    /// lock.
    /// </summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="installed">What the image has.</param>
    /// <param name="earlier">Archives of an earlier lock.</param>
    /// <param name="offline">Nothing is asked of archives.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <exception cref="TorchyardException">TY2xxx, as above; TY2043: they do not fit together with what is installed.</exception>
    public Task<DebianLock> LockUponAsync(
        Recipe recipe,
        InstalledPackages installed,
        IReadOnlyList<LockedArchive> earlier,
        bool offline,
        CancellationToken cancellation
    )
    {
        ArgumentNullException.ThrowIfNull(installed);
        return LockAsync(recipe, withBase: false, earlier, offline, cancellation, installed);
    }

    /// <summary>
    /// Resolves the recipe's packages and what they depend on alone: no base system, for programs that run beside the machine's own.
    /// </summary>
    /// <exception cref="TorchyardException">TY2xxx, as <see cref="LockAsync(Recipe, CancellationToken)"/>.</exception>
    public Task<DebianLock> LockProgramsAsync(Recipe recipe, CancellationToken cancellation) =>
        LockAsync(recipe, withBase: false, [], offline: false, cancellation);

    private async Task<DebianLock> LockAsync(
        Recipe recipe,
        bool withBase,
        IReadOnlyList<LockedArchive> earlier,
        bool offline,
        CancellationToken cancellation,
        InstalledPackages? installed = null
    )
    {
        ArgumentNullException.ThrowIfNull(recipe);
        var files = ReadFiles(recipe);
        RequireNew(recipe, files, installed);
        var requests = recipe
            .Packages.Select(text =>
                files.TryGetValue(text, out var file)
                    ? new PackageRequest(file.Name, Version: null)
                    : PackageRequest.Parse(text, recipe.Base.Architecture)
            )
            .ToList();
        RequireOnce(recipe, requests, files);
        var notes = new List<string>(_machine.Notes);
        IReadOnlyList<DebianArchive> archives =
        [
            .. ArchiveCatalogue.Of(recipe.Base, _machine, notes, Keyring),
            .. Further(offline).Of(recipe.Archives, Place),
        ];
        foreach (var note in notes.Distinct())
        {
            _progress.Note(note);
        }

        var reader = new ReleaseReader(_transport, _clock, _progress, new ReleaseStore(_store));
        var indexes = new IndexStore(_store, _transport, _settings, offline);
        var kept = ReadKept(recipe.Base, archives, earlier, offline, reader, indexes);
        var releases = await Task.WhenAll(
            archives.Zip(kept, (archive, release) =>
                release is null ? reader.ReadAsync(archive, cancellation) : Task.FromResult((Release: release, archive.Mirrors))
            )
        );
        var universe = await ReadIndexesAsync(recipe.Base, files.Values, archives, releases, indexes, installed, cancellation);
        TellLeftOut(universe, requests);

        var resolution = Resolve(universe, requests, recipe.Recommends, withBase, installed);
        var locked = archives
            .Zip(releases, (archive, release) => new LockedArchive
                {
                    Id = archive.Id,
                    Uri = archive.CanonicalUri,
                    Suite = archive.Suite,
                    Components = archive.Components,
                    ReleaseDigest = release.Release.Digest,
                    ReleaseDate = Seconds(release.Release.Date),
                    Key = archive.Further is null ? null : release.Release.Signer,
                    KeyDigest = archive.Further?.KeyDigest,
                })
            .ToList();
        return new DebianLock(
            locked,
            [
                .. resolution
                    .Packages.Where(package => !package.Package.Index.IsInstalled)
                    .Select(LockedPackages.Of)
                    .OrderBy(package => package.Name, StringComparer.Ordinal)
                    .ThenBy(package => package.Architecture, StringComparer.Ordinal),
            ],
            locked.Max(archive => archive.ReleaseDate)
        );
    }

    /// <summary>Something that fetches the packages of a lock into the store, from the mirrors this machine would use.</summary>
    public IPackageFetcher CreateFetcher()
    {
        var cache = new FileCache(_store.Packages);
        return new PackageFetcher(
            new VerifiedDownloader(_transport, cache, _settings.Retry),
            cache,
            MirrorsOf,
            new DebianSnapshot(_transport, _snapshot),
            _settings,
            _progress,
            _store.Packages,
            OpenFile is null ? null : new ProjectPackageCache(_store, OpenFile)
        );
    }

    /// <inheritdoc />
    public void Dispose() => _transport.Dispose();

    /// <summary>Where a locked archive is fetched from. Of one beside Debian's own no mirror counts, whatever the machine has.</summary>
    private IReadOnlyList<Uri> MirrorsOf(RecipeLock locked, LockedArchive archive)
    {
        if (!archive.IsFurther)
        {
            return new ArchiveRoots(locked.Recipe.Base, _machine).MirrorsOf(archive.Uri, new List<string>());
        }

        // The recipe of the lock has the variables of its login; another address gets none.
        var named = locked.Recipe.Archives.FirstOrDefault(one => one.PublicUrl == archive.Uri && one.Suite == archive.Suite)
            ?? new ArchiveSettings
            {
                Url = archive.Uri,
                Suite = archive.Suite,
                Key = "",
            };
        return [Further(offline: false).RootOf(named)];
    }

    // Nothing is sent offline, so that no login is needed.
    private FurtherArchives Further(bool offline) => new(_machine, Keyring ?? File.ReadAllBytes, offline ? null : ExpandLogin);

    private Dictionary<string, LocalPackage> ReadFiles(Recipe recipe) =>
        recipe
            .Packages.Where(PackageFile.IsPath)
            .ToDictionary(
                path => path,
                path => (ReadFile ?? throw new InvalidOperationException($"nobody reads the package file {path}"))(path),
                StringComparer.Ordinal
            );

    private static Resolution Resolve(
        PackageUniverse universe,
        List<PackageRequest> requests,
        bool recommends,
        bool withBase,
        InstalledPackages? installed
    )
    {
        var resolver = new DebianResolver(universe);
        if (installed is null)
        {
            return resolver.Resolve(requests, recommends, withBase);
        }

        try
        {
            return resolver.Resolve(requests, recommends, withBase, installed.Names);
        }
        catch (TorchyardException failure) when (failure.Code is PackageCodes.NothingFits or PackageCodes.UnknownVersion)
        {
            throw new TorchyardException(
                PackageCodes.NotUponBase,
                $"{failure.Message}; what base.image has installed stays as it is",
                "leave the package out, pin a version that fits, or build the base image anew with it",
                failure
            )
            {
                IsUsage = true,
            };
        }
    }

    /// <summary>A file of the project cannot stand in the place of what is installed.</summary>
    /// <exception cref="TorchyardException">TY2043.</exception>
    private void RequireNew(Recipe recipe, Dictionary<string, LocalPackage> files, InstalledPackages? installed)
    {
        if (files.FirstOrDefault(file => installed?.Names.Contains(file.Value.Name) == true) is { Key: { } path, Value: { } package })
        {
            throw new TorchyardException(
                PackageCodes.NotUponBase,
                $"'{path}' is the package {package.Name}, which base.image has installed, and that stays as it is",
                "take it out of 'packages', or build the base image anew with it"
            )
            {
                IsUsage = true,
                Location = Place($"packages[{recipe.Packages.ToList().IndexOf(path)}]"),
            };
        }
    }

    /// <summary>Who asks for a package by its name may have meant the other archive's.</summary>
    private void TellLeftOut(PackageUniverse universe, List<PackageRequest> requests)
    {
        foreach (var name in requests.Select(request => request.Name))
        {
            var number = universe.Find(name);
            if (universe.LeftOutOf(number) is { } other && universe.CandidateOf(number) is not null)
            {
                _progress.Note(
                    $"{name} is not taken from {other}, since another archive has it: name it in 'packages' of that archive "
                        + "to take it from there"
                );
            }
        }
    }

    /// <summary>A package has one version; two that are asked for would depend on their order.</summary>
    /// <exception cref="TorchyardException">TY2073.</exception>
    private void RequireOnce(Recipe recipe, List<PackageRequest> requests, Dictionary<string, LocalPackage> files)
    {
        for (var i = 0; i < requests.Count; i++)
        {
            var first = requests.FindIndex(request => request.Name == requests[i].Name);
            if (first < i && (files.ContainsKey(recipe.Packages[first]) || files.ContainsKey(recipe.Packages[i])))
            {
                throw new TorchyardException(
                    "TY2073",
                    $"'{recipe.Packages[first]}' and '{recipe.Packages[i]}' are both the package {requests[i].Name}",
                    "remove one of the two from 'packages'"
                )
                {
                    IsUsage = true,
                    Location = Place($"packages[{i}]"),
                };
            }
        }
    }

    /// <summary>
    /// What archives said when they were locked; null for one that must be asked. Debian's are all as they were, or none: one old and one
    /// new suite would not fit together. Another archive that is new in the recipe changes nothing of that.
    /// </summary>
    private static IReadOnlyList<ReleaseFile?> ReadKept(
        DebianBase recipe,
        IReadOnlyList<DebianArchive> archives,
        IReadOnlyList<LockedArchive> earlier,
        bool offline,
        ReleaseReader reader,
        IndexStore indexes
    )
    {
        var nothing = new ReleaseFile?[archives.Count];
        if (earlier.Count == 0 && !offline)
        {
            return nothing;
        }

        var kept = archives
            .Select(archive =>
                earlier.FirstOrDefault(old => old.Uri == archive.CanonicalUri && old.Suite == archive.Suite) is { } old
                    ? reader.FindKept(archive, old.ReleaseDigest)
                : offline && earlier.Count == 0 ? reader.FindKept(archive, digest: null)
                : null
            )
            .Zip(archives, (release, archive) => release is not null && HasIndexes(archive, release) ? release : null)
            .ToList();
        if (offline && kept.Contains(null))
        {
            kept = [.. archives.Select(archive => reader.FindKept(archive, digest: null))];
            return kept.Contains(null)
                ? throw new TorchyardException(
                    "TY2039",
                    $"what {string.Join(" and ", archives.Select(archive => archive.Id))} have is needed, and --offline forbids to ask",
                    "run the command once without --offline: indexes are then in the store"
                )
                : kept;
        }

        return archives.Zip(kept).Any(pair => pair.First.Further is null && pair.Second is null) ? nothing : kept;

        bool HasIndexes(DebianArchive archive, ReleaseFile release) =>
            archive.Indexes.All(component => indexes.Has(archive, release, component, recipe.Architecture));
    }

    private async Task<PackageUniverse> ReadIndexesAsync(
        DebianBase recipe,
        IEnumerable<LocalPackage> files,
        IReadOnlyList<DebianArchive> archives,
        (ReleaseFile Release, IReadOnlyList<Uri> Mirrors)[] releases,
        IndexStore store,
        InstalledPackages? installed,
        CancellationToken cancellation
    )
    {
        var universe = new PackageUniverse(recipe.Architecture);
        using var task = _progress.Begin("Reading package indexes");
        if (installed is not null)
        {
            universe.Add(installed.ToIndex());
        }

        foreach (var file in files)
        {
            universe.Add(file.ToIndex());
        }

        for (var i = 0; i < archives.Count; i++)
        {
            foreach (var component in archives[i].Indexes)
            {
                universe.Add(
                    await store.GetAsync(
                        archives[i],
                        releases[i].Release,
                        releases[i].Mirrors,
                        component,
                        recipe.Architecture,
                        task,
                        cancellation
                    )
                );
            }
        }

        task.Done($"{Count.Of(universe.Packages.Count, "package")}");
        return universe;
    }

    private static long Seconds(DateTime time) => new DateTimeOffset(time, TimeSpan.Zero).ToUnixTimeSeconds();
}
