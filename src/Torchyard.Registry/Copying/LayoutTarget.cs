using Torchyard.Images.Errors;
using Torchyard.Images.Oci;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Reporting;
using Torchyard.Registry.Documents;
using Torchyard.Registry.Pulling;

namespace Torchyard.Registry.Copying;

/// <summary>
/// A directory that gets a layout of the OCI. Blobs appear by rename, once they are what their digest says, and index.json last.
/// </summary>
/// <param name="directory">The directory; made when it is missing.</param>
/// <param name="tag">What the image is called in it; null for nothing.</param>
internal sealed class LayoutTarget(string directory, string? tag) : IImageTarget
{
    private const int BufferSize = 1 << 18;
    private const int MostBytes = 16 << 20;

    private readonly Dictionary<string, OciDescriptor> _named = new(StringComparer.Ordinal);

    public bool IsParallel => true;

    public bool TakesDocker => false;

    public bool TakesIndexes => true;

    private string Blobs => Path.Combine(directory, "blobs", "sha256");

    private string Index => Path.Combine(directory, "index.json");

    public Task<bool> HasAsync(OciDescriptor blob, IImageSource source, CancellationToken cancellation) =>
        Task.FromResult(RegularFile.Length(PathOf(blob.Digest)) == blob.Size);

    public async Task WriteAsync(OciDescriptor blob, IImageSource source, IProgressTask progress, CancellationToken cancellation)
    {
        StoreDirectory.Create(Blobs);
        var temporary = Path.Combine(Blobs, $".{blob.Digest.Hex[..16]}.{Guid.NewGuid():N}");
        var count = new ByteCount(progress);
        try
        {
            await using (var content = source.Open(blob, 0))
            await using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0))
            {
                var buffer = new byte[BufferSize];
                int read;
                while ((read = await content.ReadAsync(buffer, cancellation)) > 0)
                {
                    await file.WriteAsync(buffer.AsMemory(0, read), cancellation);
                    count.Add(read);
                }

                File.SetUnixFileMode(file.SafeFileHandle, (UnixFileMode)FileModes.Readable);
            }

            File.Move(temporary, PathOf(blob.Digest), overwrite: true);
        }
        catch (IOException failure) when (FullDisk.Is(failure))
        {
            throw ImageErrors.NoSpace(directory, failure);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    public Task WriteManifestAsync(FetchedManifest manifest, CancellationToken cancellation)
    {
        StoreDirectory.Create(Blobs);
        AtomicFile.Write(PathOf(manifest.Digest), manifest.Content);
        return Task.CompletedTask;
    }

    public Task TagAsync(FetchedManifest manifest, string tag, CancellationToken cancellation)
    {
        _named[tag] = Entry(manifest, tag);
        return Task.CompletedTask;
    }

    public async Task AttachAsync(Digest subject, IReadOnlyList<OciDescriptor> artifacts, CancellationToken cancellation)
    {
        var list = LayoutIndex.Of(artifacts);
        await WriteManifestAsync(list, cancellation);
        await TagAsync(list, ImageText.ReferrersTag(subject), cancellation);
    }

    public async Task CommitAsync(FetchedManifest named, CancellationToken cancellation)
    {
        using var held = await FileLock.AcquireAsync(Index + ".lock", exclusive: true, cancellation);
        AtomicFile.Write(Path.Combine(directory, "oci-layout"), OciJson.Serialize(new OciLayoutVersion()));
        var there = RegularFile.TryRead(Index, MostBytes) is { } content
            ? OciJson.TryDeserialize<OciIndex>(content) is ({ } index, _)
                ? index.Manifests
                : throw CopyErrors.Damaged(directory, "its index.json cannot be read")
            : [];
        var image = Entry(named, tag);
        AtomicFile.Write(Index, OciJson.Serialize(new OciIndex { Manifests = LayoutIndex.Add(there, [.. _named.Values, image]) }));
        File.Delete(Index + ".lock");
    }

    public void Dispose() { }

    private static OciDescriptor Entry(FetchedManifest manifest, string? name) => LayoutIndex.Entry(manifest, name);

    private string PathOf(Digest digest) => Path.Combine(Blobs, digest.Hex);
}
