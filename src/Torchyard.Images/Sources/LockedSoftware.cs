using Torchyard.Images.Sbom;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Sources;

/// <summary>The software of an image that was built from a lock.</summary>
internal static class LockedSoftware
{
    /// <summary>What all sources have in it.</summary>
    public static SpdxContent Of(RecipeLock locked, IEnumerable<ILayerSource> sources)
    {
        var parts = sources.Where(source => source.IsIn(locked)).Select(source => source.Software(locked)).ToList();
        return new SpdxContent(
            locked.Recipe.Name,
            locked.Recipe.Image.Tag,
            locked.SourceDateEpoch,
            [.. parts.SelectMany(part => part.Packages)]
        )
        {
            Licenses = [.. parts.SelectMany(part => part.Licenses)],
        };
    }
}
