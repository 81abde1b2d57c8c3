using System.Text;
using Torchyard.Recipes.Settings;

namespace Torchyard.Recipes.Presets;

/// <summary>What differs between the presets for GPUs; the rest is one template, <c>Presets/Gpu/template.toml</c>.</summary>
/// <param name="Name">Name of the preset.</param>
/// <param name="Summary">What it is for.</param>
/// <param name="Gpus">GPU models of <c>[fit]</c>; empty for those of the machine that locks.</param>
internal sealed record GpuPreset(string Name, string Summary, IReadOnlyList<string> Gpus)
{
    /// <summary>PyTorch line of the presets unless another one is asked for.</summary>
    public const string DefaultTorch = "2.9";

    /// <summary>Debian release of the presets unless PyTorch has no wheel for its Python.</summary>
    public const string DefaultSuite = "trixie";

    private const string Template = "preset-templates/gpu.toml";

    /// <summary>The presets.</summary>
    public static IReadOnlyList<GpuPreset> All { get; } =
    [
        new("a100", "PyTorch with CUDA for A100 GPUs: NumPy, JupyterLab, pip, SSH, a C compiler for torch.compile.", ["a100"]),
        new(
            "ampere+hopper",
            "PyTorch with CUDA for A100, H100 and H200 GPUs in one image: NumPy, JupyterLab, pip, SSH.",
            ["a100", "h100", "h200"]
        ),
        new("cuda", "PyTorch with CUDA for the NVIDIA GPUs of this machine: NumPy, JupyterLab, pip, SSH.", []),
        new("h100", "PyTorch with CUDA for H100 GPUs: NumPy, JupyterLab, pip, SSH, a C compiler for torch.compile.", ["h100"]),
        new("h200", "PyTorch with CUDA for H200 GPUs: NumPy, JupyterLab, pip, SSH, a C compiler for torch.compile.", ["h200"]),
    ];

    /// <summary>The preset's TOML.</summary>
    /// <param name="torch">PyTorch line, release or range.</param>
    /// <param name="suite">Debian release.</param>
    public byte[] Content(string torch, string suite)
    {
        using var stream = typeof(GpuPreset).Assembly.GetManifestResourceStream(Template)!;
        using var reader = new StreamReader(stream);
        var gpus =
            Gpus.Count == 0
                ? "# gpus = [\"h100\"]       # without it, those of the machine that locks"
                : $"gpus = [{string.Join(", ", Gpus.Select(gpu => $"\"{gpu}\""))}]";
        return Encoding.UTF8.GetBytes(
            reader
                .ReadToEnd()
                .Replace("@SUMMARY@", Summary, StringComparison.Ordinal)
                .Replace("@NAME@", RecipeName.From(Name.Replace('+', '-'), Name), StringComparison.Ordinal)
                .Replace("@SUITE@", suite, StringComparison.Ordinal)
                .Replace(
                    "@TORCH@",
                    torch.Replace("\\", "", StringComparison.Ordinal).Replace("\"", "", StringComparison.Ordinal),
                    StringComparison.Ordinal
                )
                .Replace("@GPUS@", gpus, StringComparison.Ordinal)
        );
    }
}
