using System.Net;
using System.Net.Http.Headers;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Http;
using Torchyard.Registry.Connections;
using Torchyard.Registry.Errors;

namespace Torchyard.Registry.Documents;

/// <summary>Manifests of a registry (distribution-spec, "Pulling manifests", "Pushing Manifests").</summary>
internal sealed class ManifestClient(RegistryConnection connection, string repository)
{
    // What registries take at most.
    private const int MostBytes = 4 << 20;

    /// <summary>Gets a manifest.</summary>
    /// <param name="wanted">Tag or digest.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="TorchyardException">TY6004: there is none; TY6007: it is not one; TY6008: it is another.</exception>
    public async Task<FetchedManifest> GetAsync(string wanted, CancellationToken cancellation) =>
        await TryGetAsync(wanted, cancellation) ?? throw RegistryErrors.NotFound(connection.Registry, What(wanted));

    /// <summary>Gets a manifest; null when there is none.</summary>
    /// <param name="wanted">Tag or digest.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="TorchyardException">TY6007: it is not one; TY6008: it is another.</exception>
    public async Task<FetchedManifest?> TryGetAsync(string wanted, CancellationToken cancellation)
    {
        var what = What(wanted);
        var request = new RegistryRequest(HttpMethod.Get, connection.At(repository, $"manifests/{wanted}"), what)
        {
            Scopes = RegistryRequest.Pull(repository),
            Prepare = message => message.Headers.TryAddWithoutValidation("Accept", ForeignTypes.Accepted),
        };
        for (var attempt = 1; ; attempt++)
        {
            using var response = await connection.SendAsync(request, cancellation);
            if (response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone)
            {
                return null;
            }

            if (response.StatusCode != HttpStatusCode.OK)
            {
                throw await RegistryRefusal.OfAsync(connection, response, what, cancellation);
            }

            try
            {
                var content = await SmallBody.ReadAsync(connection.Http, response, MostBytes, cancellation)
                    ?? throw RegistryErrors.NotARegistry(connection.Registry, what, $"it is longer than {MostBytes >> 20} MiB");
                return Check(content, response.Content.Headers.ContentType?.MediaType, wanted, what);
            }
            catch (HttpFailureException failure) when (connection.Settings.Retry.IsWorthAnother(attempt, failure))
            {
                await connection.PauseAsync(attempt, failure, cancellation);
            }
            catch (HttpFailureException failure)
            {
                throw RegistryRefusal.Of(connection, failure, what);
            }
        }
    }

    /// <summary>Puts a manifest, whose blobs are there.</summary>
    /// <param name="tag">Tag, or its own digest.</param>
    /// <param name="content">Its bytes.</param>
    /// <param name="mediaType">Its type.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="TorchyardException">TY6003, TY6006: it is refused; TY6008: it became another.</exception>
    public async Task<PutManifest> PutAsync(string tag, byte[] content, string mediaType, CancellationToken cancellation)
    {
        var what = What(tag);
        using var response = await connection.SendAsync(
            new RegistryRequest(HttpMethod.Put, connection.At(repository, $"manifests/{tag}"), what)
            {
                Scopes = RegistryRequest.Push(repository),
                Content = () => new ByteArrayContent(content) { Headers = { ContentType = new MediaTypeHeaderValue(mediaType) } },
            },
            cancellation
        );
        if (!response.IsSuccessStatusCode)
        {
            throw await RegistryRefusal.OfAsync(connection, response, what, cancellation);
        }

        if (
            response.Headers.TryGetValues("Docker-Content-Digest", out var said)
            && Digest.TryParse(said.FirstOrDefault(), out var digest)
            && digest != Digest.Of(content)
        )
        {
            throw RegistryErrors.WrongContent(connection.Registry, what, $"it took {Digest.Of(content)} and calls it {digest}");
        }

        return new PutManifest(response.Headers.Contains("OCI-Subject"));
    }

    private FetchedManifest Check(byte[] content, string? said, string wanted, string what)
    {
        var digest = Digest.Of(content);
        if (Digest.TryParse(wanted, out var named) && named != digest)
        {
            throw RegistryErrors.WrongContent(connection.Registry, what, $"it is {digest}");
        }

        return ManifestReader.TypeOf(content, said) is { } type
            ? new FetchedManifest(content, digest, type)
            : throw RegistryErrors.NotARegistry(
                connection.Registry,
                what,
                said is "text/html" || content.AsSpan().TrimStart(" \t\r\n"u8).StartsWith("<"u8) ? "it is a web page" : "it is not JSON"
            );
    }

    private string What(string wanted) =>
        $"the manifest of {connection.Registry}/{repository}{(wanted.StartsWith("sha256:", StringComparison.Ordinal) ? "@" : ":")}{wanted}";
}
