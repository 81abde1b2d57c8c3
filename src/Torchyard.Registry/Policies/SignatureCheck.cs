using Torchyard.Images.Oci;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Registry.Copying;
using Torchyard.Registry.Referrers;

namespace Torchyard.Registry.Policies;

/// <summary>
/// Looks for a signature of one of a rule's keys: in the registry before anything of an image is fetched, and in the store, where it is
/// kept beside the image, before one is started.
/// </summary>
/// <param name="rule">The rule.</param>
/// <param name="image">What people call the image.</param>
internal sealed class SignatureCheck(PolicyRule rule, string image)
{
    private const int MostSignatures = 64;

    /// <summary>Asks a source.</summary>
    /// <param name="source">Where the image is.</param>
    /// <param name="digests">Its manifest, or its index: what is signed is either.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>The signature that counts.</returns>
    /// <exception cref="TorchyardException">TY6032: there is none; TY6030: a key cannot be read.</exception>
    public async Task<CosignSignature> RequireAsync(IImageSource source, IReadOnlyList<Digest> digests, CancellationToken cancellation)
    {
        var keys = CosignSignature.ReadKeys(rule.Keys);
        try
        {
            var seen = 0;
            foreach (var digest in digests)
            {
                await foreach (var signature in SignaturesAsync(source, digest, cancellation))
                {
                    seen++;
                    if (signature.Verify(keys) is { } signed && digests.Contains(signed))
                    {
                        return signature;
                    }
                }
            }

            throw PolicyErrors.NotSigned(
                image,
                seen == 0 ? "there is none" : $"{Platform.Text.Count.Of(seen, "signature")} of other keys, or for other images"
            );
        }
        finally
        {
            foreach (var key in keys)
            {
                key.Dispose();
            }
        }
    }

    /// <summary>Keeps a signature beside its image, for starts without the registry.</summary>
    public static Task KeepAsync(
        StorePaths paths,
        Digest manifest,
        CosignSignature signature,
        string registry,
        CancellationToken cancellation
    )
    {
        var layout = new OciLayout(paths);
        var payload = layout.WriteDocument(signature.Payload, CosignSignature.LayerType) with
        {
            Annotations = new(StringComparer.Ordinal) { [CosignSignature.SignatureAnnotation] = signature.Signature },
        };
        var document = OciJson.Serialize(
            new OciManifest
            {
                ArtifactType = CosignSignature.ArtifactType,
                Config = layout.WriteDocument("{}"u8.ToArray(), MediaTypes.Empty),
                Layers = [payload],
                Subject = new OciDescriptor
                {
                    MediaType = MediaTypes.Manifest,
                    Digest = manifest,
                    Size = layout.ReadDocument(manifest).Length,
                },
            }
        );
        var artifact = layout.WriteDocument(document, MediaTypes.Manifest) with { ArtifactType = CosignSignature.ArtifactType };
        return StoredReferrers.AddAsync(layout, manifest, [artifact], registry, cancellation);
    }

    private static async IAsyncEnumerable<CosignSignature> SignaturesAsync(
        IImageSource source,
        Digest digest,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation
    )
    {
        var manifests = new List<OciManifest?>();
        if (await source.TryTagAsync(ImageText.ReferrersTag(digest) + ".sig", cancellation) is { } tagged)
        {
            manifests.Add(OciJson.TryDeserialize<OciManifest>(tagged.Content).Value);
        }

        foreach (var entry in await source.ReferrersAsync(digest, cancellation))
        {
            if (entry.ArtifactType == CosignSignature.ArtifactType && manifests.Count < MostSignatures)
            {
                manifests.Add(
                    await source.TryManifestAsync(entry.Digest, cancellation) is { } attached
                        ? OciJson.TryDeserialize<OciManifest>(attached.Content).Value
                        : null
                );
            }
        }

        foreach (var layer in manifests.OfType<OciManifest>().SelectMany(manifest => manifest.Layers).Take(MostSignatures))
        {
            if (
                layer.MediaType == CosignSignature.LayerType
                && layer.Size <= CosignSignature.MostBytes
                && layer.Annotations?.GetValueOrDefault(CosignSignature.SignatureAnnotation) is { } text
            )
            {
                var payload = new byte[layer.Size];
                await using var content = source.Open(layer, 0);
                await content.ReadExactlyAsync(payload, cancellation);
                yield return new CosignSignature(payload, text);
            }
        }
    }
}
