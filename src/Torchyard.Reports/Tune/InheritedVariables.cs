namespace Torchyard.Reports.Tune;

/// <summary>
/// Settings of NCCL, PyTorch and NVSHMEM that the machine or the user has put into the environment from which a container with GPUs is
/// started. They reach the container unchanged: a machine that switches NVLink SHARP off does so for a reason.
/// </summary>
public static class InheritedVariables
{
    private static readonly string[] Prefixes =
    [
        "NCCL_",
        "TORCH_",
        "PYTORCH_",
        "NVSHMEM_",
        "GLOO_",
        "CUDA_DEVICE_",
        "CUDA_MODULE_",
        "CUDA_LAUNCH_",
        "OMP_",
    ];

    /// <summary><c>NAME=value</c> each, in ordinal order; values that name a file of the machine are left out.</summary>
    /// <param name="names">Names of the caller's variables.</param>
    /// <param name="environment">Looks up their values.</param>
    /// <param name="left">Names left out because their value is a path, which leads nowhere inside.</param>
    public static IReadOnlyList<string> Of(IEnumerable<string> names, Func<string, string?> environment, out IReadOnlyList<string> left)
    {
        ArgumentNullException.ThrowIfNull(names);
        ArgumentNullException.ThrowIfNull(environment);
        var passed = new List<string>();
        var paths = new List<string>();
        foreach (var name in names.Where(n => Prefixes.Any(p => n.StartsWith(p, StringComparison.Ordinal))).Order(StringComparer.Ordinal))
        {
            if (environment(name) is not { } value)
            {
                continue;
            }

            if (value.StartsWith('/'))
            {
                paths.Add(name);
            }
            else
            {
                passed.Add($"{name}={value}");
            }
        }

        left = paths;
        return passed;
    }
}
