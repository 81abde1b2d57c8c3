using System.Security.Cryptography;

namespace Torchyard.NativeLibraries;

/// <summary>Downloads pinned packages; bytes that do not have the pinned hash are never handed on.</summary>
internal sealed class PackageDownload(HttpClient http, IReadOnlyList<string> mirrors)
{
    public async Task<byte[]> GetAsync(PinnedPackage package, CancellationToken cancellation)
    {
        var tried = new List<string>();
        foreach (var mirror in mirrors)
        {
            var url = $"{mirror}/{package.PoolPath}";
            try
            {
                // The pinned size bounds memory, whatever the server sends.
                var content = new byte[package.Size];
                using var response = await http.GetAsync(new Uri(url), HttpCompletionOption.ResponseHeadersRead, cancellation);
                response.EnsureSuccessStatusCode();
                await using var body = await response.Content.ReadAsStreamAsync(cancellation);
                await body.ReadExactlyAsync(content, cancellation);
                if (Convert.ToHexStringLower(SHA256.HashData(content)) == package.Sha256)
                {
                    return content;
                }

                tried.Add($"{url}: has other bytes than pinned");
            }
            catch (Exception e)
                when (e is HttpRequestException or IOException or TaskCanceledException && !cancellation.IsCancellationRequested)
            {
                tried.Add($"{url}: {e.Message}");
            }
        }

        throw new FetchException(
            $"cannot fetch {Path.GetFileName(package.PoolPath)}. Set TORCHYARD_DEBIAN_MIRROR to a "
                + "Debian mirror, or http_proxy to a proxy. Tried:"
                + string.Concat(tried.Select(line => "\n  " + line))
        );
    }
}
