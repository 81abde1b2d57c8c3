using System.Text;
using Torchyard.Images.Environments;
using Torchyard.Images.Layers;
using Torchyard.Images.Oci;
using Torchyard.Images.Sbom;
using Torchyard.Platform.Digests;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Build;

/// <summary>Writes configuration, manifest and attached artifacts of a built image. All of it is a function of lock and layers.</summary>
internal static class ImageWriter
{
    private static readonly byte[] EmptyObject = "{}"u8.ToArray();

    /// <summary>Writes configuration and manifest; returns the manifest's digest.</summary>
    internal static Digest Write(OciLayout layout, RecipeLock locked, IReadOnlyList<ImageLayer> layers)
    {
        var settings = ImageDefaults.For(locked.Recipe, python: ProjectPython.Of(locked), under: locked.Base);
        return Write(
            layout,
            locked.Recipe.Base.Architecture,
            locked.SourceDateEpoch,
            settings,
            Labels(locked, settings, ImageText.Timestamp(locked.SourceDateEpoch)),
            layers
        );
    }

    /// <summary>Writes configuration and manifest of an image that no lock describes; returns the manifest's digest.</summary>
    /// <param name="layout">The store.</param>
    /// <param name="architecture">GOARCH name, which Debian's are too.</param>
    /// <param name="epoch">The image's date, seconds since 1970.</param>
    /// <param name="settings">How it is started.</param>
    /// <param name="labels">Its labels.</param>
    /// <param name="layers">Its layers, bottom first.</param>
    internal static Digest Write(
        OciLayout layout,
        string architecture,
        long epoch,
        ImageConfig settings,
        SortedDictionary<string, string> labels,
        IReadOnlyList<ImageLayer> layers
    )
    {
        var created = ImageText.Timestamp(epoch);
        var configuration = new OciImageConfiguration
        {
            Created = created,
            Architecture = architecture,
            Os = "linux",
            Config = new OciContainerConfig
            {
                User = Given(settings.User),
                ExposedPorts = Set(settings.ExposedPorts),
                Env = Given(settings.Env),
                Entrypoint = Given(settings.Entrypoint),
                Cmd = Given(settings.Cmd),
                Volumes = Set(settings.Volumes),
                WorkingDir = Given(settings.WorkingDir),
                Labels = labels,
                StopSignal = Given(settings.StopSignal),
            },
            Rootfs = new OciRootFs { DiffIds = [.. layers.Select(layer => layer.Layer.DiffId.ToString())] },
            History = [.. layers.Select(layer => new OciHistory { Created = created, CreatedBy = layer.History })],
        };
        var manifest = new OciManifest
        {
            Config = layout.WriteDocument(OciJson.Serialize(configuration), MediaTypes.Config),
            Layers =
            [
                .. layers.Select(layer => new OciDescriptor
                {
                    MediaType = layer.Layer.MediaType,
                    Digest = layer.Layer.Blob,
                    Size = layer.Layer.Size,
                }),
            ],
        };
        return layout.WriteDocument(OciJson.Serialize(manifest), MediaTypes.Manifest).Digest;
    }

    /// <summary>
    /// Attaches the software bill of materials of an image, and its lock if it has one, as artifacts whose subject is the image (image-spec
    /// 1.1, manifest.md, "Guidelines for artifact usage"), listed under the tag that distribution-spec's referrers fallback names.
    /// </summary>
    internal static async Task AttachAsync(
        OciLayout layout,
        SpdxContent software,
        RecipeLock? locked,
        Digest manifest,
        CancellationToken cancellation
    )
    {
        var subject = new OciDescriptor
        {
            MediaType = MediaTypes.Manifest,
            Digest = manifest,
            Size = new FileInfo(layout.BlobPath(manifest)).Length,
        };
        var created = ImageText.Timestamp(software.Created);
        List<OciDescriptor> artifacts = [Artifact(MediaTypes.Spdx, SpdxDocument.Write(software, manifest), "sbom.spdx.json")];
        if (locked is not null)
        {
            artifacts.Add(Artifact(MediaTypes.Lock, Encoding.UTF8.GetBytes(LockText.Write(locked)), LockText.FileName));
        }

        var referrers = layout.WriteDocument(OciJson.Serialize(new OciIndex { Manifests = artifacts }), MediaTypes.Index) with
        {
            Annotations = new(StringComparer.Ordinal) { [OciLayout.NameAnnotation] = ImageText.ReferrersTag(manifest) },
        };
        await layout.ChangeIndexAsync(
            entries =>
                [
                    .. entries.Where(entry =>
                        entry.Annotations?.GetValueOrDefault(OciLayout.NameAnnotation) != ImageText.ReferrersTag(manifest)
                    ),
                    referrers,
                ],
            cancellation
        );

        OciDescriptor Artifact(string type, byte[] content, string title)
        {
            var document = layout.WriteDocument(content, type) with
            {
                Annotations = new(StringComparer.Ordinal) { ["org.opencontainers.image.title"] = title },
            };
            var annotations = new SortedDictionary<string, string>(StringComparer.Ordinal)
            {
                ["org.opencontainers.image.created"] = created,
            };
            return layout.WriteDocument(
                OciJson.Serialize(
                    new OciManifest
                    {
                        ArtifactType = type,
                        Config = layout.WriteDocument(EmptyObject, MediaTypes.Empty),
                        Layers = [document],
                        Subject = subject,
                        Annotations = annotations,
                    }
                ),
                MediaTypes.Manifest
            ) with
            {
                ArtifactType = type,
                Annotations = annotations,
            };
        }
    }

    private static SortedDictionary<string, string> Labels(RecipeLock locked, ImageConfig settings, string created)
    {
        var labels = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["org.opencontainers.image.title"] = locked.Recipe.Name,
            ["org.opencontainers.image.version"] = locked.Recipe.Image.Tag,
            ["org.opencontainers.image.created"] = created,
            ["io.torchyard.lock.recipe"] = locked.RecipeDigest.ToString(),
        };
        if (locked.Base is { } under)
        {
            labels[ImageText.BaseDigestLabel] = under.Manifest.ToString();
            labels[ImageText.BaseNameLabel] = locked.Recipe.Base.Image ?? "";
        }

        foreach (var (name, value) in settings.Labels)
        {
            labels[name] = value;
        }

        return labels;
    }

    private static string? Given(string text) => text.Length > 0 ? text : null;

    private static IReadOnlyList<string>? Given(IReadOnlyList<string> list) => list.Count > 0 ? list : null;

    private static SortedDictionary<string, OciNothing>? Set(IReadOnlyList<string> names)
    {
        var set = new SortedDictionary<string, OciNothing>(StringComparer.Ordinal);
        foreach (var name in names)
        {
            set[name] = new OciNothing();
        }

        return set.Count > 0 ? set : null;
    }
}
