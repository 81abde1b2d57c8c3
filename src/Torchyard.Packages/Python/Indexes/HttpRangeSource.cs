using System.Net;
using System.Net.Http.Headers;
using Torchyard.Packages.Python.Zip;

namespace Torchyard.Packages.Python.Indexes;

/// <summary>A remote wheel read by HTTP ranges (RFC 9110 section 14), with one window of read-ahead.</summary>
internal sealed class HttpRangeSource : IZipSource
{
    private const int WindowSize = 128 * 1024;

    private readonly IndexTransport _transport;
    private readonly Uri _url;
    private readonly CancellationToken _cancellation;
    private byte[] _window;
    private long _windowStart;

    private HttpRangeSource(IndexTransport transport, Uri url, long length, byte[] tail, CancellationToken cancellation)
    {
        _transport = transport;
        _url = url;
        _cancellation = cancellation;
        Length = length;
        _window = tail;
        _windowStart = length - tail.Length;
    }

    public long Length { get; }

    /// <summary>Asks for the end of the file; null when the server does not do ranges.</summary>
    public static async Task<HttpRangeSource?> OpenAsync(IndexTransport transport, Uri url, CancellationToken cancellation)
    {
        using var response = await transport.GetAsync(url, r => r.Headers.Range = new RangeHeaderValue(null, WindowSize), cancellation);
        if (
            response.StatusCode != HttpStatusCode.PartialContent
            || response.Content.Headers.ContentRange is not { Length: { } length, From: { } from, To: { } to }
            || to != length - 1
            || to - from >= WindowSize
            || from > to
        )
        {
            return null;
        }

        var tail = new byte[to - from + 1];
        await using var body = await transport.OpenBodyAsync(response, cancellation);
        return await body.ReadAtLeastAsync(tail, tail.Length, throwOnEndOfStream: false, cancellation) == tail.Length
            ? new HttpRangeSource(transport, url, length, tail, cancellation)
            : null;
    }

    public int Read(long offset, Span<byte> buffer)
    {
        var wanted = (int)Math.Min(buffer.Length, Length - offset);
        if (offset < 0 || wanted <= 0)
        {
            return 0;
        }

        if (offset < _windowStart || offset + wanted > _windowStart + _window.Length)
        {
            Load(offset, Math.Max(wanted, (int)Math.Min(WindowSize, Length - offset)));
        }

        _window.AsSpan((int)(offset - _windowStart), wanted).CopyTo(buffer);
        return wanted;
    }

    public void Dispose() { }

    // The zip reader is synchronous; this runs on a pool thread of its own (see FindMetadataAsync).
    private void Load(long offset, int count)
    {
        using var response = _transport
            .GetAsync(_url, r => r.Headers.Range = new RangeHeaderValue(offset, offset + count - 1), _cancellation)
            .GetAwaiter()
            .GetResult();
        var window = new byte[count];
        using var body = _transport.OpenBodyAsync(response, _cancellation).GetAwaiter().GetResult();
        if (
            response.StatusCode != HttpStatusCode.PartialContent
            || response.Content.Headers.ContentRange?.From != offset
            || body.ReadAtLeast(window, count, throwOnEndOfStream: false) != count
        )
        {
            throw new InvalidDataException("the server gives other bytes than were asked for");
        }

        _window = window;
        _windowStart = offset;
    }
}
