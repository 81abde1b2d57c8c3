using System.Net;
using System.Net.Http.Headers;
using Torchyard.Mirror.Store;
using Torchyard.Platform.Errors;
using Torchyard.Registry.Connections;

namespace Torchyard.Mirror.Upstreams;

/// <summary>Asks a registry whether it has a blob, without fetching it.</summary>
internal static class UpstreamLook
{
    /// <summary>Asks by HEAD, and by the first byte where that is not answered as GET is: where blobs are elsewhere.</summary>
    /// <exception cref="TorchyardException">It refuses to say.</exception>
    public static async Task<bool> HasAsync(UpstreamRepository upstream, ContentDigest digest, CancellationToken cancellation)
    {
        var connection = await upstream.ConnectAsync(cancellation);
        foreach (var method in new[] { HttpMethod.Head, HttpMethod.Get })
        {
            var what = $"blob {digest}";
            using var response = await connection.SendAsync(
                new RegistryRequest(method, connection.At(upstream.Name, $"blobs/{digest}"), what)
                {
                    Scopes = RegistryRequest.Pull(upstream.Name),
                    Prepare = message => message.Headers.Range = method == HttpMethod.Get ? new RangeHeaderValue(0, 0) : null,
                },
                cancellation
            );
            switch (response.StatusCode)
            {
                case HttpStatusCode.OK or HttpStatusCode.PartialContent:
                    return true;
                case HttpStatusCode.NotFound:
                    return false;
                case HttpStatusCode.BadRequest
                or HttpStatusCode.Forbidden
                or HttpStatusCode.MethodNotAllowed when method == HttpMethod.Head:
                    continue;
                default:
                    throw await RegistryRefusal.OfAsync(connection, response, what, cancellation);
            }
        }

        return false;
    }
}
