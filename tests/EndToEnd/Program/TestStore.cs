using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Torchyard.EndToEnd.Program;

/// <summary>
/// The published program with a store and a home directory of its own. Packages that an earlier run fetched are linked in from a cache
/// ($TORCHYARD_TEST_CACHE, else torchyard-tests in $XDG_CACHE_HOME or ~/.cache), so that only the first run fetches them.
/// </summary>
internal sealed class TestStore : IAsyncDisposable
{
    private const string Mirror = "http://deb.debian.org/debian/dists/trixie/InRelease";
    private static readonly string[] CachedParts = ["packages/sha256", "indexes"];
    private readonly string _cache;

    private TestStore(string cache, string root)
    {
        _cache = cache;
        Root = root;
        Directory.CreateDirectory(Store);
        Directory.CreateDirectory(Home);
    }

    /// <summary>Directory of everything that belongs to this store; projects may be made in it.</summary>
    public string Root { get; }

    public string Store => Path.Combine(Root, "store");

    public string Home => Path.Combine(Root, "home");

    /// <summary>The published program: TORCHYARD_PROGRAM, else what ./torchyard published; the test is skipped without one.</summary>
    public static string Program { get; } = FindProgram();

    /// <summary>Why nothing can be built here, or null.</summary>
    public static async Task<string?> ObstacleAsync(CancellationToken cancellation)
    {
        if (!File.Exists(Program))
        {
            return $"there is no published program at {Program}; ./torchyard makes it";
        }

        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(15) };
        try
        {
            using var answer = await client.GetAsync(new Uri(Mirror), HttpCompletionOption.ResponseHeadersRead, cancellation);
            return answer.IsSuccessStatusCode ? null : $"Debian's archive answers {(int)answer.StatusCode}";
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException && !cancellation.IsCancellationRequested)
        {
            return $"Debian's archive cannot be reached: {failure.Message}";
        }
    }

    /// <summary>A new store with the packages of earlier runs; the test is skipped where nothing can be built.</summary>
    public static async Task<TestStore> RequireAsync(CancellationToken cancellation)
    {
        if (await ObstacleAsync(cancellation) is { } obstacle)
        {
            Assert.Skip(obstacle);
        }

        return await CreateAsync(cancellation);
    }

    /// <summary>A new store with nothing in it.</summary>
    public static TestStore CreateEmpty()
    {
        var cache = CacheDirectory();
        // Beside the cache, so that its files can be linked.
        return new TestStore(cache, Path.Combine(cache, "runs", Guid.NewGuid().ToString("N")[..8]));
    }

    /// <summary>A new store with the packages of earlier runs.</summary>
    public static async Task<TestStore> CreateAsync(CancellationToken cancellation)
    {
        var store = CreateEmpty();
        foreach (var part in CachedParts.Where(part => Directory.Exists(Path.Combine(store._cache, part))))
        {
            Directory.CreateDirectory(Path.Combine(store.Store, part));
            (
                await HostProgram.RunAsync(
                    "cp",
                    ["-al", Path.Combine(store._cache, part) + "/.", Path.Combine(store.Store, part)],
                    cancellation
                )
            ).Succeeded();
        }

        return store;
    }

    /// <summary>Runs the program in a directory, with this store.</summary>
    public Task<ProgramOutput> RunAsync(
        string directory,
        IEnumerable<string> arguments,
        CancellationToken cancellation,
        string input = ""
    ) => HostProgram.RunAsync(Program, arguments, cancellation, directory, Variables(), input);

    /// <summary>Builds the image of a directory's recipe and gives its digest.</summary>
    public async Task<string> BuildAsync(string directory, CancellationToken cancellation)
    {
        // A gigabyte of packages, on a machine that may have other work.
        var built = await HostProgram.RunAsync(
            Program,
            ["build", "--json"],
            cancellation,
            directory,
            Variables(),
            patience: TimeSpan.FromMinutes(30)
        );
        return JsonDocument.Parse(built.Succeeded().Output).RootElement.GetProperty("digest").GetString()!;
    }

    /// <summary>Starts the program in a directory, with this store.</summary>
    public Process Start(string directory, IEnumerable<string> arguments) => HostProgram.Start(Program, arguments, directory, Variables());

    /// <summary>A new directory in <see cref="Root"/>.</summary>
    public string NewProject(string name) => Directory.CreateDirectory(Path.Combine(Root, name)).FullName;

    /// <summary>Makes sure that the packages of a project's lock are in this store, and nothing that was built from them.</summary>
    public async Task FetchAsync(string project, CancellationToken cancellation)
    {
        if (
            Regex
                .Matches(File.ReadAllText(Path.Combine(project, "torchyard.lock")), "\nname = \"([^\"]+)\"\nversion")
                .All(match => File.Exists(CachedFile(match.Groups[1].Value, project)))
        )
        {
            return;
        }

        (await RunAsync(project, ["build"], cancellation)).Succeeded();
        foreach (var made in new[] { "oci", "layers", "build" })
        {
            Directory.Delete(Path.Combine(Store, made), recursive: true);
        }
    }

    /// <summary>Copies the packages of a project's lock into another store, as far as they are in this one.</summary>
    public void CopyPackages(string project, string store)
    {
        foreach (Match match in Regex.Matches(File.ReadAllText(Path.Combine(project, "torchyard.lock")), "\nname = \"([^\"]+)\"\nversion"))
        {
            var file = CachedFile(match.Groups[1].Value, project);
            if (!File.Exists(file))
            {
                continue;
            }

            var copy = Path.Combine(store, Path.GetRelativePath(Store, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    /// <summary>Removes a package's file from this store, so that it has to be fetched.</summary>
    public void Forget(string package, string project)
    {
        if (File.Exists(CachedFile(package, project)))
        {
            File.Delete(CachedFile(package, project));
        }
    }

    /// <summary>Gives this store its own copy of a package's file, and changes that.</summary>
    public void Own(string package, string project, Action<string> change)
    {
        // Linked with the cache of all tests: what is changed must be another file.
        var file = CachedFile(package, project);
        var written = File.GetLastWriteTimeUtc(file);
        File.Copy(file, file + ".own");
        File.Move(file + ".own", file, overwrite: true);
        File.SetLastWriteTimeUtc(file, written);
        change(file);
    }

    /// <summary>Removes what was made, and keeps what was fetched for the next run.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var part in CachedParts.Where(part => Directory.Exists(Path.Combine(Store, part))))
        {
            Directory.CreateDirectory(Path.Combine(_cache, part));
            await HostProgram.RunAsync(
                "cp",
                ["-aln", Path.Combine(Store, part) + "/.", Path.Combine(_cache, part)],
                CancellationToken.None
            );
        }

        await HostProgram.RunAsync("rm", ["-rf", "--one-file-system", Root], CancellationToken.None);
    }

    private string CachedFile(string package, string project)
    {
        var stanza = File.ReadAllText(Path.Combine(project, "torchyard.lock"))
            .Split("[[package]]")
            .Single(text => text.Contains($"\nname = \"{package}\"\n", StringComparison.Ordinal));
        var hash = Regex.Match(stanza, "sha256 = \"(?:sha256:)?([0-9a-f]{64})\"").Groups[1].Value;
        return Path.Combine(Store, "packages/sha256", hash[..2], hash);
    }

    /// <summary>The environment that makes the program use this store.</summary>
    public Dictionary<string, string> Variables() =>
        new()
        {
            ["TORCHYARD_STORE"] = Store,
            ["HOME"] = Home,
            ["XDG_DATA_HOME"] = Path.Combine(Home, ".local/share"),
            ["NO_COLOR"] = "1",
        };

    /// <summary>Where the tests keep what their next run needs again.</summary>
    public static string CacheDirectory()
    {
        if (System.Environment.GetEnvironmentVariable("TORCHYARD_TEST_CACHE") is { Length: > 0 } named)
        {
            return Path.GetFullPath(named);
        }

        var caches = System.Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        return Path.Combine(
            string.IsNullOrEmpty(caches)
                ? Path.Combine(System.Environment.GetFolderPath(System.Environment.SpecialFolder.UserProfile), ".cache")
                : caches,
            "torchyard-tests"
        );
    }

    private static string FindProgram()
    {
        if (System.Environment.GetEnvironmentVariable("TORCHYARD_PROGRAM") is { Length: > 0 } named)
        {
            return Path.GetFullPath(named);
        }

        return SourceTree.At(".torchyard/current/torchyard");
    }
}
