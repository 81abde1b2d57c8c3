namespace Torchyard.Platform.Http;

/// <summary>A server's answer that leads elsewhere.</summary>
/// <param name="Asked">The address that was asked for at first.</param>
/// <param name="From">The address that answered.</param>
/// <param name="To">Where it leads.</param>
public sealed record HttpRedirect(Uri Asked, Uri From, Uri To)
{
    /// <summary>Refuses to go on without the protection that there was.</summary>
    /// <exception cref="HttpFailureException">It leads from https to something else, or to another kind of address than http.</exception>
    public static void RefuseLessSafe(HttpRedirect redirect)
    {
        ArgumentNullException.ThrowIfNull(redirect);
        if (
            redirect.To.Scheme != Uri.UriSchemeHttps
            && (redirect.From.Scheme == Uri.UriSchemeHttps || redirect.To.Scheme != Uri.UriSchemeHttp)
        )
        {
            var shown = redirect.To.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);
            throw new HttpFailureException($"it redirects to {shown}, which is not https", isTransient: false);
        }
    }
}
