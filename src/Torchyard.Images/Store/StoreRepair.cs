using Torchyard.Images.Layers;
using Torchyard.Images.Oci;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;

namespace Torchyard.Images.Store;

/// <summary>
/// Prepares a store for being repaired: takes away what can be made again, and lets builds forget what is damaged. Damaged blobs that an
/// image needs stay until the new ones replace them by rename, so that the layout never has less than before.
/// </summary>
/// <param name="paths">The store.</param>
public sealed class StoreRepair(StorePaths paths)
{
    private readonly OciLayout _layout = new(paths);

    /// <summary>Takes away damaged cached files, mounted layers and blobs that nothing needs.</summary>
    /// <param name="problems">What <see cref="ImageStore.Validate"/> found.</param>
    /// <param name="userOf">The running container that has a layer, by diff id, or null.</param>
    /// <returns>The images that have to be made again or extracted again, and what cannot be touched now.</returns>
    public RepairPlan Begin(IReadOnlyList<StoreProblem> problems, Func<Digest, string?> userOf)
    {
        ArgumentNullException.ThrowIfNull(problems);
        ArgumentNullException.ThrowIfNull(userOf);
        var kept = new List<string>();
        foreach (var problem in problems)
        {
            switch (problem)
            {
                case { Kind: StoreProblemKind.CachedFile, Digest: { } file }:
                    File.Delete(Path.Combine(paths.Packages, "sha256", file.Hex[..2], file.Hex));
                    break;
                case { Kind: StoreProblemKind.MountedLayer, Digest: { } diffId } when userOf(diffId) is { } user:
                    kept.Add($"layer {diffId} is used by {user}, which runs: stop it, then repair again");
                    break;
                case { Kind: StoreProblemKind.MountedLayer, Digest: { } diffId }:
                    RemoveMounted(diffId);
                    break;
                case { Kind: StoreProblemKind.SealedDirectory, Path: { } place }:
                    SealedDirectory.Remove(place, paths);
                    break;
                case { Kind: StoreProblemKind.Record, Path: { } record }:
                    RegularFile.ClearPlace(record);
                    File.Delete(record);
                    break;
                default:
                    break;
            }
        }

        var damaged = problems
            .Where(problem => problem.Kind == StoreProblemKind.Blob)
            .Select(problem => problem.Digest)
            .OfType<Digest>()
            .ToHashSet();
        var needed = new HashSet<Digest>();
        var images = new List<Digest>();
        foreach (var (image, blobs) in _layout.ReadIndex().Manifests.Select(entry => (entry, BlobsOf(entry))))
        {
            needed.UnionWith(blobs);
            if (blobs.Overlaps(damaged) && SubjectOf(image) is { } subject)
            {
                images.Add(subject);
            }
        }

        foreach (var blob in damaged.Where(blob => !needed.Contains(blob)))
        {
            RegularFile.ClearPlace(_layout.BlobPath(blob));
            File.Delete(_layout.BlobPath(blob));
        }

        foreach (var image in images.Distinct())
        {
            Forget(image, damaged);
        }

        return new RepairPlan([.. images.Distinct()], kept);
    }

    /// <summary>
    /// Repairs index.json and the file <c>oci-layout</c>: from the copy, else from the manifests that are among the blobs.
    /// </summary>
    /// <returns>What was found out about names, one line each.</returns>
    public async Task<IReadOnlyList<string>> MendIndexAsync(CancellationToken cancellation)
    {
        if (_layout.VersionDamage is not null)
        {
            _layout.WriteVersion();
        }

        switch (_layout.LoadIndex())
        {
            case { IsLost: true }:
                var rebuilt = IndexRebuild.From(_layout);
                await _layout.WriteIndexAsync(() => rebuilt.Entries, cancellation);
                return rebuilt.Notes;
            case { Damage: not null }:
                await _layout.ChangeIndexAsync(entries => entries, cancellation);
                return [];
            default:
                return [];
        }
    }

    /// <summary>
    /// Reads all blobs of an image, and lets builds forget those that are damaged: the next one makes them again. For an image of which one
    /// blob was met damaged by chance.
    /// </summary>
    public void ForgetDamaged(Digest manifest)
    {
        var blobs = BlobsOf(
            new OciDescriptor
            {
                MediaType = MediaTypes.Manifest,
                Digest = manifest,
                Size = 0,
            }
        );
        Forget(manifest, [.. blobs.Where(blob => !StoreValidation.IsGood(_layout, blob))]);
    }

    private void Forget(Digest manifest, HashSet<Digest> damaged)
    {
        foreach (var record in Records("images", "*"))
        {
            if (BuildRecords.ReadImage(record).Value == manifest)
            {
                File.Delete(record);
            }
        }

        foreach (var record in Records("layers", "*.json"))
        {
            if (BuildRecords.ReadLayer(record).Value is { } layer && damaged.Contains(layer.Blob))
            {
                File.Delete(record);
            }
        }
    }

    private IEnumerable<string> Records(string kind, string pattern)
    {
        var directory = Path.Combine(paths.Build, kind);
        return Directory.Exists(directory) ? Directory.EnumerateFiles(directory, pattern) : [];
    }

    private void RemoveMounted(Digest diffId)
    {
        // Out of its name first: a deletion that is cut short must not leave half a layer that looks whole.
        StoreDirectory.Create(paths.Temporary, StoreDirectory.OwnerOnly);
        var doomed = Path.Combine(paths.Temporary, "removed-" + Guid.NewGuid().ToString("N"));
        Directory.Move(Path.Combine(paths.Layers, diffId.Hex), doomed);
        Directory.Delete(doomed, recursive: true);
    }

    /// <summary>All blobs that an entry leads to, as far as its documents can be read.</summary>
    private HashSet<Digest> BlobsOf(OciDescriptor entry, int level = 0)
    {
        var blobs = new HashSet<Digest> { entry.Digest };
        try
        {
            if (entry.MediaType == MediaTypes.Index)
            {
                var inner = OciJson.Deserialize<OciIndex>(_layout.ReadDocument(entry.Digest), $"index {entry.Digest}").Manifests;
                blobs.UnionWith(level < OciIndex.MostLevels ? inner.SelectMany(one => BlobsOf(one, level + 1)) : []);
            }
            else
            {
                var manifest = OciJson.Deserialize<OciManifest>(_layout.ReadDocument(entry.Digest), $"manifest {entry.Digest}");
                blobs.UnionWith(manifest.Layers.Append(manifest.Config).Select(blob => blob.Digest));
            }
        }
        catch (TorchyardException)
        {
            // A damaged document is among the problems itself; what it led to is found once it is whole again.
        }

        return blobs;
    }

    /// <summary>The image that an entry of index.json is, or whose artifacts it lists.</summary>
    private static Digest? SubjectOf(OciDescriptor entry) =>
        entry.MediaType switch
        {
            MediaTypes.Manifest => entry.Digest,
            MediaTypes.Index
                when entry.Annotations?.GetValueOrDefault(OciLayout.NameAnnotation) is { } tag
                    && tag.StartsWith("sha256-", StringComparison.Ordinal)
                    && Digest.TryParse(tag["sha256-".Length..], out var subject) => subject,
            _ => null,
        };
}

/// <summary>What is left to do after <see cref="StoreRepair.Begin"/>.</summary>
/// <param name="Images">Manifests of images with damaged or missing blobs.</param>
/// <param name="Kept">What was left alone, and why; one line each.</param>
public sealed record RepairPlan(IReadOnlyList<Digest> Images, IReadOnlyList<string> Kept);
