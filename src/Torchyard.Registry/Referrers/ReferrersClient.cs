using System.Net;
using Torchyard.Images.Oci;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Http;
using Torchyard.Platform.Text;
using Torchyard.Registry.Connections;
using Torchyard.Registry.Documents;

namespace Torchyard.Registry.Referrers;

/// <summary>
/// What is attached to images of a repository: by the registry's own list, else by the index under the tag that stands for it
/// (distribution-spec 1.1, "Listing Referrers", "Referrers Tag Schema").
/// </summary>
internal sealed class ReferrersClient(RegistryConnection connection, string repository)
{
    private const int MostBytes = 4 << 20;
    private const int MostPages = 100;
    private const int MostTries = 3;

    private readonly ManifestClient _manifests = new(connection, repository);

    /// <summary>Lists what is attached to a manifest.</summary>
    /// <exception cref="TorchyardException">The registry refuses it, or what it says is not a list.</exception>
    public async Task<IReadOnlyList<OciDescriptor>> ListAsync(Digest subject, CancellationToken cancellation) =>
        await AskAsync(subject, cancellation) ?? (await FallbackAsync(subject, cancellation))?.Manifests ?? [];

    /// <summary>
    /// Has the list under the tag name artifacts that the registry took without a word on their subject. Others may write it at the same
    /// time, so it is read again until it has them.
    /// </summary>
    /// <exception cref="TorchyardException">The registry refuses it.</exception>
    public async Task AddToFallbackAsync(Digest subject, IReadOnlyList<OciDescriptor> artifacts, CancellationToken cancellation)
    {
        for (var attempt = 1; attempt <= MostTries; attempt++)
        {
            var there = (await FallbackAsync(subject, cancellation))?.Manifests ?? [];
            var missing = artifacts.Where(artifact => there.All(entry => entry.Digest != artifact.Digest)).ToList();
            if (missing.Count == 0)
            {
                return;
            }

            var index = OciJson.Serialize(new OciIndex { Manifests = [.. there, .. missing] });
            await _manifests.PutAsync(ImageText.ReferrersTag(subject), index, MediaTypes.Index, cancellation);
        }
    }

    /// <summary>The registry's own list; null when it has none.</summary>
    private async Task<IReadOnlyList<OciDescriptor>?> AskAsync(Digest subject, CancellationToken cancellation)
    {
        var what = $"what is attached to {subject}";
        var found = new List<OciDescriptor>();
        var address = (Uri?)connection.At(repository, $"referrers/{subject}");
        for (var page = 0; address is not null && page < MostPages; page++)
        {
            using var response = await connection.SendAsync(
                new RegistryRequest(HttpMethod.Get, address, what)
                {
                    Scopes = RegistryRequest.Pull(repository),
                    Prepare = message => message.Headers.TryAddWithoutValidation("Accept", MediaTypes.Index),
                },
                cancellation
            );
            // Registries without it answer what they like: quay 400 (quay/quay#3071), Harbor 401 (goharbor/harbor#18305).
            if (response.StatusCode != HttpStatusCode.OK || await ReadAsync(response, cancellation) is not { } index)
            {
                return page == 0 ? null : found;
            }

            found.AddRange(index.Manifests.Where(entry => found.All(one => one.Digest != entry.Digest)));
            address = Next(response, address);
        }

        return found;
    }

    private async Task<OciIndex?> ReadAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        try
        {
            return
                await SmallBody.ReadAsync(connection.Http, response, MostBytes, cancellation) is { } content
                && ManifestReader.TypeOf(content, null) == MediaTypes.Index
                ? OciJson.TryDeserialize<OciIndex>(content).Value
                : null;
        }
        catch (HttpFailureException failure)
        {
            throw RegistryRefusal.Of(connection, failure, "what is attached to an image");
        }
    }

    /// <summary>The list under the tag; null without one.</summary>
    private async Task<OciIndex?> FallbackAsync(Digest subject, CancellationToken cancellation)
    {
        // GitLab takes the tag for the digest, and gives the image itself (oras-project/oras-go#1396): only an index counts.
        return
            await _manifests.TryGetAsync(ImageText.ReferrersTag(subject), cancellation) is { MediaType: MediaTypes.Index } fetched
            && fetched.Digest != subject
            ? OciJson.TryDeserialize<OciIndex>(fetched.Content).Value
            : null;
    }

    // RFC 8288, as registries write it: <ADDRESS>; rel="next".
    private static Uri? Next(HttpResponseMessage response, Uri asked) =>
        response.Headers.NonValidated.TryGetValues("Link", out var values)
        && values.ToString() is { } link
        && link.StartsWith('<')
        && link.IndexOf('>', StringComparison.Ordinal) is > 1 and var end
        && link[end..].Contains("next", StringComparison.Ordinal)
        && UrlText.TryRead(asked, link[1..end], out var next)
        && TokenClient.IsSame(next, asked)
        && next != asked
            ? next
            : null;
}
