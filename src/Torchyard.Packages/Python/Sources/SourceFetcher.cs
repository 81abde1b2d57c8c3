using Torchyard.Packages.Python.Fetch;
using Torchyard.Packages.Python.Indexes;
using Torchyard.Packages.Python.Requirements;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Reporting;
using Torchyard.Recipes.Locks;

namespace Torchyard.Packages.Python.Sources;

/// <summary>Brings sources to this machine: archives into the package cache, commits out of repositories.</summary>
public sealed class SourceFetcher(StorePaths store, WheelCache cache, IndexTransport transport, GitRepositories git)
{
    /// <summary>Most bytes of an archive; those of PyPI are under 100 MB.</summary>
    public const long ArchiveLimit = 2L << 30;

    /// <summary>Fetches a source.</summary>
    /// <exception cref="TorchyardException">TY2503 to TY2508, TY2514, TY2520 to TY2523.</exception>
    public async Task<FetchedSource> FetchAsync(SourceReference reference, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(reference);
        return reference.IsGit ? await FetchCommitAsync(reference, cancellation) : await FetchArchiveAsync(reference, cancellation);
    }

    private async Task<FetchedSource> FetchArchiveAsync(SourceReference reference, CancellationToken cancellation)
    {
        var url = new UriBuilder(reference.Url) { Fragment = "" }.Uri;
        if (!url.IsFile && url.UserInfo.Length > 0)
        {
            url = transport.Credentials.Adopt(url.AbsoluteUri);
        }

        var (path, sha256) = await cache.GetAsync(
            url,
            reference.Sha256,
            reference.Size,
            ArchiveLimit,
            SilentProgress.Instance,
            cancellation
        );
        var source = new LockedSource
        {
            Url = reference.Path is null && !reference.IsFromIndex ? reference.PublicUrl : null,
            Path = reference.Path,
            Filename = reference.Filename,
            Size = new FileInfo(path).Length,
            Sha256 = sha256,
            Subdirectory = reference.Subdirectory,
        };
        return new FetchedSource(source, [new SourcePart(path, reference.Filename!, "")]);
    }

    private async Task<FetchedSource> FetchCommitAsync(SourceReference reference, CancellationToken cancellation)
    {
        var directory = BuildDirectory.Create(store);
        try
        {
            var export = await git.ExportAsync(reference, directory.Path, cancellation);
            var source = new LockedSource
            {
                Url = reference.PublicUrl,
                Commit = export.Commit,
                Tags = export.Tags,
                Revision = reference.Revision,
                Subdirectory = reference.Subdirectory,
            };
            return new FetchedSource(source, export.Parts, directory, export.Repository);
        }
        catch
        {
            directory.Dispose();
            throw;
        }
    }
}
