using System.Net;
using System.Net.Http.Headers;
using Torchyard.Images.Oci;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Http;
using Torchyard.Registry.Connections;

namespace Torchyard.Registry.Pulling;

/// <summary>Opens blobs of a repository, whole or from some byte on (distribution-spec, "Pulling blobs").</summary>
internal sealed class BlobSource(RegistryConnection connection, string repository)
{
    /// <summary>Who is asked.</summary>
    public RegistryConnection Connection => connection;

    /// <summary>What a blob is called in a sentence.</summary>
    public static string Named(OciDescriptor blob) => $"blob {blob.Digest}";

    /// <summary>Opens a blob. One try.</summary>
    /// <param name="blob">The blob.</param>
    /// <param name="offset">First byte wanted.</param>
    /// <param name="last">Last byte wanted; null for all that follows.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="HttpFailureException">The connection failed, or the registry has something else.</exception>
    /// <exception cref="TorchyardException">The registry refuses it.</exception>
    public async Task<OpenSource> OpenAsync(OciDescriptor blob, long offset, long? last, CancellationToken cancellation)
    {
        var what = Named(blob);
        var response = await connection.SendOnceAsync(
            new RegistryRequest(HttpMethod.Get, connection.At(repository, $"blobs/{blob.Digest}"), what)
            {
                Scopes = RegistryRequest.Pull(repository),
                Prepare = message => message.Headers.Range = offset > 0 || last is not null ? new RangeHeaderValue(offset, last) : null,
            },
            cancellation
        );
        try
        {
            // A link that the registry signed for a moment, which has passed: the registry gives another one.
            if (
                response.RequestMessage?.RequestUri is { } reached
                && !TokenClient.IsSame(reached, connection.Root)
                && response.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden
            )
            {
                throw new HttpFailureException(
                    $"the storage that it leads to answers {(int)response.StatusCode}",
                    isTransient: true,
                    response.StatusCode
                );
            }

            if (
                response.StatusCode
                is not (HttpStatusCode.OK or HttpStatusCode.PartialContent or HttpStatusCode.RequestedRangeNotSatisfiable)
            )
            {
                throw await RegistryRefusal.OfAsync(connection, response, what, cancellation);
            }

            return await OpenSource.OfAsync(connection.Http, response, offset, last, static () => { }, cancellation);
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }
}
