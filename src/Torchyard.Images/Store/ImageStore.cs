using Torchyard.Images.Errors;
using Torchyard.Images.Oci;
using Torchyard.Images.Sbom;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Reporting;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Store;

/// <summary>
/// The images of a store. Names and digests find them; removing a name leaves the blobs to <see cref="PruneAsync"/>, which waits for builds
/// and starts that are under way.
/// </summary>
/// <param name="paths">The store.</param>
public sealed class ImageStore(StorePaths paths)
{
    private readonly OciLayout _layout = new(paths);

    /// <summary>
    /// Keeps <see cref="PruneAsync"/> from deleting anything until the result is disposed. Taken while an image is built, or looked up and
    /// mounted; shared, and let go of by the kernel when its holder dies. An index.json that cannot be read is written again from its copy
    /// on the way, unless the caller wants to see it as it is.
    /// </summary>
    public async Task<FileLock> BeginUseAsync(IProgressSink progress, CancellationToken cancellation, bool repair = true)
    {
        ArgumentNullException.ThrowIfNull(progress);
        StorePrivacy.Protect(paths);
        var held = await FileLock.AcquireAsync(paths.UseLock, exclusive: false, cancellation);
        if (repair)
        {
            await MendIndexFromCopyAsync(progress, cancellation);
        }

        return held;
    }

    private async Task MendIndexFromCopyAsync(IProgressSink progress, CancellationToken cancellation)
    {
        if (_layout.LoadIndex() is { Damage: { } damage, IsLost: false })
        {
            // Reading goes on from the copy; writing it back repairs the layout for other tools too.
            await _layout.ChangeIndexAsync(entries => entries, cancellation);
            progress.Note($"{paths.Oci}/index.json {damage}; written again from its copy");
        }
    }

    /// <summary>All images that can be read, newest first, then by name.</summary>
    /// <param name="onDamaged">Told the digest, names and trouble of each image that cannot be read.</param>
    public IReadOnlyList<StoredImage> List(Action<Digest, IReadOnlyList<string>, string>? onDamaged = null)
    {
        var images = new List<StoredImage>();
        foreach (var group in Entries().GroupBy(entry => entry.Digest))
        {
            try
            {
                images.Add(Read(group.Key));
            }
            catch (TorchyardException failure)
            {
                onDamaged?.Invoke(group.Key, [.. group.Select(NameOf).OfType<string>()], failure.Message);
            }
        }

        return
        [
            .. images
                .OrderByDescending(image => image.Created)
                .ThenBy(image => (image.Names is [var first, ..] ? first : ""), StringComparer.Ordinal),
        ];
    }

    /// <summary>Finds an image by <c>name[:tag]</c>, digest, or the first digits (four at least) of its digest.</summary>
    /// <exception cref="TorchyardException">TY3010: there is none; TY3012: more than one.</exception>
    public StoredImage Find(string nameOrDigest) => Read(Resolve(nameOrDigest));

    /// <summary>The digest of an image, whether or not it can be read; see <see cref="Find"/>.</summary>
    /// <exception cref="TorchyardException">TY3010: there is none; TY3012: more than one.</exception>
    public Digest Resolve(string nameOrDigest)
    {
        ArgumentNullException.ThrowIfNull(nameOrDigest);
        var entries = Entries().ToList();
        if (ImageName.TryParse(nameOrDigest, out var name))
        {
            // An image of this machine before one of a registry: 'cpu' is what was built here.
            foreach (var wanted in new[] { name.ToString(), name.Full.ToString() })
            {
                if (entries.Find(entry => NameOf(entry) == wanted) is { } named)
                {
                    return named.Digest;
                }
            }
        }

        if (nameOrDigest.IndexOf("@sha256:", StringComparison.Ordinal) is > 0 and var at)
        {
            var whole = nameOrDigest[(at + 1)..];
            return entries.Find(entry => entry.Digest.ToString() == whole || PulledAs(entry) == whole)?.Digest
                ?? throw ImageErrors.NoSuchImage(nameOrDigest, entries.Select(NameOf).OfType<string>());
        }

        var hex = nameOrDigest.StartsWith("sha256:", StringComparison.Ordinal) ? nameOrDigest[7..] : nameOrDigest;
        var matches =
            hex.Length >= 4
                ? entries
                    .Where(entry => entry.Digest.Hex.StartsWith(hex, StringComparison.Ordinal))
                    .Select(entry => entry.Digest)
                    .Distinct()
                    .ToList()
                : [];
        return matches switch
        {
            [var match] => match,
            [] => throw ImageErrors.NoSuchImage(nameOrDigest, entries.Select(NameOf).OfType<string>()),
            _ => throw ImageErrors.AmbiguousName(nameOrDigest),
        };
    }

    /// <summary>The digest of an image by name or digest; null where it is not clear which, or there is none.</summary>
    public Digest? TryResolve(string nameOrDigest)
    {
        try
        {
            return Resolve(nameOrDigest);
        }
        catch (TorchyardException)
        {
            return null;
        }
    }

    /// <summary>
    /// True when manifest and configuration are whole and all layers are in the store with the right sizes. Layers are not read; see
    /// <see cref="Validate"/>.
    /// </summary>
    public bool IsComplete(Digest manifest)
    {
        try
        {
            var document = ReadManifest(manifest);
            _ = Read(manifest);
            return document.Layers.Append(document.Config).All(blob => _layout.HasBlob(blob.Digest, blob.Size));
        }
        catch (TorchyardException)
        {
            return false;
        }
    }

    /// <summary>Gives an image of the store a name; another image that had it loses it.</summary>
    /// <exception cref="TorchyardException">TY3016: not a name.</exception>
    public Task<StoredImage> NameAsync(Digest manifest, string name, CancellationToken cancellation) =>
        NameAsync(manifest, name, pulled: null, cancellation);

    /// <summary>As above, for an image of a registry.</summary>
    /// <param name="manifest">The image.</param>
    /// <param name="name">The name.</param>
    /// <param name="pulled">Digest under which the registry has it; null where that is the same.</param>
    /// <param name="cancellation">Ends the wait for the index.</param>
    internal async Task<StoredImage> NameAsync(Digest manifest, string name, Digest? pulled, CancellationToken cancellation)
    {
        if (!ImageName.TryParse(name, out var parsed))
        {
            throw ImageErrors.BadName(name);
        }

        var size = _layout.ReadDocument(manifest).Length;
        // Nothing is written when all is as it should be: a second build only looks.
        if (
            !Entries()
                .Any(entry =>
                    entry.Digest == manifest
                    && entry.Size == size
                    && NameOf(entry) == parsed.ToString()
                    && (pulled is null || PulledAs(entry) == pulled.ToString())
                )
        )
        {
            var descriptor = new OciDescriptor
            {
                MediaType = MediaTypes.Manifest,
                Digest = manifest,
                Size = size,
                Annotations = Annotations(parsed.ToString(), pulled),
            };
            await _layout.ChangeIndexAsync(
                entries => [.. entries.Where(entry => NameOf(entry) != parsed.ToString()), descriptor],
                cancellation
            );
        }

        return Read(manifest);
    }

    /// <summary>Keeps an image that has no name, as one that was pulled by its digest.</summary>
    internal async Task<StoredImage> KeepAsync(Digest manifest, Digest? pulled, CancellationToken cancellation)
    {
        var descriptor = new OciDescriptor
        {
            MediaType = MediaTypes.Manifest,
            Digest = manifest,
            Size = _layout.ReadDocument(manifest).Length,
            Annotations = pulled is null ? null : Annotations(null, pulled),
        };
        if (!Entries().Any(entry => entry.Digest == manifest && (pulled is null || PulledAs(entry) == pulled.ToString())))
        {
            await _layout.ChangeIndexAsync(entries => [.. entries, descriptor], cancellation);
        }

        return Read(manifest);
    }

    /// <summary>
    /// Removes a name, or with a digest all names of the image. The blobs stay until <see cref="PruneAsync"/>.
    /// </summary>
    /// <param name="nameOrDigest">As in <see cref="Find"/>.</param>
    /// <param name="user">Who uses an image, e.g. <c>container web</c>, or null; ignored with <paramref name="force"/>.</param>
    /// <param name="force">Remove it although it is used; its blobs are still kept for its user.</param>
    /// <param name="cancellation">Ends the wait for the index.</param>
    /// <exception cref="TorchyardException">TY3010, TY3012; TY3015: it is used.</exception>
    public async Task<Digest> RemoveAsync(string nameOrDigest, Func<Digest, string?> user, bool force, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(user);
        var image = Resolve(nameOrDigest);
        var names = Entries().Where(entry => entry.Digest == image).Select(NameOf).OfType<string>().ToHashSet(StringComparer.Ordinal);
        var name =
            !ImageName.TryParse(nameOrDigest, out var parsed) ? ""
            : names.Contains(parsed.ToString()) ? parsed.ToString()
            : parsed.Full.ToString();
        var byName = names.Contains(name);
        var last = !byName || names.Count == 1;
        if (last && !force && user(image) is { } by)
        {
            throw ImageErrors.InUse(nameOrDigest, by);
        }

        var referrers = ImageText.ReferrersTag(image);
        await _layout.ChangeIndexAsync(
            entries =>
                [
                    .. entries.Where(entry =>
                        byName
                            ? NameOf(entry) != name && !(last && NameOf(entry) == referrers)
                            : entry.Digest != image && NameOf(entry) != referrers
                    ),
                ],
            cancellation
        );
        return image;
    }

    /// <summary>
    /// Deletes blobs and mounted layers that no image and none of the given ones needs. Waits until no build or start is under way.
    /// </summary>
    /// <param name="inUse">Manifests that containers use, whether or not they still have a name.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <param name="unknownUser">A container of which nobody knows the image, so that every blob and layer may be its own; or null.</param>
    /// <param name="progress">Told what is repaired on the way, and why something is kept.</param>
    /// <returns>What was deleted.</returns>
    /// <exception cref="TorchyardException">TY3053: the list of images is lost, so that every blob may be an image's.</exception>
    public async Task<PruneResult> PruneAsync(
        IReadOnlySet<Digest> inUse,
        CancellationToken cancellation,
        string? unknownUser = null,
        IProgressSink? progress = null
    )
    {
        ArgumentNullException.ThrowIfNull(inUse);
        progress ??= SilentProgress.Instance;
        StorePrivacy.Protect(paths);
        using var alone = await FileLock.AcquireAsync(paths.UseLock, exclusive: true, cancellation);
        await MendIndexFromCopyAsync(progress, cancellation);
        return GarbageCollection.Collect(paths, _layout, inUse, unknownUser, progress);
    }

    /// <summary>
    /// Recomputes every digest: of manifests, configurations, layers compressed and not, and of the mounted form of layers.
    /// </summary>
    /// <returns>What is wrong; empty when all is well.</returns>
    public IReadOnlyList<StoreProblem> Validate(IProgressSink progress, CancellationToken cancellation) =>
        StoreValidation.Run(paths, _layout, progress, cancellation);

    /// <summary>
    /// The lock that is attached to an image, from which it can be made again; null without one that can be read. One that came from a
    /// registry does not count: whoever may attach things there would choose what is fetched and run here.
    /// </summary>
    public RecipeLock? LockOf(Digest manifest) =>
        Attached(manifest, MediaTypes.Lock, pulled: false, content => LockReader.Read(content, $"the lock of image {manifest}"));

    /// <summary>What the bill of materials of an image lists, pulled or not; null without one that can be read.</summary>
    public IReadOnlyList<ListedSoftware>? SoftwareOf(Digest manifest) =>
        Attached(manifest, MediaTypes.Spdx, pulled: true, content => SpdxReader.Read(content, $"the SBOM of image {manifest}"));

    private T? Attached<T>(Digest manifest, string type, bool pulled, Func<byte[], T> read)
        where T : class
    {
        try
        {
            var tag = ImageText.ReferrersTag(manifest);
            foreach (
                var entry in _layout
                    .ReadIndex()
                    .Manifests.Where(entry =>
                        entry.MediaType == MediaTypes.Index && NameOf(entry) == tag && (pulled || PulledAs(entry) is null)
                    )
            )
            {
                var attached = OciJson.Deserialize<OciIndex>(_layout.ReadDocument(entry.Digest), $"index {entry.Digest}").Manifests;
                if (
                    attached.FirstOrDefault(artifact => artifact.ArtifactType == type) is { } artifact
                    && ReadManifest(artifact.Digest).Layers is [var content, ..]
                )
                {
                    return read(_layout.ReadDocument(content.Digest));
                }
            }
        }
        catch (TorchyardException)
        {
            // Damaged as well, or of another version of the format: it is of no use here.
        }

        return null;
    }

    /// <summary>Names of an image, whether or not it can be read.</summary>
    public IReadOnlyList<string> NamesOf(Digest manifest) =>
        [.. Entries().Where(entry => entry.Digest == manifest).Select(NameOf).OfType<string>()];

    /// <summary>Digest under which a registry has an image, where that is another; null else.</summary>
    public Digest? PulledDigest(Digest manifest) =>
        Entries().Where(entry => entry.Digest == manifest).Select(PulledAs).OfType<string>().FirstOrDefault() is { } text
        && Digest.TryParse(text, out var digest)
            ? digest
            : null;

    /// <summary>An image by the digest of its manifest, whether or not it has a name.</summary>
    /// <exception cref="TorchyardException">TY3009, TY3011: it is not there, or cannot be read.</exception>
    public StoredImage Read(Digest digest)
    {
        var manifest = ReadManifest(digest);
        var configuration = OciJson.Deserialize<OciImageConfiguration>(
            _layout.ReadDocument(manifest.Config.Digest),
            $"configuration {manifest.Config.Digest}"
        );
        if (configuration.Rootfs.DiffIds.Count != manifest.Layers.Count)
        {
            throw ImageErrors.BadDocument($"image {digest}", "manifest and configuration name different numbers of layers");
        }

        var config = configuration.Config ?? new OciContainerConfig();
        return new StoredImage
        {
            Manifest = digest,
            Names = [.. Entries().Where(entry => entry.Digest == digest).Select(NameOf).OfType<string>().Order(StringComparer.Ordinal)],
            DiffIds =
            [
                .. configuration.Rootfs.DiffIds.Select(text =>
                    Digest.TryParse(text, out var diffId)
                        ? diffId
                        : throw ImageErrors.BadDocument($"image {digest}", "a diff id is malformed")
                ),
            ],
            Layers = [.. manifest.Layers.Select(layer => layer.Digest)],
            CompressedSize = manifest.Layers.Sum(layer => layer.Size),
            Created = DateTimeOffset.TryParse(configuration.Created, System.Globalization.CultureInfo.InvariantCulture, out var created)
                ? created.ToUnixTimeSeconds()
                : 0,
            Config = new ImageConfig
            {
                User = config.User ?? "",
                Env = config.Env ?? [],
                Entrypoint = config.Entrypoint ?? [],
                Cmd = config.Cmd ?? [],
                WorkingDir = config.WorkingDir ?? "",
                ExposedPorts = [.. config.ExposedPorts?.Keys.AsEnumerable() ?? []],
                Volumes = [.. config.Volumes?.Keys.AsEnumerable() ?? []],
                // null stands for nothing here, as Go's JSON has it.
                Labels = (config.Labels ?? []).Where(label => label.Value is not null).ToDictionary(),
                StopSignal = config.StopSignal ?? "",
            },
        };
    }

    /// <summary>Architecture of an image, as its configuration says it.</summary>
    internal string ArchitectureOf(OciManifest manifest) =>
        OciJson
            .Deserialize<OciImageConfiguration>(_layout.ReadDocument(manifest.Config.Digest), $"configuration {manifest.Config.Digest}")
            .Architecture;

    internal OciManifest ReadManifest(Digest digest) =>
        OciJson.Deserialize<OciManifest>(_layout.ReadDocument(digest), $"manifest {digest}");

    /// <summary>Entries of index.json that are images: no artifacts, no indexes of referrers.</summary>
    private IEnumerable<OciDescriptor> Entries() =>
        _layout.ReadIndex().Manifests.Where(entry => entry.MediaType == MediaTypes.Manifest && entry.ArtifactType is null);

    private static SortedDictionary<string, string> Annotations(string? name, Digest? pulled)
    {
        var annotations = new SortedDictionary<string, string>(StringComparer.Ordinal);
        if (name is not null)
        {
            annotations[OciLayout.NameAnnotation] = name;
        }

        if (pulled is { } digest)
        {
            annotations[OciLayout.PulledAnnotation] = digest.ToString();
        }

        return annotations;
    }

    private static string? PulledAs(OciDescriptor entry) => entry.Annotations?.GetValueOrDefault(OciLayout.PulledAnnotation);

    private static string? NameOf(OciDescriptor entry) => entry.Annotations?.GetValueOrDefault(OciLayout.NameAnnotation);
}

/// <summary>What <see cref="ImageStore.PruneAsync"/> deleted.</summary>
/// <param name="Blobs">Number of blobs.</param>
/// <param name="Layers">Number of mounted layers.</param>
/// <param name="Bytes">Bytes of the blobs; mounted layers are not counted.</param>
public sealed record PruneResult(int Blobs, int Layers, long Bytes);
