using System.Text.Json;
using Torchyard.Platform.Text;

namespace Torchyard.Machine.Catalogue;

/// <summary>The GPU models that Torchyard knows: a data file with a source for each row.</summary>
public static class GpuCatalogue
{
    private static readonly Lazy<IReadOnlyList<GpuModel>> Models = new(() =>
        JsonSerializer.Deserialize(EmbeddedText.Read(typeof(GpuCatalogue), "catalogue.json"), CatalogueJson.Default.ListGpuModel)!
    );

    /// <summary>Every model, oldest architecture first.</summary>
    public static IReadOnlyList<GpuModel> All => Models.Value;

    /// <summary>The model that NVML or CUDA calls so; null when it is not in the catalogue.</summary>
    /// <param name="name">For example <c>NVIDIA A100-SXM4-80GB</c>; a MIG suffix is ignored.</param>
    public static GpuModel? Find(string? name)
    {
        if (name is null)
        {
            return null;
        }

        var mig = name.IndexOf(" MIG ", StringComparison.Ordinal);
        var plain = (mig < 0 ? name : name[..mig]).Trim();
        foreach (var prefix in (string[])["NVIDIA ", "Tesla "])
        {
            if (plain.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
            {
                plain = plain[prefix.Length..];
            }
        }

        return All.FirstOrDefault(m => m.Names.Contains(plain, StringComparer.OrdinalIgnoreCase));
    }
}
