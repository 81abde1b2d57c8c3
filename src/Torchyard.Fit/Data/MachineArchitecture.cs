namespace Torchyard.Fit.Data;

/// <summary>
/// Names of machine architectures: wheels say <c>x86_64</c> and <c>aarch64</c>, images and Debian <c>amd64</c> and <c>arm64</c>.
/// </summary>
public static class MachineArchitecture
{
    /// <summary>The name as in wheel tags; null for an architecture that PyTorch has no CUDA wheels for.</summary>
    public static string? Parse(string text) =>
        text?.Trim().ToLowerInvariant() switch
        {
            "x86_64" or "x86-64" or "amd64" or "x64" => "x86_64",
            "aarch64" or "arm64" or "armv8" or "sbsa" => "aarch64",
            _ => null,
        };

    /// <summary>
    /// The architecture of a machine with these GPUs: the one that was named, that of the only hosts which have such GPUs, else the one
    /// that is assumed.
    /// </summary>
    /// <param name="named">What was named, or null.</param>
    /// <param name="gpus">The GPUs.</param>
    /// <param name="assumed">What holds when nothing says more.</param>
    /// <param name="wrong">The GPU that no machine of the named architecture has, or null.</param>
    public static string Of(string? named, IReadOnlyList<TargetGpu> gpus, string assumed, out TargetGpu? wrong)
    {
        wrong = named is null ? null : gpus.FirstOrDefault(gpu => gpu.Host is { } host && host != named);
        return named ?? gpus.Select(gpu => gpu.Host).FirstOrDefault(host => host is not null) ?? assumed;
    }
}
