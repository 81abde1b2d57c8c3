using System.Globalization;
using Torchyard.Platform.Errors;

namespace Torchyard.Containers.Gpus;

/// <summary>What <c>--gpus</c> says: all, none, a number of free GPUs, or named GPUs.</summary>
/// <param name="Kind">Which of them.</param>
/// <param name="Count">Number of GPUs for <see cref="GpuSelectionKind.Count"/>.</param>
/// <param name="Names">Index, <c>GPU:MIG</c> index, <c>GPU-…</c> or <c>MIG-…</c> (or a start of it) for
/// <see cref="GpuSelectionKind.Named"/>.</param>
public sealed record GpuSelection(GpuSelectionKind Kind, int Count, IReadOnlyList<string> Names)
{
    private const int MostGpus = 256;

    /// <summary>Every GPU.</summary>
    public static readonly GpuSelection All = new(GpuSelectionKind.All, 0, []);

    /// <summary>Every GPU that nobody uses, and at least one.</summary>
    public static readonly GpuSelection AllFree = new(GpuSelectionKind.AllFree, 0, []);

    /// <summary>No GPU.</summary>
    public static readonly GpuSelection None = new(GpuSelectionKind.None, 0, []);

    /// <summary>
    /// Reads <c>all</c>, <c>none</c>, <c>N</c> (that many free GPUs), or a list: <c>0,3</c>, <c>device=0</c>, <c>0:1</c> (MIG device 1
    /// of GPU 0), <c>GPU-…</c>, <c>MIG-…</c>.
    /// </summary>
    /// <exception cref="TorchyardException">TY5011: it is none of these.</exception>
    public static GpuSelection Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var plain = text.Trim();
        switch (plain)
        {
            case "all":
                return All;
            case "none" or "":
                return None;
        }

        var named = plain.StartsWith("device=", StringComparison.Ordinal);
        var list = (named ? plain["device=".Length..] : plain).Trim('"').Split(',').Select(n => n.Trim()).ToArray();
        if (!named && list.Length == 1 && int.TryParse(list[0], NumberStyles.None, CultureInfo.InvariantCulture, out var count))
        {
            return count is > 0 and <= MostGpus
                ? new GpuSelection(GpuSelectionKind.Count, count, [])
                : throw Wrong(
                    text,
                    count == 0
                        ? "a single number is how many: for the first GPU write --gpus device=0, for none --gpus none"
                        : $"at most {MostGpus} GPUs"
                );
        }

        foreach (var name in list)
        {
            if (!IsName(name))
            {
                throw Wrong(text, $"'{name}' is not an index, GPU-… or MIG-…");
            }
        }

        return list.Distinct(StringComparer.Ordinal).Count() == list.Length
            ? new GpuSelection(GpuSelectionKind.Named, list.Length, list)
            : throw Wrong(text, "a GPU is named twice");
    }

    private static bool IsName(string name) =>
        (name.Length is > 0 and <= 64)
        && (
            name.Split(':') is { Length: 1 or 2 } parts && parts.All(p => p.Length is > 0 and < 4 && p.All(char.IsAsciiDigit))
            || (
                (name.StartsWith("GPU-", StringComparison.Ordinal) || name.StartsWith("MIG-", StringComparison.Ordinal))
                && name.Length > 4
                && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '/')
            )
        );

    private static TorchyardException Wrong(string text, string why) =>
        new(
            "TY5011",
            $"--gpus '{text}' cannot be read: {why}",
            "write all, none, a number of GPUs, or a list such as 0,1 or device=0 or GPU-… or MIG-…"
        )
        {
            IsUsage = true,
        };
}

/// <summary>Form of a <see cref="GpuSelection"/>.</summary>
public enum GpuSelectionKind
{
    /// <summary>No GPU.</summary>
    None,

    /// <summary>Every GPU that the caller may use.</summary>
    All,

    /// <summary>Every GPU that nobody uses; no form of <c>--gpus</c>, but what <c>up</c> takes when nothing else is said.</summary>
    AllFree,

    /// <summary>A number of free GPUs.</summary>
    Count,

    /// <summary>Named GPUs.</summary>
    Named,
}

/// <summary>A GPU, or a MIG device of it, that a container gets.</summary>
public sealed record ChosenGpu
{
    /// <summary>NVML index.</summary>
    public required int Index { get; init; }

    /// <summary>Minor number of its node.</summary>
    public required int Minor { get; init; }

    /// <summary><c>GPU-…</c> or <c>MIG-…</c>.</summary>
    public required string Uuid { get; init; }

    /// <summary>The MIG device; null for a whole GPU.</summary>
    public Torchyard.Machine.Gpus.MigDevice? Mig { get; init; }

    /// <summary>Product name, e.g. <c>NVIDIA H200</c>; null when unknown.</summary>
    public string? Model { get; init; }

    /// <summary>Name for people.</summary>
    public string Name => Mig is null ? $"GPU {Index}" : $"GPU {Index} MIG {Mig.Index}";
}
