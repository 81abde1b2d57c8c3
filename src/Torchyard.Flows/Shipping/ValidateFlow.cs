using Torchyard.Flows.Hosts;
using Torchyard.Flows.Repair;
using Torchyard.Images.Errors;
using Torchyard.Images.Store;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Registry.References;

namespace Torchyard.Flows.Shipping;

/// <summary>Recomputes what images say of themselves, and repairs them: from their lock, else from their registry.</summary>
internal sealed class ValidateFlow(Host host)
{
    private readonly ImageStore _images = new(host.Store);

    /// <summary>Reads images.</summary>
    /// <param name="names">Names or digests; none for all of the store.</param>
    /// <param name="repair">Damaged ones are made or fetched again.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="TorchyardException">TY3010, TY3012: which image is not clear; and what a repair fails of.</exception>
    public async Task<IReadOnlyList<ValidationFinding>> RunAsync(IReadOnlyList<string> names, bool repair, CancellationToken cancellation)
    {
        using var use = await _images.BeginUseAsync(host.Progress, cancellation);
        var found = new List<ValidationFinding>();
        foreach (var (name, manifest) in Wanted(names))
        {
            var validation = new ImageValidation(host.Store);
            var image = await validation.RunAsync(manifest, host.Progress, cancellation);
            var cure = image.Problems.Count == 0 ? null : Cure(name, manifest);
            if (repair && image.Problems.Count > 0 && await RepairAsync(name, image, validation, cancellation))
            {
                var again = await validation.RunAsync(manifest, host.Progress, cancellation);
                found.Add(new ValidationFinding(name, again) { Repaired = again.Problems.Count == 0 ? image.Problems : [], Cure = cure });
                continue;
            }

            found.Add(new ValidationFinding(name, image) { Cure = cure });
        }

        return found;
    }

    private List<(string Name, Digest Manifest)> Wanted(IReadOnlyList<string> names)
    {
        if (names.Count > 0)
        {
            return [.. names.Select(name => (name, _images.Resolve(name))).DistinctBy(one => one.Item2)];
        }

        var damaged = new List<(string, Digest)>();
        var whole = _images.List((digest, own, _) => damaged.Add((own is [var first, ..] ? first : digest.ToString(), digest)));
        return [.. whole.Select(image => (image.Names is [var first, ..] ? first : image.Manifest.ToString(), image.Manifest)), .. damaged];
    }

    private string Cure(string name, Digest manifest) =>
        _images.LockOf(manifest) is not null ? $"'torchyard validate --repair {name}' makes it again from its lock"
        : Origin(name, manifest) is { } origin ? $"'torchyard validate --repair {name}' fetches it again from {origin.Registry}"
        : $"copy or build it again, or remove it: torchyard rmi {name}";

    private async Task<bool> RepairAsync(string name, ValidatedImage image, ImageValidation validation, CancellationToken cancellation)
    {
        if (_images.LockOf(image.Manifest) is not null)
        {
            var first = image.Problems[0];
            await new RepairedImage(host).RemakeAsync(
                image.Manifest,
                new TorchyardException(ImageCodes.DamagedBlob, $"blob {first.Blob}: {first.Text}", "build it again"),
                cancellation
            );
            return true;
        }

        if (Origin(name, image.Manifest) is not { } origin)
        {
            return false;
        }

        validation.Discard(image);
        await new PullFlow(host).RunAsync(origin.ToString(), platform: null, plainHttp: false, cancellation);
        return true;
    }

    /// <summary>The image in its registry, by the digest that it has there: the tag may be another image's by now.</summary>
    private ImageReference? Origin(string name, Digest manifest)
    {
        foreach (var own in _images.NamesOf(manifest).Append(name).Where(one => one.Contains('/', StringComparison.Ordinal)))
        {
            var at = own.IndexOf('@', StringComparison.Ordinal);
            var reference = ImageReference.Parse(at < 0 ? own : own[..at]);
            return ImageReference.Parse($"{reference.Name}@{_images.PulledDigest(manifest) ?? manifest}");
        }

        return null;
    }
}

/// <summary>What was found of one image.</summary>
/// <param name="Name">As the user named it.</param>
/// <param name="Image">What was found.</param>
internal sealed record ValidationFinding(string Name, ValidatedImage Image)
{
    /// <summary>What was wrong, and is not any more.</summary>
    public IReadOnlyList<BlobProblem> Repaired { get; init; } = [];

    /// <summary>What to do; null when nothing was wrong.</summary>
    public string? Cure { get; init; }
}
