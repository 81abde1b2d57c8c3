using Torchyard.Images.Oci;
using Torchyard.Images.Store;

namespace Torchyard.Images.Comparing;

/// <summary>What a new image has otherwise than an old one.</summary>
public sealed record ImageDifference
{
    /// <summary>Packages that came, went or have another version; null where an image has no bill of materials to compare.</summary>
    public required IReadOnlyList<SoftwareChange>? Software { get; init; }

    /// <summary>How containers are started otherwise.</summary>
    public required IReadOnlyList<SettingChange> Settings { get; init; }

    /// <summary>Layers that both have.</summary>
    public required int SharedLayers { get; init; }

    /// <summary>Layers of the new image that the old one has not.</summary>
    public required int NewLayers { get; init; }

    /// <summary>Compressed size of these in bytes: what a machine with the old image has to fetch.</summary>
    public required long NewBytes { get; init; }

    /// <summary>Compressed size of the old image in bytes.</summary>
    public required long SizeBefore { get; init; }

    /// <summary>Compressed size of the new image in bytes.</summary>
    public required long SizeAfter { get; init; }

    /// <summary>Compares two images of a store.</summary>
    public static ImageDifference Between(ImageStore store, StoredImage before, StoredImage after)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        var old = before.Layers.ToHashSet();
        var added = store
            .ReadManifest(after.Manifest)
            .Layers.DistinctBy(layer => layer.Digest)
            .Where(layer => !old.Contains(layer.Digest))
            .ToList();
        return new ImageDifference
        {
            Software =
                store.SoftwareOf(before.Manifest) is { } had && store.SoftwareOf(after.Manifest) is { } has
                    ? SoftwareChange.Between(had, has)
                    : null,
            Settings = SettingChange.Between(before.Config, after.Config),
            SharedLayers = after.Layers.Distinct().Count(old.Contains),
            NewLayers = added.Count,
            NewBytes = added.Sum(layer => layer.Size),
            SizeBefore = before.CompressedSize,
            SizeAfter = after.CompressedSize,
        };
    }

    /// <summary>The sums as one line, such as <c>2 packages new, 1 gone, 12 of 14 layers the same, 21 MB to fetch</c>.</summary>
    public string Summary()
    {
        var parts = new List<string>();
        if (Software is { } software)
        {
            Add(software.Count(change => change.Before is null), "new");
            Add(software.Count(change => change.After is null), "gone");
            Add(software.Count(change => change is { Before: not null, After: not null }), "in another version");
            if (software.Count == 0)
            {
                parts.Add("the same packages");
            }
        }

        if (Settings.Count > 0)
        {
            parts.Add($"{Platform.Text.Count.Of(Settings.Count, "setting")} changed");
        }

        parts.Add($"{SharedLayers} of {Platform.Text.Count.Of(SharedLayers + NewLayers, "layer")} the same");
        parts.Add($"{Platform.Text.ByteSize.Decimal(NewBytes)} to fetch");
        return string.Join(", ", parts);

        void Add(int count, string what)
        {
            if (count > 0)
            {
                parts.Add($"{Platform.Text.Count.Of(count, "package")} {what}");
            }
        }
    }
}
