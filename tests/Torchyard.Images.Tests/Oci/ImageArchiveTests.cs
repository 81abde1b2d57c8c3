using System.Formats.Tar;
using System.IO.Compression;
using System.Text.Json;
using Torchyard.Images.Oci;
using Torchyard.Images.Store;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Settings;

namespace Torchyard.Images.Tests.Oci;

/// <summary>Archives for <c>load</c>, read back by the framework's own tar reader; docker and podman read them in tests/EndToEnd.</summary>
public sealed class ImageArchiveTests : IDisposable
{
    private readonly TemporaryStore _store = new();

    public ImageArchiveTests() => Requires.Root("needs root for whiteouts and owners");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _store.Dispose();

    [Theory]
    [InlineData(LayerCompression.Zstd)]
    [InlineData(LayerCompression.Gzip)]
    public async Task It_is_an_OCI_layout_with_dockers_manifest_beside_it(LayerCompression compression)
    {
        var image = await SmallImage.AddAsync(_store, "small:1", compression);

        var files = await WriteAsync(image, withoutZstd: false);

        foreach (var (name, content) in files.Where(file => file.Key.StartsWith("blobs/", StringComparison.Ordinal)))
        {
            Assert.Equal(name["blobs/sha256/".Length..], Digest.Of(content).Hex);
        }

        var manifest = JsonDocument.Parse(files["blobs/sha256/" + image.Manifest.Hex]).RootElement;
        var docker = Assert.Single(JsonDocument.Parse(files["manifest.json"]).RootElement.EnumerateArray());
        Assert.Equal("localhost/small:1", Assert.Single(docker.GetProperty("RepoTags").EnumerateArray()).GetString());
        Assert.Equal(
            "blobs/" + manifest.GetProperty("config").GetProperty("digest").GetString()!.Replace(':', '/'),
            docker.GetProperty("Config").GetString()
        );
        Assert.Equal(
            image.Layers.Select(layer => "blobs/sha256/" + layer.Hex),
            docker.GetProperty("Layers").EnumerateArray().Select(layer => layer.GetString()!)
        );
        var entry = Assert.Single(JsonDocument.Parse(files["index.json"]).RootElement.GetProperty("manifests").EnumerateArray());
        Assert.Equal(image.Manifest.ToString(), entry.GetProperty("digest").GetString());
        Assert.Equal("1.0.0", JsonDocument.Parse(files["oci-layout"]).RootElement.GetProperty("imageLayoutVersion").GetString());
    }

    [Fact]
    public async Task For_engines_without_zstd_layers_are_plain_tar_and_there_is_no_OCI_layout()
    {
        var image = await SmallImage.AddAsync(_store, "small:1");

        var files = await WriteAsync(image, withoutZstd: true);

        Assert.DoesNotContain("index.json", files.Keys);
        var docker = JsonDocument.Parse(files["manifest.json"]).RootElement[0];
        var layers = docker.GetProperty("Layers").EnumerateArray().Select(layer => files[layer.GetString()!]);
        Assert.Equal(image.DiffIds, layers.Select(layer => Digest.Of(layer)));
        Assert.Contains(docker.GetProperty("Config").GetString()!, files.Keys);
    }

    [Fact]
    public async Task Gzip_stays_as_it_is()
    {
        var image = await SmallImage.AddAsync(_store, "small:1", LayerCompression.Gzip);

        var files = await WriteAsync(image, withoutZstd: true);

        using var layer = new GZipStream(new MemoryStream(files["blobs/sha256/" + image.Layers[0].Hex]), CompressionMode.Decompress);
        Assert.Equal(
            image.DiffIds[0].Hex,
            Convert.ToHexStringLower(await System.Security.Cryptography.SHA256.HashDataAsync(layer, Cancellation))
        );
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_damaged_or_missing_layer_is_the_stores_failure(bool missing)
    {
        var image = await SmallImage.AddAsync(_store, "small:1");
        var blob = new OciLayout(_store.Paths).BlobPath(image.Layers[0]);
        var content = await File.ReadAllBytesAsync(blob, Cancellation);
        File.Delete(blob);
        if (!missing)
        {
            // The last bytes of a frame are its checksum or data: cut off and filled up, it does not decode.
            content.AsSpan(content.Length / 2).Clear();
            await File.WriteAllBytesAsync(blob, content, Cancellation);
        }

        var failure = await Assert.ThrowsAsync<TorchyardException>(() => WriteAsync(image, withoutZstd: true));

        Assert.Equal(missing ? "TY3009" : "TY3008", failure.Code);
    }

    private async Task<Dictionary<string, byte[]>> WriteAsync(StoredImage image, bool withoutZstd)
    {
        var archive = ImageArchive.Of(_store.Paths, image, "localhost/small:1", withoutZstd);
        using var sink = new MemoryStream();
        long written = 0;
        archive.WriteTo(sink, count => written += count, Cancellation);
        Assert.Equal(archive.Size, written);
        sink.Position = 0;
        var files = new Dictionary<string, byte[]>();
        await using var reader = new TarReader(sink);
        while (await reader.GetNextEntryAsync(copyData: true, Cancellation) is { } entry)
        {
            using var copy = new MemoryStream();
            await (entry.DataStream?.CopyToAsync(copy, Cancellation) ?? Task.CompletedTask);
            files.Add(entry.Name, copy.ToArray());
        }

        return files;
    }
}
