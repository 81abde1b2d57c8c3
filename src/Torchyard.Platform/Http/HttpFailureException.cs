using System.Net;

namespace Torchyard.Platform.Http;

/// <summary>Why an address did not give what it was asked for.</summary>
/// <param name="reason">In words, without the address.</param>
/// <param name="isTransient">True when the same address may do better in a moment.</param>
/// <param name="status">HTTP status, if the server answered.</param>
/// <param name="inner">The lower failure.</param>
public class HttpFailureException(string reason, bool isTransient, HttpStatusCode? status = null, Exception? inner = null)
    : Exception(reason, inner)
{
    /// <summary>True when the same address may do better in a moment.</summary>
    public bool IsTransient { get; } = isTransient;

    /// <summary>HTTP status, if the server answered.</summary>
    public HttpStatusCode? Status { get; } = status;

    /// <summary>How long the server asks to be left alone (<c>Retry-After</c>); null when it does not say.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>True when the server has nothing of that name.</summary>
    public bool IsAbsent => Status is HttpStatusCode.NotFound or HttpStatusCode.Gone;

    /// <summary>What an answer refuses; null when it has what was asked for, or says that nothing changed.</summary>
    /// <param name="response">The answer.</param>
    /// <param name="clock">Clock for a <c>Retry-After</c> that is a date.</param>
    public static HttpFailureException? Of(HttpResponseMessage response, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(response);
        ArgumentNullException.ThrowIfNull(clock);
        var status = response.StatusCode;
        if ((int)status is >= 200 and < 300 or 304)
        {
            return null;
        }

        var after = response.Headers.RetryAfter is { } said ? said.Delta ?? said.Date - clock.GetUtcNow() : null;
        return new HttpFailureException(
            status switch
            {
                HttpStatusCode.NotFound or HttpStatusCode.Gone => "the server does not have it (404)",
                HttpStatusCode.Unauthorized => "the server asks for a login (401)",
                HttpStatusCode.ProxyAuthenticationRequired => "the proxy asks for a login (407)",
                _ when after is { } wait && wait > TimeSpan.Zero =>
                    $"the server answers {(int)status} and asks to wait {Math.Ceiling(wait.TotalSeconds):0} s",
                _ => $"the server answers {(int)status}",
            },
            isTransient: (int)status >= 500 || status is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout,
            status
        )
        {
            RetryAfter = after > TimeSpan.Zero ? after : null,
        };
    }
}
