using System.Net;

namespace Torchyard.Packages.Fetching;

/// <summary>Why one address did not give the file.</summary>
/// <param name="reason">In words, without the address.</param>
/// <param name="isTransient">True when the same address may do better in a moment.</param>
/// <param name="status">HTTP status, if the server answered.</param>
/// <param name="inner">The lower failure.</param>
internal sealed class SourceFailure(string reason, bool isTransient, HttpStatusCode? status = null, Exception? inner = null)
    : Exception(reason, inner)
{
    /// <summary>True when the same address may do better in a moment.</summary>
    public bool IsTransient { get; } = isTransient;

    /// <summary>HTTP status, if the server answered.</summary>
    public HttpStatusCode? Status { get; } = status;
}
