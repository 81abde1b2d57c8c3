using System.Globalization;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Http;
using Torchyard.Platform.Text;
using Torchyard.Registry.Connections;
using Torchyard.Registry.Errors;

namespace Torchyard.Registry.Pushing;

/// <summary>
/// Where an upload goes on (distribution-spec, "Pushing blobs"): absolute or relative, on any host, with a query or without. What a
/// registry puts into it is kept letter for letter, since some sign it.
/// </summary>
internal static class UploadLocation
{
    /// <summary>The place that an answer names.</summary>
    /// <exception cref="TorchyardException">TY6007: it names none; TY6006: it leads away from https.</exception>
    public static Uri Of(RegistryConnection connection, HttpResponseMessage response, Uri asked, string what)
    {
        if (
            !response.Headers.NonValidated.TryGetValues("Location", out var values)
            || values.ToString() is not { Length: > 0 } text
            || text.Any(character => character is <= ' ' or > '~')
            || !UrlText.TryRead(asked, text, out var place)
            || place.Scheme is not ("https" or "http")
        )
        {
            throw RegistryErrors.NotARegistry(connection.Registry, what, "it does not say where the upload goes on");
        }

        try
        {
            HttpRedirect.RefuseLessSafe(new HttpRedirect(asked, asked, place));
        }
        catch (HttpFailureException failure)
        {
            throw RegistryErrors.Failed(connection.Registry, what, failure.Message, failure);
        }

        var isPath = text.StartsWith('/') && !text.StartsWith("//", StringComparison.Ordinal);
        return isPath ? Exact($"{asked.Scheme}://{asked.Authority}{text}")
            : text.StartsWith("http", StringComparison.OrdinalIgnoreCase) ? Exact(text)
            : place;
    }

    /// <summary>The place with the digest that ends an upload.</summary>
    public static Uri With(Uri place, Digest digest) =>
        Exact(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{place.OriginalString}{(place.OriginalString.Contains('?', StringComparison.Ordinal) ? '&' : '?')}digest={digest}"
            )
        );

    private static Uri Exact(string text) => new(text, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
}
