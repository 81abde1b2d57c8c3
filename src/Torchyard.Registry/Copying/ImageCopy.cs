using System.Collections.Concurrent;
using Torchyard.Images.Oci;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Reporting;
using Torchyard.Platform.Text;

namespace Torchyard.Registry.Copying;

/// <summary>
/// Copies an image from anywhere to anywhere: blobs that the target lacks, straight from the one to the other, then manifests, and the name
/// last, so that whatever ends it leaves nothing that looks like an image and is none.
/// </summary>
internal sealed class ImageCopy(IImageSource source, IImageTarget target, IProgressSink progress)
{
    private const int AtOnce = 4;
    private const int MostAttachedLevels = 2;

    // What cosign puts beside an image, under the tag that its digest makes (sigstore/cosign, specs/SIGNATURE_SPEC.md).
    private static readonly string[] CosignEndings = [".sig", ".att", ".sbom"];

    /// <summary>Throws when an image may not come; told the digests of its index and its manifest before anything is
    /// moved.</summary>
    public Func<IReadOnlyList<Digest>, CancellationToken, Task>? Approve { get; init; }

    private int _moved;
    private int _there;
    private long _bytes;

    /// <summary>Copies.</summary>
    /// <exception cref="TorchyardException">TY6002 to TY6023; TY3005.</exception>
    public async Task<CopiedImage> RunAsync(CopyRequest request, CancellationToken cancellation)
    {
        if (request.All && !target.TakesIndexes)
        {
            throw CopyErrors.Cannot(request.To.ToString(), "it takes images for one machine alone", "leave --all out");
        }

        var named = await source.NamedAsync(cancellation);
        var reader = new ManifestTreeReader(source, target.TakesDocker);
        var tree = request.All
            ? await reader.ReadAllAsync(named, cancellation)
            : await reader.ReadAsync(named, request.Platform, cancellation);
        if (Approve is not null)
        {
            await Approve([.. new[] { named.Digest, tree.Original }.Distinct()], cancellation);
        }

        var all = tree.Bottom.DistinctBy(one => one.Content.Digest).ToList();
        await MoveAsync([.. all.SelectMany(one => one.Blobs)], $"Copying {request.From}", cancellation);
        foreach (var one in all)
        {
            await target.WriteManifestAsync(one.Content, cancellation);
        }

        var attached = 0;
        if (request.Referrers)
        {
            foreach (var one in all.Where(one => one.Content.Digest == one.Original))
            {
                attached += await AttachAsync(reader, one.Original, 0, cancellation);
            }
        }

        await target.CommitAsync(tree.Content, cancellation);
        return new CopiedImage(tree.Original, tree.Content.Digest)
        {
            Manifests = all.Count,
            Moved = _moved,
            Bytes = _bytes,
            There = _there,
            Attached = attached,
        };
    }

    private async Task<int> AttachAsync(ManifestTreeReader reader, Digest subject, int level, CancellationToken cancellation)
    {
        var count = 0;
        var artifacts = await source.ReferrersAsync(subject, cancellation);
        foreach (var artifact in artifacts)
        {
            var tree = await reader.ReadAllAsync(await reader.GetAsync(artifact, cancellation), cancellation);
            await MoveAsync(tree, cancellation);
            // A bill of materials may be signed itself.
            count += 1 + (level < MostAttachedLevels ? await AttachAsync(reader, artifact.Digest, level + 1, cancellation) : 0);
        }

        if (artifacts.Count > 0)
        {
            await target.AttachAsync(subject, artifacts, cancellation);
        }

        foreach (var ending in CosignEndings)
        {
            var tag = ImageText.ReferrersTag(subject) + ending;
            if (await source.TryTagAsync(tag, cancellation) is { } signature)
            {
                var tree = await reader.ReadAllAsync(signature, cancellation);
                await MoveAsync(tree, cancellation);
                await target.TagAsync(tree.Content, tag, cancellation);
                count++;
            }
        }

        return count;
    }

    private async Task MoveAsync(ManifestTree tree, CancellationToken cancellation)
    {
        await MoveAsync([.. tree.Bottom.SelectMany(one => one.Blobs)], "Copying what is attached", cancellation);
        foreach (var one in tree.Bottom)
        {
            await target.WriteManifestAsync(one.Content, cancellation);
        }
    }

    private async Task MoveAsync(IReadOnlyList<OciDescriptor> blobs, string what, CancellationToken cancellation)
    {
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = target.IsParallel ? AtOnce : 1, CancellationToken = cancellation };
        var all = blobs.DistinctBy(blob => blob.Digest).ToList();
        var missing = new ConcurrentBag<OciDescriptor>();
        await Parallel.ForEachAsync(all, parallel, async (blob, stop) =>
        {
            if (!await target.HasAsync(blob, source, stop))
            {
                missing.Add(blob);
            }
        });
        _there += all.Count - missing.Count;
        _moved += missing.Count;
        var bytes = missing.Sum(blob => blob.Size);
        _bytes += bytes;
        if (missing.IsEmpty)
        {
            return;
        }

        using var task = progress.Begin(what, bytes);
        // The largest first where several come at once: a long one that begins last is waited for alone.
        await Parallel.ForEachAsync(
            target.IsParallel ? missing.OrderByDescending(blob => blob.Size) : all.Where(missing.Contains),
            parallel,
            async (blob, stop) => await target.WriteAsync(blob, source, task, stop)
        );
        task.Done($"{Count.Of(missing.Count, "blob")}, {ByteSize.Decimal(bytes)}");
    }
}
