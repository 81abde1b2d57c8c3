using Torchyard.Platform.Text;

namespace Torchyard.Recipes.Presets;

/// <summary>The preset for a machine, and what the user should know about the choice.</summary>
/// <param name="Preset">Name of the preset.</param>
/// <param name="Reason">Why this one, as a sentence part: <c>no NVIDIA GPU was found</c>.</param>
/// <param name="Warning">What the choice leaves unused, or null.</param>
public sealed record PresetChoice(string Preset, string Reason, string? Warning)
{
    /// <summary>Chooses for a machine.</summary>
    /// <param name="gpus">Model of each NVIDIA GPU, as presets name them (<c>h100</c>), with or without a driver.</param>
    /// <param name="unknown">NVIDIA GPUs whose model is not known.</param>
    public static PresetChoice For(IReadOnlyList<string> gpus, int unknown = 0)
    {
        ArgumentNullException.ThrowIfNull(gpus);
        var models = gpus.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        var found = $"this machine has {gpus.Count} {(models.Count == 1 ? models[0] : "NVIDIA")} {Count.Word(gpus.Count, "GPU", "GPUs")}";
        return models switch
        {
            [] when unknown > 0 => new PresetChoice(
                "cpu",
                "it runs everywhere",
                $"this machine has {Count.Of(unknown, "NVIDIA GPU")} that this program does not know, and the preset 'cpu' does not use: "
                    + $"name the architecture, such as gpus = [\"sm_90\"], in a recipe of the preset 'cuda'"
            ),
            [] => new PresetChoice("cpu", "no NVIDIA GPU was found", null),
            [var one] when GpuPreset.All.Any(preset => preset.Gpus is [var gpu] && gpu == one) => new PresetChoice(one, found, null),
            _ when GpuPreset.All.FirstOrDefault(preset => preset.Gpus.Count > 1 && models.TrueForAll(preset.Gpus.Contains))
                    is { } several => new PresetChoice(several.Name, found, null),
            _ => new PresetChoice("cuda", found, null),
        };
    }
}
