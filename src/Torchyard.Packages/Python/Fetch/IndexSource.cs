using System.Net.Http.Headers;
using Torchyard.Packages.Fetching;
using Torchyard.Packages.Python.Indexes;
using Torchyard.Platform.Http;

namespace Torchyard.Packages.Python.Fetch;

/// <summary>Files of Python indexes, and of this machine where a recipe names them.</summary>
/// <param name="transport">Asks indexes.</param>
/// <param name="openLocal">Opens a file of this machine; may refuse it.</param>
internal sealed class IndexSource(IndexTransport transport, Func<string, FileStream> openLocal) : IByteSource
{
    /// <inheritdoc />
    public async Task<OpenSource> OpenAsync(Uri address, long offset, CancellationToken cancellation, long? last = null)
    {
        if (address.IsFile)
        {
            return OpenSource.OfFile(() => openLocal(address.LocalPath), offset);
        }

        var response = await transport.GetAsync(
            address,
            request =>
            {
                // What has a coding cannot be gone on with, and has another hash.
                request.Headers.AcceptEncoding.Clear();
                request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("identity"));
                request.Headers.Range = offset > 0 || last is not null ? new RangeHeaderValue(offset, last) : null;
            },
            cancellation
        );
        try
        {
            if (HttpFailureException.Of(response, TimeProvider.System) is { } refusal)
            {
                throw refusal;
            }

            return await OpenSource.OfAsync(transport.Http, response, offset, last, static () => { }, cancellation);
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }
}
