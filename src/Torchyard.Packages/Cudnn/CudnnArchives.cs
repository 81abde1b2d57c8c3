using Torchyard.Packages.Debian.Apt;
using Torchyard.Packages.Debian.Archives;
using Torchyard.Packages.Fetching;
using Torchyard.Platform;
using Torchyard.Platform.Files;
using Torchyard.Platform.Text;
using Torchyard.Recipes;

namespace Torchyard.Packages.Cudnn;

/// <summary>
/// NVIDIA's redistributable index as this machine reaches it, with the machine's proxies and logins: mirrors of the recipe and no others, else
/// those of <c>TORCHYARD_CUDNN_MIRROR</c> and then NVIDIA's own. An archive that the recipe names as a file is taken from there.
/// </summary>
public sealed class CudnnArchives : ICudnnFetcher, IDisposable
{
    /// <summary>NVIDIA's index.</summary>
    public const string Index = "https://developer.download.nvidia.com/compute/cudnn/redist/";

    /// <summary>Environment variable with mirrors of the index, separated by blanks.</summary>
    public const string MirrorVariable = "TORCHYARD_CUDNN_MIRROR";

    private readonly CudnnSettings _settings;
    private readonly string _directory;
    private readonly IProgressSink _progress;
    private readonly Transport _transport;
    private readonly FileCache _cache;
    private readonly VerifiedDownloader _downloader;
    private readonly string _place;
    private readonly IReadOnlyList<Uri> _roots;

    /// <summary>Reads the machine's settings; nothing is fetched yet.</summary>
    /// <param name="settings"><c>[cudnn]</c> of the recipe.</param>
    /// <param name="directory">Directory that <see cref="CudnnSettings.Archive"/> is relative to.</param>
    /// <param name="store">The store: the archive is kept there.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="environment">Looks up an environment variable.</param>
    /// <param name="root">Root of the file system that holds <c>etc/apt</c>, whose proxies and logins count.</param>
    public CudnnArchives(
        CudnnSettings settings, string directory, StorePaths store, IProgressSink progress, Func<string, string?> environment, string root = "/")
        : this(settings, directory, store, progress, environment, root, new DownloadSettings(), new Uri(Index))
    {
    }

    internal CudnnArchives(
        CudnnSettings settings,
        string directory,
        StorePaths store,
        IProgressSink progress,
        Func<string, string?> environment,
        string root,
        DownloadSettings downloads,
        Uri index)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(environment);
        _settings = settings;
        _directory = directory;
        _progress = progress;
        var machine = MachineApt.Read(root, environment);
        _transport = new Transport(new AptProxy(machine.Configuration, environment), machine.Credentials, downloads);
        _cache = new FileCache(store.Packages);
        _downloader = new VerifiedDownloader(_transport, _cache, downloads);
        _place = store.Packages;
        _roots = settings.Mirrors.Count > 0
            ? [.. settings.Mirrors.Select(Root)]
            : [.. (environment(MirrorVariable) ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(MirrorOf), index];
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
                "TY2063", $"Debian's packages are linked against cuDNN {installer.Version}, and cannot run with {version}",
                $"leave cudnn.version out, or name {installer.Version} or a newer release of cuDNN {installer.Version.Split('.')[0]}")
            {
                IsUsage = true,
            };
        }

        if (LocalArchive(installer.FileName(version)) is { } file)
        {
            var found = Locked(version, installer, new FileInfo(file).Length, FileCache.HashOf(file), CudnnSettings.LicenseUrl);
            // Into the cache now: a build from the lock alone does not know the recipe's directory.
            await FetchAsync(found, cancellation);
            return found;
        }

        if (earlier is not null && earlier.Version == version && earlier.Cuda == installer.Cuda && earlier.FileName == installer.FileName(version))
        {
            return earlier;
        }

        return offline
            ? throw new TorchyardException(
                "TY2060", $"what NVIDIA's index says of cuDNN {version} is needed, and --offline forbids to ask",
                $"Run the command once without --offline, or name the archive: {ArchiveCure(installer, version)}")
            : await AskAsync(installer, version, cancellation);
    }

    /// <inheritdoc />
    public async Task<string> FetchAsync(LockedCudnn cudnn, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(cudnn);
        if (_cache.Has(cudnn.Sha256, cudnn.Size))
        {
            return _cache.PathOf(cudnn.Sha256);
        }

        var path = cudnn.Url.StartsWith(Index, StringComparison.Ordinal) ? cudnn.Url[Index.Length..] : "";
        if (!PackageAddress.IsSafe(path))
        {
            throw new TorchyardException("TY2054", $"the lock gives cuDNN the address '{cudnn.Url}', which is not below {Index}", "Run torchyard lock again");
        }

        Directory.CreateDirectory(_place);
        DiskSpace.Require(_place, cudnn.Size);
        using var task = _progress.Begin($"Fetching cuDNN {cudnn.Version}", cudnn.Size);
        try
        {
            var file = await _downloader.FetchAsync(
                new VerifiedDownload(
                    $"cuDNN {cudnn.Version}",
                    cudnn.Sha256,
                    cudnn.Size,
                    [.. LocalPaths(cudnn.FileName).Select(local => new Uri(local)), .. _roots.Select(root => PackageAddress.Of(root, path))]),
                task,
                cancellation);
            task.Done(ByteSize.Decimal(cudnn.Size));
            return file;
        }
        catch (TorchyardException failure) when (failure.Code == "TY2050")
        {
            throw new TorchyardException(failure.Code, failure.Message, Cures(cudnn.FileName, cudnn.Url), failure);
        }
    }

    /// <inheritdoc />
    public bool RemoveDamaged(LockedCudnn cudnn)
    {
        ArgumentNullException.ThrowIfNull(cudnn);
        return _cache.Look(cudnn.Sha256, cudnn.Size, always: true) == CachedFile.Damaged;
    }

    /// <inheritdoc />
    public void Dispose() => _transport.Dispose();

    private async Task<LockedCudnn> AskAsync(CudnnInstaller installer, string version, CancellationToken cancellation)
    {
        using var task = _progress.Begin("Asking for cuDNN");
        var unreachable = new List<string>();
        var useless = new List<string>();
        foreach (var root in _roots)
        {
            foreach (var name in RedistManifest.NamesFor(version))
            {
                var address = new Uri(root, name);
                byte[] content;
                try
                {
                    content = await _transport.GetSmallAsync(address, RedistManifest.MostBytes, cancellation);
                }
                catch (SourceFailure failure)
                {
                    unreachable.Add($"{Shown(address)}: {failure.Message}");
                    if (failure.Status is null)
                    {
                        // Nobody answers there: the other name would wait for the same.
                        break;
                    }

                    continue;
                }

                if (RedistManifest.Find(content, version, installer.Platform, installer.Cuda, out var problem) is { } found)
                {
                    task.Done($"{version} for CUDA {installer.Cuda}, {ByteSize.Decimal(found.Size)}");
                    return Locked(version, installer, found.Size, found.Sha256, Index + (found.LicensePath ?? "cudnn/LICENSE.txt")) with { Url = Index + found.Path };
                }

                useless.Add($"{Shown(address)}: {problem}");
            }
        }

        throw useless.Count > 0
            ? new TorchyardException(
                "TY2061", $"no manifest has cuDNN {version} for {installer.Platform} and CUDA {installer.Cuda}: {string.Join("; ", useless)}",
                $"Name another mirror of {Index} in cudnn.mirrors or {MirrorVariable}, or the archive: {ArchiveCure(installer, version)}")
            : new TorchyardException(
                "TY2060", $"Debian has no cuDNN, and NVIDIA's index cannot be reached for it: {string.Join("; ", unreachable)}",
                Cures(installer.FileName(version), Index + installer.PathOf(version)));
    }

    private static LockedCudnn Locked(string version, CudnnInstaller installer, long size, Digest hash, string license) => new()
    {
        Version = version,
        Cuda = installer.Cuda,
        Url = Index + installer.PathOf(version),
        Size = size,
        Sha256 = hash,
        License = license,
    };

    private string? LocalArchive(string name)
    {
        if (_settings.Archive is null)
        {
            return null;
        }

        return LocalPaths(name).FirstOrDefault(File.Exists) ?? throw new TorchyardException(
            "TY2062", $"cudnn.archive is {_settings.Archive}, and there is no file {string.Join(" or ", LocalPaths(name))}",
            $"name {name} itself or the directory that has it; the path is relative to the recipe")
        {
            IsUsage = true,
        };
    }

    /// <summary>Where the archive may lie when the recipe names a file or directory: right there, or as the index has it.</summary>
    private IReadOnlyList<string> LocalPaths(string name)
    {
        if (_settings.Archive is not { } archive)
        {
            return [];
        }

        var path = Path.GetFullPath(archive, _directory);
        return Directory.Exists(path)
            ? [Path.Combine(path, name), Path.Combine(path, "cudnn", name.Contains("x86_64", StringComparison.Ordinal) ? "linux-x86_64" : "linux-aarch64", name)]
            : [path];
    }

    private static string Cures(string file, string url) =>
        $"Name a mirror of {Index} in cudnn.mirrors or {MirrorVariable}; or fetch {url} where it can be reached, and name the file: [cudnn] archive = \"./{file}\"";

    private static string ArchiveCure(CudnnInstaller installer, string version) => $"[cudnn] archive = \"./{installer.FileName(version)}\"";

    private static Uri Root(string address) => new(address.EndsWith('/') ? address : address + "/");

    private static Uri MirrorOf(string address) => Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" or "file"
        ? Root(address)
        : throw new TorchyardException(
            "TY2012", $"{MirrorVariable} has '{address}', which is no http, https or file URL", $"write whole URLs in the place of {Index}, separated by blanks")
        {
            IsUsage = true,
        };

    // Never a password into a message.
    private static string Shown(Uri address) => address.UserInfo.Length == 0 ? address.AbsoluteUri : new UriBuilder(address) { UserName = "", Password = "" }.Uri.AbsoluteUri;
}
