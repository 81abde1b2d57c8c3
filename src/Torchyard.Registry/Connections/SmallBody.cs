using Torchyard.Platform.Http;

namespace Torchyard.Registry.Connections;

/// <summary>Reads the body of an answer that must be small.</summary>
internal static class SmallBody
{
    /// <summary>Reads it whole; null when it is longer.</summary>
    /// <exception cref="HttpFailureException">It was cut.</exception>
    public static async Task<byte[]?> ReadAsync(HttpSource http, HttpResponseMessage response, int most, CancellationToken cancellation)
    {
        try
        {
            await using var body = await http.OpenBodyAsync(response, cancellation);
            using var content = new MemoryStream();
            var buffer = new byte[16 << 10];
            int read;
            while ((read = await body.ReadAsync(buffer, cancellation)) > 0)
            {
                content.Write(buffer, 0, read);
                if (content.Length > most)
                {
                    return null;
                }
            }

            return response.Content.Headers.ContentLength is { } said && said != content.Length
                ? throw new HttpFailureException("the answer was cut", isTransient: true)
                : content.ToArray();
        }
        catch (Exception error) when (error is IOException or HttpRequestException)
        {
            throw new HttpFailureException("the connection was cut", isTransient: true, inner: error);
        }
    }
}
