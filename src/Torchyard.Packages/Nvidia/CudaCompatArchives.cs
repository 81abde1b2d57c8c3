using System.Globalization;
using Torchyard.Packages.Fetching;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Reporting;
using Torchyard.Platform.Text;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;

namespace Torchyard.Packages.Nvidia;

/// <summary>
/// Forward-compatibility libraries in NVIDIA's redistributable index for CUDA, its mirrors or as a file. Sources of what the index has:
/// NixOS/nixpkgs, pkgs/development/cuda-modules/_cuda/manifests/cuda/redistrib_*.json (NVIDIA's own files);
/// conda-forge/cuda-compat-feedstock, recipe/meta.yaml, which takes nvidia_driver for CUDA 12.8.
/// </summary>
public sealed class CudaCompatArchives : IRedistFetcher, IDisposable
{
    /// <summary>NVIDIA's index.</summary>
    public const string Index = "https://developer.download.nvidia.com/compute/cuda/redist/";

    /// <summary>Environment variable with mirrors of the index, separated by blanks.</summary>
    public const string MirrorVariable = "TORCHYARD_CUDA_MIRROR";

    // Patch releases of one CUDA release that are looked for beyond the newest known one; there were never more than four.
    private const int MostNewer = 16;

    private static readonly Version FirstWithLibrariesAlone = new(13, 1);

    private readonly CudaCompatSettings _settings;
    private readonly IProgressSink _progress;
    private readonly RedistPlace _place;
    private readonly RedistIndex _index;

    /// <summary>Reads the machine's settings; nothing is fetched yet.</summary>
    /// <param name="settings"><c>[cuda-compat]</c> of the recipe.</param>
    /// <param name="directory">Directory that <see cref="CudaCompatSettings.Archive"/> is relative to.</param>
    /// <param name="store">The store: the archive is kept there.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="environment">Looks up an environment variable.</param>
    /// <param name="root">Root of the file system that holds <c>etc/apt</c>, whose proxies and logins count.</param>
    public CudaCompatArchives(
        CudaCompatSettings settings,
        string directory,
        StorePaths store,
        IProgressSink progress,
        Func<string, string?> environment,
        string root = "/"
    )
        : this(settings, directory, store, progress, environment, root, new DownloadSettings(), null) { }

    internal CudaCompatArchives(
        CudaCompatSettings settings,
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
            Title = "cuda-compat",
            Index = Index,
            Table = "cuda-compat",
            MirrorVariable = MirrorVariable,
            Mirrors = settings.Mirrors,
            Archive = settings.Archive,
            Directory = directory,
        };
        _index = new RedistIndex(_place, store, progress, environment, root, downloads, index);
    }

    /// <summary>
    /// Finds libraries of one of the releases. The small archive that has them alone goes before the driver, whose archive is five times as
    /// large, also when it is of a later release: a driver runs everything that was built for an earlier one.
    /// </summary>
    /// <param name="releases">Releases that would do, best first; at least one.</param>
    /// <param name="architecture">Debian architecture of the image.</param>
    /// <param name="earlier">What an earlier lock has, which stays when it is of one of the releases; null for none.</param>
    /// <param name="offline">Nothing is asked of the index.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="TorchyardException">TY2060 to TY2062, TY2065.</exception>
    public async Task<LockedCudaCompat> LockAsync(
        IReadOnlyList<CudaCompatRelease> releases,
        string architecture,
        LockedCudaCompat? earlier,
        bool offline,
        CancellationToken cancellation
    )
    {
        ArgumentNullException.ThrowIfNull(releases);
        // For Arm the index tells servers (sbsa) from Jetson (aarch64).
        var platform = architecture == "arm64" ? "linux-sbsa" : "linux-x86_64";
        if (LocalArchive(releases, platform) is var (path, file, release))
        {
            return await _index.TakeAsync(
                path,
                (size, hash) =>
                    new LockedCudaCompat
                    {
                        Version = file.VersionText,
                        Cuda = release.Cuda,
                        Url = Index + file.Path,
                        Size = size,
                        Sha256 = hash,
                        License = $"{Index}{file.Component}/LICENSE.txt",
                    },
                cancellation
            );
        }

        if (
            earlier is not null
            && releases.Any(one => one.Cuda == earlier.Cuda)
            && earlier.Url.Contains($"/{platform}/", StringComparison.Ordinal)
        )
        {
            return earlier;
        }

        return offline
            ? throw new TorchyardException(
                "TY2060",
                $"what NVIDIA's index says of cuda-compat for CUDA {Names(releases)} is needed, and --offline forbids to ask",
                $"run the command once without --offline, or name the archive: {_place.ArchiveCure(Example(releases, platform))}"
            )
            : await AskAsync(releases, platform, cancellation);
    }

    /// <inheritdoc />
    public Task<string> FetchAsync(LockedRedist locked, CancellationToken cancellation) => _index.FetchAsync(locked, cancellation);

    /// <inheritdoc />
    public void Dispose() => _index.Dispose();

    private async Task<LockedCudaCompat> AskAsync(
        IReadOnlyList<CudaCompatRelease> releases,
        string platform,
        CancellationToken cancellation
    )
    {
        using var task = _progress.Begin("Asking for cuda-compat");
        var failures = new RedistFailures();
        var manifests = new List<(CudaCompatRelease Release, Uri Address, byte[] Content, string Problem)>();
        foreach (var release in releases)
        {
            foreach (var root in _index.Roots)
            {
                if (await NewestAsync(root, release, failures, cancellation) is not var (address, content))
                {
                    continue;
                }

                var query = new RedistQuery(CudaCompatFile.Compat, CudaCompatFile.Compat, platform) { Cuda = release.Cuda };
                if (Found(content, query, release, out var problem) is { } found)
                {
                    task.Done($"{found.Version} for CUDA {release.Cuda}, {ByteSize.Decimal(found.Size)}");
                    return found;
                }

                manifests.Add((release, address, content, problem));
            }
        }

        foreach (var (release, address, content, compat) in manifests)
        {
            if (
                Found(content, new RedistQuery(CudaCompatFile.Driver, CudaCompatFile.Driver, platform), release, out var problem) is
                { } found
            )
            {
                task.Done($"{found.Version} for CUDA {release.Cuda}, out of the driver, {ByteSize.Decimal(found.Size)}");
                return found;
            }

            failures.Useless(address, problem == compat ? problem : $"{compat}, and {problem}");
        }

        throw failures.ToException(
            _place,
            $"cuda-compat for {platform} and CUDA {Names(releases)}",
            $"the image needs cuda-compat for CUDA {Names(releases)}",
            Example(releases, platform),
            null
        );
    }

    /// <summary>The newest manifest of a release that a place has; the known one is where the search begins.</summary>
    private async Task<(Uri Address, byte[] Content)?> NewestAsync(
        Uri root,
        CudaCompatRelease release,
        RedistFailures failures,
        CancellationToken cancellation
    )
    {
        var known = int.Parse(
            release.Manifest.AsSpan(release.Manifest.LastIndexOf('.') + 1),
            NumberStyles.None,
            CultureInfo.InvariantCulture
        );
        var newest = await ReadAsync(known);
        for (var older = known - 1; newest is null && older >= 0; older--)
        {
            newest = await ReadAsync(older);
            if (newest is not null)
            {
                return newest;
            }
        }

        for (var next = known + 1; newest is not null && next <= known + MostNewer; next++)
        {
            if (await ReadAsync(next) is not { } newer)
            {
                break;
            }

            newest = newer;
        }

        return newest;

        async Task<(Uri, byte[])?> ReadAsync(int patch)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"redistrib_{release.Cuda}.{patch}.json");
            return await _index.ReadAsync(root, name, failures, cancellation) is { } content ? (UrlText.At(root, name), content) : null;
        }
    }

    private static LockedCudaCompat? Found(byte[] content, RedistQuery query, CudaCompatRelease release, out string problem)
    {
        if (RedistManifest.Find(content, query, out problem) is not { } found)
        {
            return null;
        }

        if (!CudaCompatFile.IsDriverVersion(found.Version))
        {
            problem = $"its {query.Title} {found.Version} is none of a driver";
            return null;
        }

        return new LockedCudaCompat
        {
            Version = found.Version,
            Cuda = release.Cuda,
            Url = Index + found.Path,
            Size = found.Size,
            Sha256 = found.Sha256,
            License = Index + (found.LicensePath ?? $"{query.Component}/LICENSE.txt"),
        };
    }

    /// <summary>
    /// The archive that the recipe names, or the best one of the directory that it names; the name says what an archive is.
    /// </summary>
    private (string Path, CudaCompatFile File, CudaCompatRelease Release)? LocalArchive(
        IReadOnlyList<CudaCompatRelease> releases,
        string platform
    )
    {
        if (_place.LocalPath is not { } local)
        {
            return null;
        }

        string[] places = Directory.Exists(local)
            ? [local, Path.Combine(local, CudaCompatFile.Compat, platform), Path.Combine(local, CudaCompatFile.Driver, platform)]
            : [];
        string[] paths = places.Length == 0 ? [local] : [.. places.Where(Directory.Exists).SelectMany(Directory.EnumerateFiles)];
        if (places.Length == 0 && !File.Exists(local))
        {
            throw new TorchyardException(
                "TY2062",
                $"cuda-compat.archive is {_settings.Archive}, and there is no file {local}",
                $"name {Example(releases, platform)} itself or the directory that has it; the path is relative to the recipe"
            )
            {
                IsUsage = true,
            };
        }

        var files = paths
            .Select(path => (Path: path, File: CudaCompatFile.Parse(Path.GetFileName(path))!))
            .Where(one => one.File?.Platform == platform)
            .OrderByDescending(one => one.File.Version)
            .ThenBy(one => one.Path, StringComparer.Ordinal)
            .ToList();
        foreach (var component in new[] { CudaCompatFile.Compat, CudaCompatFile.Driver })
        {
            foreach (var release in releases)
            {
                if (
                    files.FindIndex(one =>
                        one.File.Component == component
                        && (one.File.Cuda is { } cuda ? cuda == release.Cuda : one.File.Version.Major == release.Branch)
                    )
                    is >= 0
                        and var index
                )
                {
                    return (files[index].Path, files[index].File, release);
                }
            }
        }

        throw new TorchyardException(
            "TY2065",
            $"cuda-compat.archive is {_settings.Archive}, which {(places.Length == 0 ? "is" : "has")} none for {platform} and CUDA "
                + $"{Names(releases)}",
            $"name an archive under the name that NVIDIA gave it, which says what it is: {Example(releases, platform)}"
        )
        {
            IsUsage = true,
        };
    }

    private static string Names(IReadOnlyList<CudaCompatRelease> releases) => string.Join(" or ", releases.Select(release => release.Cuda));

    private static string Example(IReadOnlyList<CudaCompatRelease> releases, string platform) =>
        releases.FirstOrDefault(release => Version.Parse(release.Cuda) >= FirstWithLibrariesAlone) is { } alone
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"{CudaCompatFile.Compat}-{platform}-{alone.Branch}.…_cuda{alone.Cuda}-archive.tar.xz"
            )
            : string.Create(CultureInfo.InvariantCulture, $"{CudaCompatFile.Driver}-{platform}-{releases[0].Branch}.…-archive.tar.xz");
}
