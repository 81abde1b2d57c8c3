using System.Net;
using Torchyard.Platform.Errors;

namespace Torchyard.Platform.Http;

/// <summary>An address that answers.</summary>
/// <param name="body">The bytes from <paramref name="start"/> on.</param>
/// <param name="start">Offset of the first byte that comes; 0 when the server began anew.</param>
/// <param name="total">Size of the whole file, when the server says it.</param>
/// <param name="close">Lets go of the connection.</param>
public sealed class OpenSource(Stream body, long start, long? total, Action close) : IDisposable
{
    /// <summary>Offset of the first byte.</summary>
    public long Start { get; } = start;

    /// <summary>Size of the whole file, when known.</summary>
    public long? Total { get; } = total;

    /// <summary>
    /// True when the source gives parts of the file: no byte in front of those that were asked for, and none behind them.
    /// </summary>
    public bool IsPart { get; init; }

    /// <summary>The answer of a server, which is disposed of with the source.</summary>
    /// <param name="http">Who asked.</param>
    /// <param name="response">The answer: 200, 206 or 416.</param>
    /// <param name="offset">First byte that was asked for.</param>
    /// <param name="last">Last byte that was asked for; null for all.</param>
    /// <param name="close">What else is let go of.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="HttpFailureException">It is another part of the file than was asked for.</exception>
    public static async Task<OpenSource> OfAsync(
        HttpSource http,
        HttpResponseMessage response,
        long offset,
        long? last,
        Action close,
        CancellationToken cancellation
    )
    {
        ArgumentNullException.ThrowIfNull(http);
        ArgumentNullException.ThrowIfNull(response);
        var (start, total) = Place(response, offset, last);
        return new OpenSource(await http.OpenBodyAsync(response, cancellation), start, total, () =>
        {
            response.Dispose();
            close();
        }) { IsPart = response.StatusCode == HttpStatusCode.PartialContent };
    }

    /// <summary>A file of this machine.</summary>
    /// <exception cref="HttpFailureException">It cannot be opened.</exception>
    public static OpenSource OfFile(Func<FileStream> open, long offset)
    {
        ArgumentNullException.ThrowIfNull(open);
        try
        {
            var stream = open();
            var start = Math.Min(offset, stream.Length);
            stream.Seek(start, SeekOrigin.Begin);
            return new OpenSource(stream, start, stream.Length, stream.Dispose) { IsPart = true };
        }
        catch (Exception error)
            when (error is IOException or UnauthorizedAccessException or TorchyardException { Code: PlatformCodes.NotRegular })
        {
            throw new HttpFailureException(error.Message, isTransient: false, HttpStatusCode.NotFound, error);
        }
    }

    /// <summary>Reads on.</summary>
    /// <exception cref="HttpFailureException">The connection was cut, or the server fell silent.</exception>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellation)
    {
        try
        {
            return await body.ReadAsync(buffer, cancellation);
        }
        catch (SilentServerException silent)
        {
            throw new HttpFailureException(silent.Message, isTransient: true, inner: silent);
        }
        catch (Exception error) when (error is IOException or HttpRequestException)
        {
            throw new HttpFailureException("the connection was cut", isTransient: true, inner: error);
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        body.Dispose();
        close();
    }

    private static (long Start, long? Total) Place(HttpResponseMessage response, long offset, long? last)
    {
        var headers = response.Content.Headers;
        switch (response.StatusCode)
        {
            case HttpStatusCode.PartialContent
                when (offset > 0 || last is not null)
                    && headers.ContentRange is { From: { } from } range
                    && from == offset
                    && (last is null || range.To is null || range.To <= last):
                return (from, range.Length ?? (last is null ? from + headers.ContentLength : null));
            case HttpStatusCode.OK:
                return (0, headers.ContentLength);
            default:
                throw new HttpFailureException(
                    "the server cannot go on in the middle of the file",
                    isTransient: false,
                    response.StatusCode
                );
        }
    }
}
