using Torchyard.Packages.Fetching;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Reporting;
using Torchyard.Platform.Text;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;

namespace Torchyard.Packages.Nvidia;

/// <summary>cuDNN in NVIDIA's redistributable index, its mirrors or as a file.</summary>
public sealed class CudnnArchives : IRedistFetcher, IDisposable
{
    /// <summary>NVIDIA's index.</summary>
    public const string Index = "https://developer.download.nvidia.com/compute/cudnn/redist/";

    /// <summary>Environment variable with mirrors of the index, separated by blanks.</summary>
    public const string MirrorVariable = "TORCHYARD_CUDNN_MIRROR";

    private readonly CudnnSettings _settings;
    private readonly IProgressSink _progress;
    private readonly RedistPlace _place;
    private readonly RedistIndex _index;

    /// <summary>Reads the machine's settings; nothing is fetched yet.</summary>
    /// <param name="settings"><c>[cudnn]</c> of the recipe.</param>
    /// <param name="directory">Directory that <see cref="CudnnSettings.Archive"/> is relative to.</param>
    /// <param name="store">The store: the archive is kept there.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="environment">Looks up an environment variable.</param>
    /// <param name="root">Root of the file system that holds <c>etc/apt</c>, whose proxies and logins count.</param>
    public CudnnArchives(
        CudnnSettings settings,
        string directory,
        StorePaths store,
        IProgressSink progress,
        Func<string, string?> environment,
        string root = "/"
    )
        : this(settings, directory, store, progress, environment, root, new DownloadSettings(), null) { }

    internal CudnnArchives(
        CudnnSettings settings,
        string directory,
        StorePaths store,
        IProgressSink progress,
        Func<string, string?> environment,
        string root,
        DownloadSettings downloads,
        Uri? index
    )
    {
        ArgumentNullException.ThrowIfNull(settings);
        _settings = settings;
        _progress = progress;
        _place = new RedistPlace
        {
            Title = "cuDNN",
            Index = Index,
            Table = "cudnn",
            MirrorVariable = MirrorVariable,
            Mirrors = settings.Mirrors,
            Archive = settings.Archive,
            Directory = directory,
        };
        _index = new RedistIndex(_place, store, progress, environment, root, downloads, index);
    }

    /// <summary>Finds the release that the packages of Debian need, and what the index says of it.</summary>
    /// <param name="installer">Debian's installer.</param>
    /// <param name="earlier">cuDNN of an earlier lock, which stays when it is the same release; null for none.</param>
    /// <param name="offline">Nothing is asked of the index.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="TorchyardException">TY2060 to TY2063.</exception>
    public async Task<LockedCudnn> LockAsync(CudnnInstaller installer, LockedCudnn? earlier, bool offline, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(installer);
        var version = _settings.Version ?? installer.Version;
        if (!installer.RunsWith(version))
        {
            throw new TorchyardException(
                "TY2063",
                $"Debian's packages are linked against cuDNN {installer.Version}, and cannot run with {version}",
                $"leave cudnn.version out, or name {installer.Version} or a newer release of cuDNN {installer.Version.Split('.')[0]}"
            )
            {
                IsUsage = true,
            };
        }

        if (LocalArchive(installer.PathOf(version)) is { } file)
        {
            return await _index.TakeAsync(
                file,
                (size, hash) => Locked(version, installer, size, hash, CudnnSettings.LicenseUrl),
                cancellation
            );
        }

        if (
            earlier is not null
            && earlier.Version == version
            && earlier.Cuda == installer.Cuda
            && earlier.FileName == installer.FileName(version)
        )
        {
            return earlier;
        }

        return offline
            ? throw new TorchyardException(
                "TY2060",
                $"what NVIDIA's index says of cuDNN {version} is needed, and --offline forbids to ask",
                $"run the command once without --offline, or name the archive: {_place.ArchiveCure(installer.FileName(version))}"
            )
            : await AskAsync(installer, version, cancellation);
    }

    /// <inheritdoc />
    public Task<string> FetchAsync(LockedRedist locked, CancellationToken cancellation) => _index.FetchAsync(locked, cancellation);

    /// <inheritdoc />
    public void Dispose() => _index.Dispose();

    /// <summary>
    /// Names of the manifests that may describe a release, best first: <c>9.0.0</c>, then all four numbers as 8.x had them.
    /// </summary>
    /// <param name="version">The release.</param>
    internal static IReadOnlyList<string> ManifestsOf(string version) =>
        [$"redistrib_{version[..version.LastIndexOf('.')]}.json", $"redistrib_{version}.json"];

    private async Task<LockedCudnn> AskAsync(CudnnInstaller installer, string version, CancellationToken cancellation)
    {
        using var task = _progress.Begin("Asking for cuDNN");
        var failures = new RedistFailures();
        var query = new RedistQuery("cudnn", "cuDNN", installer.Platform) { Version = version, Cuda = installer.CudaText };
        foreach (var root in _index.Roots)
        {
            foreach (var name in ManifestsOf(version))
            {
                if (await _index.ReadAsync(root, name, failures, cancellation) is not { } content)
                {
                    continue;
                }

                if (RedistManifest.Find(content, query, out var problem) is { } found)
                {
                    task.Done($"{version} for CUDA {installer.Cuda}, {ByteSize.Decimal(found.Size)}");
                    return Locked(version, installer, found.Size, found.Sha256, Index + (found.LicensePath ?? "cudnn/LICENSE.txt")) with
                    {
                        Url = Index + found.Path,
                    };
                }

                failures.Useless(UrlText.At(root, name), problem);
            }
        }

        throw failures.ToException(
            _place,
            $"cuDNN {version} for {installer.Platform} and CUDA {installer.Cuda}",
            "Debian has no cuDNN",
            installer.FileName(version),
            Index + installer.PathOf(version)
        );
    }

    private static LockedCudnn Locked(string version, CudnnInstaller installer, long size, Digest hash, string license) =>
        new()
        {
            Version = version,
            Cuda = installer.Cuda,
            Url = Index + installer.PathOf(version),
            Size = size,
            Sha256 = hash,
            License = license,
        };

    private string? LocalArchive(string path)
    {
        var places = _place.LocalPaths(path);
        return places.Count == 0
            ? null
            : places.FirstOrDefault(File.Exists)
                ?? throw new TorchyardException(
                    "TY2062",
                    $"cudnn.archive is {_settings.Archive}, and there is no file {string.Join(" or ", places)}",
                    $"name {Path.GetFileName(path)} itself or the directory that has it; the path is relative to the recipe"
                )
                {
                    IsUsage = true,
                };
    }
}
