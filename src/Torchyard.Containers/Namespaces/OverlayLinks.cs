using System.Globalization;
using Torchyard.Platform;

namespace Torchyard.Containers.Namespaces;

/// <summary>Makes the short links of an <see cref="OverlayPlan"/>.</summary>
internal static class OverlayLinks
{
    /// <summary>Most lower directories that overlayfs takes (OVL_MAX_STACK).</summary>
    public const int MaximumLower = 500;

    /// <summary>Writes the links, replacing those of an earlier start.</summary>
    public static void Write(string directory, IReadOnlyList<string> lower, string upper, string work)
    {
        if (lower.Count > MaximumLower)
        {
            throw new TorchyardException(
                "TY4001", $"{lower.Count} layers are more than the {MaximumLower} that overlayfs stacks",
                "build the image with fewer layers: image.layer-budget in torchyard.toml");
        }

        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }

        Directory.CreateDirectory(directory);
        for (var i = 0; i < lower.Count; i++)
        {
            File.CreateSymbolicLink(Path.Combine(directory, i.ToString(CultureInfo.InvariantCulture)), lower[i]);
        }

        File.CreateSymbolicLink(Path.Combine(directory, "u"), upper);
        File.CreateSymbolicLink(Path.Combine(directory, "w"), work);
    }
}
