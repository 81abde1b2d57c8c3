using Torchyard.Images.Build;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;

namespace Torchyard.Flows.Hosts;

/// <summary>What this program itself puts into an image, as a lock records it.</summary>
internal static class OwnTools
{
    /// <summary>The tools for a recipe.</summary>
    public static LockedTools Of(Host host, Recipe recipe) =>
        new(ImageBuilder.Format, host.Supervisor().Digest, ImageBuilder.Compressor(recipe.Image));
}
