using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using Torchyard.Packages.Python.Wheels;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Text;

namespace Torchyard.Packages.Python.Indexes;

/// <summary>
/// Reads project pages and metadata from an index (packaging.python.org, "Simple repository API": PEP 503, 691, 658, 714).
/// </summary>
/// <param name="transport">HTTP.</param>
/// <param name="cache">Pages and METADATA of earlier runs; null for none.</param>
/// <param name="pageLimit">Most bytes of a page.</param>
public sealed class SimpleIndexClient(IndexTransport transport, IndexCache? cache = null, int pageLimit = SimpleIndexClient.PageLimit)
{
    // The largest page of PyPI is under 30 MB.
    private const int PageLimit = 128 << 20;

    /// <summary>True when METADATA of a wheel can be had: always, unless nothing may be asked and it was never read.</summary>
    internal bool CanRead(ProjectFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return !transport.IsOffline || file.Url.IsFile || cache?.FindMetadata(file) is not null;
    }

    /// <summary>The page of a project; null when the index does not have it.</summary>
    /// <param name="index">Root of the index, with a final slash.</param>
    /// <param name="name">Normalised name.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="TorchyardException">TY2503 to TY2506.</exception>
    internal async Task<ProjectPage?> FindProjectAsync(Uri index, string name, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(index);
        return await FindPageAsync(UrlText.At(index, name + "/"), name, cancellation);
    }

    /// <summary>A page of links (<c>--find-links</c>), with the files of all projects; null when the server does not have it.</summary>
    /// <param name="page">Its URL.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="TorchyardException">TY2503 to TY2506.</exception>
    internal Task<ProjectPage?> FindLinksAsync(Uri page, CancellationToken cancellation) => FindPageAsync(page, "", cancellation);

    /// <summary>A small file of text, such as a requirement file.</summary>
    /// <param name="url">Its URL.</param>
    /// <param name="limit">Most bytes.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="TorchyardException">TY2503 to TY2506; TY2536: the server does not have it.</exception>
    public async Task<byte[]> ReadTextAsync(Uri url, int limit, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(url);
        using var response = await transport.GetAsync(url, null, cancellation);
        return response.IsSuccessStatusCode
            ? await ReadAsync(response, url, limit, cancellation)
            : throw new TorchyardException(
                "TY2536",
                $"{IndexProblem.Show(url)} is not there: the server answers {(int)response.StatusCode}",
                "correct the address"
            );
    }

    private async Task<ProjectPage?> FindPageAsync(Uri url, string name, CancellationToken cancellation)
    {
        var known = cache?.FindPage(url);
        if (transport.IsOffline)
        {
            return known is null ? throw IndexProblem.Offline(url) : Parse(known, name, url);
        }

        using var response = await transport.GetAsync(
            url,
            request =>
            {
                request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(SimpleJson.MediaType));
                request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/vnd.pypi.simple.v1+html", 0.2));
                request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/html", 0.01));
                if (known?.ETag is { } tag)
                {
                    request.Headers.TryAddWithoutValidation("If-None-Match", tag);
                }
                else if (known?.LastModified is { } date)
                {
                    request.Headers.TryAddWithoutValidation("If-Modified-Since", date);
                }
            },
            cancellation
        );
        if (response.StatusCode == HttpStatusCode.NotModified && known is not null)
        {
            return Parse(known, name, url);
        }

        var page = response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone
            ? new CachedPage(CachedPage.Absent, url.AbsoluteUri, null, null)
            : new CachedPage(
                response.Content.Headers.ContentType?.MediaType,
                (response.RequestMessage?.RequestUri ?? url).AbsoluteUri,
                response.Headers.ETag?.ToString(),
                response.Content.Headers.LastModified?.ToString("r")
            )
            {
                Content = await ReadAsync(response, url, pageLimit, cancellation),
            };
        var parsed = Parse(page, name, url);
        cache?.AddPage(url, page);
        return parsed;
    }

    /// <summary>
    /// METADATA of a wheel: the file beside it where the index has one (PEP 658), else read out of the remote wheel by HTTP ranges,
    /// a few hundred kilobytes instead of hundreds of megabytes. Null when the server can do neither.
    /// </summary>
    internal async Task<byte[]?> FindMetadataAsync(ProjectFile file, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(file);
        if (cache?.FindMetadata(file) is { } known)
        {
            return known;
        }

        var found = await ReadMetadataAsync(file, cancellation);
        if (found is not null)
        {
            cache?.AddMetadata(file, found);
        }

        return found;
    }

    private static ProjectPage? Parse(CachedPage page, string name, Uri asked)
    {
        if (page.MediaType == CachedPage.Absent)
        {
            return null;
        }

        try
        {
            var url = new Uri(page.Url);
            return page.MediaType switch
            {
                SimpleJson.MediaType => SimpleJson.Parse(page.Content, name, url),
                "application/vnd.pypi.simple.v1+html" or "text/html" or "application/xhtml+xml" or null => SimpleHtml.Parse(
                    page.Content,
                    name,
                    url
                ),
                var other => throw new InvalidDataException($"it is '{other}', neither JSON (PEP 691) nor HTML (PEP 503)"),
            };
        }
        catch (InvalidDataException wrong)
        {
            throw IndexProblem.BadPage(asked, wrong.Message, wrong);
        }
    }

    private async Task<byte[]?> ReadMetadataAsync(ProjectFile file, CancellationToken cancellation)
    {
        if (file.HasMetadata)
        {
            var url = new UriBuilder(file.Url) { Path = file.Url.AbsolutePath + ".metadata" }.Uri;
            using var response = await transport.GetAsync(url, null, cancellation);
            if (response.IsSuccessStatusCode)
            {
                var content = await ReadAsync(response, url, WheelMetadata.SizeLimit, cancellation);
                if (file.MetadataSha256 is { } expected && Digest.Of(content) != expected)
                {
                    throw IndexProblem.BadPage(url, "it has not the SHA-256 that the index gives");
                }

                return content;
            }
        }

        try
        {
            using var source = await HttpRangeSource.OpenAsync(transport, file.Url, cancellation);
            return source is null ? null : await Task.Run(() => WheelArchive.ReadMetadata(source), cancellation);
        }
        catch (InvalidDataException wrong)
        {
            throw WheelProblem.Damaged(file.Filename, wrong.Message, wrong);
        }
    }

    /// <summary>
    /// Size of a file that its index does not tell, asked of the server without reading the file; null when it does not say.
    /// </summary>
    public async Task<long?> FindSizeAsync(Uri url, CancellationToken cancellation)
    {
        using var response = await transport.GetAsync(url, r => r.Headers.Range = new RangeHeaderValue(0, 0), cancellation);
        return response.StatusCode switch
        {
            HttpStatusCode.PartialContent => response.Content.Headers.ContentRange?.Length,
            HttpStatusCode.OK => response.Content.Headers.ContentLength,
            _ => null,
        };
    }

    private async Task<byte[]> ReadAsync(HttpResponseMessage response, Uri url, int limit, CancellationToken cancellation)
    {
        var rented = ArrayPool<byte>.Shared.Rent(128 * 1024);
        try
        {
            using var content = new MemoryStream();
            await using var body = await transport.OpenBodyAsync(response, cancellation);
            int read;
            while ((read = await body.ReadAsync(rented, cancellation)) > 0)
            {
                if (content.Length + read > limit)
                {
                    throw IndexProblem.BadPage(url, $"it is larger than {limit} bytes");
                }

                content.Write(rented, 0, read);
            }

            return content.ToArray();
        }
        catch (Exception cut) when (cut is IOException or HttpRequestException)
        {
            throw IndexProblem.Unreachable(url, $"the answer broke off: {cut.Message}", cut);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }
}
