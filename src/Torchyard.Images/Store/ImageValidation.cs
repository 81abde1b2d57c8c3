using System.Collections.Concurrent;
using System.Security.Cryptography;
using Torchyard.Images.Layers;
using Torchyard.Images.Oci;
using Torchyard.Platform.Compression;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Reporting;
using Torchyard.Platform.Streams;
using Torchyard.Platform.Text;

namespace Torchyard.Images.Store;

/// <summary>
/// Recomputes all that an image says of itself: digests and sizes of manifest, configuration and layers, and what the layers unpack to.
/// Layers are read once each, several at a time.
/// </summary>
/// <param name="paths">The store, which the caller keeps from being pruned.</param>
public sealed class ImageValidation(StorePaths paths)
{
    private const int BufferSize = 1 << 18;

    private readonly OciLayout _layout = new(paths);

    /// <summary>Reads an image.</summary>
    /// <param name="manifest">Which.</param>
    /// <param name="progress">Told of the work.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task<ValidatedImage> RunAsync(Digest manifest, IProgressSink progress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(progress);
        var problems = new ConcurrentBag<BlobProblem>();
        if (Document<OciManifest>(manifest, null, "the manifest", problems) is not { } document)
        {
            return new ValidatedImage(manifest, 1, 0, [.. problems]);
        }

        var blobs = document.Layers.Append(document.Config).DistinctBy(blob => blob.Digest).ToList();
        var configuration = Document<OciImageConfiguration>(document.Config.Digest, document.Config.Size, "the configuration", problems);
        if (configuration is not null && configuration.Rootfs.DiffIds.Count != document.Layers.Count)
        {
            problems.Add(
                new BlobProblem(
                    document.Config.Digest,
                    $"the configuration names {Count.Of(configuration.Rootfs.DiffIds.Count, "layer")}, the manifest {document.Layers.Count}"
                )
            );
            configuration = null;
        }

        var layers = document.Layers.Select((layer, index) => (Layer: layer, DiffId: configuration?.Rootfs.DiffIds[index])).ToList();
        using var task = progress.Begin($"Reading image {manifest.Hex[..12]}", document.Layers.Sum(layer => layer.Size));
        await Parallel.ForEachAsync(
            // The largest first: a long one that begins last is waited for alone.
            layers.DistinctBy(one => one.Layer.Digest).OrderByDescending(one => one.Layer.Size),
            new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancellation },
            (one, stop) =>
            {
                if (LayerProblem(one.Layer, one.DiffId, task, stop) is { } problem)
                {
                    problems.Add(new BlobProblem(one.Layer.Digest, problem));
                }

                return ValueTask.CompletedTask;
            }
        );
        task.Done(Count.Of(problems.Count, "problem"));
        return new ValidatedImage(
            manifest,
            blobs.Count + 1,
            blobs.Sum(blob => blob.Size),
            [.. problems.OrderBy(problem => problem.Blob.Hex, StringComparer.Ordinal)]
        );
    }

    /// <summary>Takes blobs away that are not what their name says, so that they can be fetched again.</summary>
    public void Discard(ValidatedImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        foreach (var blob in image.Problems.Select(problem => problem.Blob).Distinct())
        {
            RegularFile.ClearPlace(_layout.BlobPath(blob));
            File.Delete(_layout.BlobPath(blob));
        }
    }

    private T? Document<T>(Digest digest, long? size, string what, ConcurrentBag<BlobProblem> problems)
        where T : class
    {
        try
        {
            var content = _layout.ReadDocument(digest);
            var (value, problem) = OciJson.TryDeserialize<T>(content);
            problem ??= size is { } said && said != content.Length ? $"has {content.Length} bytes, its manifest says {said}" : null;
            if (problem is null)
            {
                return value;
            }

            problems.Add(new BlobProblem(digest, $"{what} {problem}"));
        }
        catch (TorchyardException failure)
        {
            problems.Add(new BlobProblem(digest, $"{what}: {failure.Message}"));
        }

        return null;
    }

    private string? LayerProblem(OciDescriptor layer, string? diffId, IProgressTask task, CancellationToken cancellation)
    {
        try
        {
            using var file = RegularFile.TryOpen(_layout.BlobPath(layer.Digest));
            return file is null ? "the layer is missing"
                : file.Length != layer.Size ? $"the layer has {file.Length} bytes, the manifest says {layer.Size}"
                : Read(file, layer, diffId, task, cancellation);
        }
        catch (Exception failure) when (failure is TorchyardException or IOException or UnauthorizedAccessException)
        {
            return $"the layer cannot be read: {failure.Message}";
        }
    }

    /// <summary>One pass for both: the blob as it is, and what comes out of it.</summary>
    private static string? Read(FileStream file, OciDescriptor layer, string? diffId, IProgressTask task, CancellationToken cancellation)
    {
        using var blob = new HashingStream(Stream.Null);
        using var source = new CopyingReadStream(file, blob);
        var problem = (string?)null;
        var actual = (string?)null;
        var told = 0L;
        try
        {
            var format = LayerExtractor.FormatOf(layer.MediaType);
            using var decoder = format == CompressionFormat.None ? null : Decompression.Open(source, format, leaveOpen: true);
            var content = decoder ?? source;
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var buffer = new byte[BufferSize];
            int read;
            while ((read = content.Read(buffer)) > 0)
            {
                cancellation.ThrowIfCancellationRequested();
                hash.AppendData(buffer.AsSpan(0, read));
                task.Advance(blob.Count - told);
                told = blob.Count;
            }

            actual = Digest.FromHash(hash.GetHashAndReset()).ToString();
        }
        catch (InvalidDataException failure)
        {
            problem = $"the layer cannot be unpacked: {failure.Message.TrimEnd('.')}";
        }

        source.CopyTo(Stream.Null);
        task.Advance(blob.Count - told);
        var digest = blob.Finish();
        return digest != layer.Digest ? $"the layer has other bytes than its digest says: they have {digest}"
            : problem is not null ? problem
            : diffId is not null && actual != diffId ? $"the layer unpacks to {actual}, its configuration says {diffId}"
            : null;
    }
}

/// <summary>An image whose content was recomputed.</summary>
/// <param name="Manifest">Which.</param>
/// <param name="Blobs">Number of its blobs.</param>
/// <param name="Bytes">Bytes of them, without the manifest.</param>
/// <param name="Problems">What is wrong; empty when all is well.</param>
public sealed record ValidatedImage(Digest Manifest, int Blobs, long Bytes, IReadOnlyList<BlobProblem> Problems);

/// <summary>A blob that is not what is said of it.</summary>
/// <param name="Blob">Which.</param>
/// <param name="Text">What is wrong with it.</param>
public sealed record BlobProblem(Digest Blob, string Text);
