using Torchyard.Fit.Data;
using Torchyard.Packages.Python.Markers;
using Torchyard.Packages.Python.Versions;
using Torchyard.Recipes.Locks;

namespace Torchyard.Fit.Packages;

/// <summary>Versions that a build of PyTorch goes with.</summary>
public static class TorchPins
{
    /// <summary>What the tables say of a distribution beside the lock's PyTorch, as a sentence; null when they say nothing.</summary>
    /// <param name="locked">The lock.</param>
    /// <param name="name">Name of a Python distribution.</param>
    /// <param name="tables">The tables.</param>
    public static string? Of(RecipeLock locked, string name, FitTables tables)
    {
        ArgumentNullException.ThrowIfNull(locked);
        if (
            !ProjectName.TryParse(name, out var asked)
            || locked.Python?.Packages.FirstOrDefault(found => found.Name == asked.Normal) is not { } package
            || locked.Python.Packages.FirstOrDefault(found => found.Name == "torch") is not { } torch
            || Row(torch, tables) is not { } row
            || Pin(row, package.Name) is not { } pin
        )
        {
            return null;
        }

        var same = PythonVersion.TryParse(package.Version, out var version) && version.Public == PythonVersion.Parse(pin);
        return same
            ? $"{row.LocalVersion} goes with {pin} [{string.Join(", ", row.Source)}]"
            : $"the table has {pin} for {row.LocalVersion}; the wheel's METADATA asked for {package.Version}, and counts "
                + $"[{string.Join(", ", row.Source)}]";
    }

    private static string? Pin(TorchBuild row, string name) =>
        name switch
        {
            "torch" => row.Torch,
            "triton" => row.Triton,
            _ when name.StartsWith("nvidia-cudnn-", StringComparison.Ordinal) => row.Cudnn,
            _ when name.StartsWith("nvidia-nccl-", StringComparison.Ordinal) => row.Nccl,
            _ when name.StartsWith("nvidia-nvshmem-", StringComparison.Ordinal) => row.Nvshmem,
            _ when name.StartsWith("nvidia-cusparselt-", StringComparison.Ordinal) => row.Cusparselt,
            "torchvision" => row.Torchvision,
            "torchaudio" => row.Torchaudio,
            _ => null,
        };

    private static TorchBuild? Row(LockedPythonPackage torch, FitTables tables)
    {
        if (!PythonVersion.TryParse(torch.Version, out var version))
        {
            return null;
        }

        var rows = tables.Builds.Where(row => PythonVersion.Parse(row.Torch) == version.Public).ToArray();
        return version.Local is { } local ? rows.FirstOrDefault(row => row.Build == local) : rows.FirstOrDefault(row => row.Pypi);
    }
}
