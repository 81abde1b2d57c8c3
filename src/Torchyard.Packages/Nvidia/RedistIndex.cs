using Torchyard.Packages.Debian.Apt;
using Torchyard.Packages.Debian.Archives;
using Torchyard.Packages.Errors;
using Torchyard.Packages.Fetching;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Http;
using Torchyard.Platform.Reporting;
using Torchyard.Platform.Text;
using Torchyard.Recipes.Locks;

namespace Torchyard.Packages.Nvidia;

/// <summary>
/// One of NVIDIA's redistributable indexes as this machine reaches it, with the machine's proxies and logins: mirrors of the recipe and no
/// others, else those of the environment and then NVIDIA's own. An archive that the recipe names as a file is taken from there.
/// </summary>
internal sealed class RedistIndex : IRedistFetcher, IDisposable
{
    private readonly RedistPlace _place;
    private readonly IProgressSink _progress;
    private readonly Transport _transport;
    private readonly FileCache _cache;
    private readonly VerifiedDownloader _downloader;
    private readonly string _packages;

    /// <summary>Reads the machine's settings; nothing is fetched yet.</summary>
    /// <param name="place">The index.</param>
    /// <param name="store">The store: archives are kept there.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="environment">Looks up an environment variable.</param>
    /// <param name="root">Root of the file system that holds <c>etc/apt</c>, whose proxies and logins count.</param>
    /// <param name="downloads">Times and numbers.</param>
    /// <param name="index">Address that is asked in the place of <see cref="RedistPlace.Index"/>; null for that.</param>
    public RedistIndex(
        RedistPlace place,
        StorePaths store,
        IProgressSink progress,
        Func<string, string?> environment,
        string root,
        DownloadSettings downloads,
        Uri? index
    )
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(environment);
        _place = place;
        _progress = progress;
        downloads = downloads.Saying(progress);
        var machine = MachineApt.Read(root, environment);
        _transport = new Transport(new AptProxy(machine.Configuration, environment), machine.Credentials, downloads);
        _cache = new FileCache(store.Packages);
        _downloader = new VerifiedDownloader(_transport, _cache, downloads.Retry);
        _packages = store.Packages;
        Roots =
            place.Mirrors.Count > 0
                ? [.. place.Mirrors.Select(Root)]
                :
                [
                    .. (environment(place.MirrorVariable) ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(MirrorOf),
                    index ?? new Uri(place.Index),
                ];
    }

    /// <summary>Where the index is asked for, best first.</summary>
    public IReadOnlyList<Uri> Roots { get; }

    /// <summary>Reads a manifest.</summary>
    /// <param name="root">One of <see cref="Roots"/>.</param>
    /// <param name="name">Its file.</param>
    /// <param name="failures">Told what could not be had.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>The manifest; null when it is not there, or nobody answers.</returns>
    public async Task<byte[]?> ReadAsync(Uri root, string name, RedistFailures failures, CancellationToken cancellation)
    {
        if (failures.IsSilent(root))
        {
            return null;
        }

        var address = UrlText.At(root, name);
        try
        {
            return await _transport.GetSmallAsync(address, RedistManifest.MostBytes, cancellation);
        }
        catch (HttpFailureException failure)
        {
            // Where nobody answers, another name would wait for the same.
            failures.Unreachable(root, $"{Shown(address)}: {failure.Message}", isSilent: failure.Status is null && !root.IsFile);
            return null;
        }
    }

    /// <summary>
    /// Puts an archive that lies on this machine into the cache: a build from the lock alone does not know the recipe's directory.
    /// </summary>
    /// <param name="file">The file.</param>
    /// <param name="lock">What the lock says, given size and hash.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task<T> TakeAsync<T>(string file, Func<long, Digest, T> @lock, CancellationToken cancellation)
        where T : LockedRedist
    {
        var found = @lock(new FileInfo(file).Length, FileCache.HashOf(file));
        await FetchAsync(found, cancellation);
        return found;
    }

    /// <inheritdoc />
    public async Task<string> FetchAsync(LockedRedist locked, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(locked);
        if (_cache.Has(locked.Sha256, locked.Size))
        {
            return _cache.PathOf(locked.Sha256);
        }

        var path = locked.Url.StartsWith(_place.Index, StringComparison.Ordinal) ? locked.Url[_place.Index.Length..] : "";
        if (!PackageAddress.IsSafe(path))
        {
            throw new TorchyardException(
                "TY2054",
                $"the lock gives {_place.Title} the address '{locked.Url}', which is not below {_place.Index}",
                "run torchyard lock again"
            );
        }

        Directory.CreateDirectory(_packages);
        DiskSpace.Require(_packages, locked.Size);
        using var task = _progress.Begin($"Fetching {locked.Title}", locked.Size);
        try
        {
            var file = await _downloader.FetchAsync(
                VerifiedDownload.OfArchive(
                    locked.Title,
                    locked.Sha256,
                    locked.Size,
                    [.. _place.LocalPaths(path).Select(local => new Uri(local)), .. Roots.Select(root => PackageAddress.Of(root, path))]
                ),
                task,
                cancellation
            );
            task.Done(ByteSize.Decimal(locked.Size));
            return file.Path;
        }
        catch (TorchyardException failure) when (failure.Code == PackageCodes.NotFetched)
        {
            throw new TorchyardException(failure.Code, failure.Message, _place.Cures(locked.FileName, locked.Url), failure);
        }
    }

    /// <inheritdoc />
    public void Dispose() => _transport.Dispose();

    /// <summary>The address for people: never a password into a message.</summary>
    public static string Shown(Uri address) =>
        address.UserInfo.Length == 0
            ? address.AbsoluteUri
            : new UriBuilder(address) { UserName = "", Password = "" }
                .Uri
                .AbsoluteUri;

    private static Uri Root(string address) => new(address.EndsWith('/') ? address : address + "/");

    private Uri MirrorOf(string address) =>
        UrlText.TryRead(address, out var uri) && uri.Scheme is "http" or "https" or "file"
            ? Root(address)
            : throw new TorchyardException(
                "TY2012",
                $"{_place.MirrorVariable} has '{address}', which is not an http, https or file URL",
                $"write whole URLs in the place of {_place.Index}, separated by blanks"
            )
            {
                IsUsage = true,
            };
}
