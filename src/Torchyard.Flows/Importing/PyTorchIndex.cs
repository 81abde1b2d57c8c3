using Torchyard.Fit.Data;

namespace Torchyard.Flows.Importing;

/// <summary>PyTorch's own indexes, one for each CUDA release.</summary>
internal static class PyTorchIndex
{
    /// <summary>The index of a CUDA release such as <c>11.8</c>.</summary>
    public static string Of(string cuda)
    {
        var parts = cuda.Split('.');
        return Named($"cu{parts[0]}{(parts.Length > 1 ? parts[1] : "0")}");
    }

    /// <summary>The index of builds without CUDA.</summary>
    public static string Cpu => Named("cpu");

    private static string Named(string build) => $"{FitTables.Default.TorchIndex.TrimEnd('/')}/{build}";
}
