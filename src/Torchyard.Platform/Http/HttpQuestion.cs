namespace Torchyard.Platform.Http;

/// <summary>What a server is asked.</summary>
/// <param name="Method">How.</param>
/// <param name="Address">http or https.</param>
public sealed record HttpQuestion(HttpMethod Method, Uri Address)
{
    /// <summary>Adds headers, to each request of a chain of redirects: those of a login look first at where the request goes.</summary>
    public Action<HttpRequestMessage>? Prepare { get; init; }

    /// <summary>Makes what is sent, anew for each request; null for nothing.</summary>
    public Func<HttpContent>? Content { get; init; }
}
