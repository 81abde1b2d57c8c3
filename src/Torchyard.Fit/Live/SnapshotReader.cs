using Torchyard.Packages.Python.Indexes;
using Torchyard.Packages.Python.Markers;
using Torchyard.Packages.Python.Versions;
using Torchyard.Packages.Python.Wheels;

namespace Torchyard.Fit.Live;

/// <summary>Turns what an index lists into builds.</summary>
public static class SnapshotReader
{
    /// <summary>The builds of a listing, by release and build. Builds of other accelerators are none of CUDA's, and left out.</summary>
    public static IReadOnlyList<IndexedBuild> Builds(IReadOnlyList<ListedWheel> wheels) =>
        [
            .. wheels
                .Where(wheel => wheel.Local is not null && IsBuild(wheel.Local))
                .GroupBy(wheel => (wheel.Release, Build: wheel.Local!))
                .Select(group => Build(group.Key.Release, group.Key.Build, [.. group])),
        ];

    /// <summary>True for <c>cpu</c> and builds with CUDA such as <c>cu128</c>.</summary>
    public static bool IsBuild(string local) =>
        local == "cpu" || (local.Length is 5 or 6 && local.StartsWith("cu", StringComparison.Ordinal) && local[2..].All(char.IsAsciiDigit));

    /// <summary>The pins in METADATA of a wheel of torch.</summary>
    public static IndexedPins Pins(WheelMetadata metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        var pins = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in metadata.RequiresDist)
        {
            if (
                Requirement.TryParse(line, out var requirement, out _)
                && requirement.Versions.Clauses is [{ Operator: VersionOperator.Equal, Version: { } version }]
            )
            {
                pins[requirement.Name.Normal] = version.ToString();
            }
        }

        return new IndexedPins
        {
            Cuda = Pin("cuda-toolkit") ?? Pin("nvidia-cuda-runtime"),
            Cudnn = Pin("nvidia-cudnn"),
            Nccl = Pin("nvidia-nccl"),
            Nvshmem = Pin("nvidia-nvshmem"),
            Cusparselt = Pin("nvidia-cusparselt"),
            Triton = pins.GetValueOrDefault("triton"),
        };

        // Under CUDA 12 all names end with -cu12, under 13 those of the projects that are not part of the toolkit.
        string? Pin(string name) =>
            pins.FirstOrDefault(pair => pair.Key == name || pair.Key.StartsWith(name + "-cu1", StringComparison.Ordinal)).Value;
    }

    private static IndexedBuild Build(string release, string build, IReadOnlyList<ListedWheel> wheels)
    {
        var kept = wheels.Where(wheel => !wheel.IsYanked).ToArray();
        var used = kept.Length > 0 ? kept : wheels;
        return new IndexedBuild
        {
            Torch = release,
            Build = build,
            X86 = Pythons(used, "x86_64"),
            Arm = Pythons(used, "aarch64"),
            X86Glibc = Glibc(used, "x86_64"),
            ArmGlibc = Glibc(used, "aarch64"),
            IsYanked = kept.Length == 0,
        };
    }

    private static IReadOnlyList<string> Pythons(IReadOnlyList<ListedWheel> wheels, string architecture) =>
        [
            .. wheels
                .Where(wheel => wheel.Architecture == architecture)
                .Select(wheel => wheel.Python)
                .Distinct(StringComparer.Ordinal)
                .OrderBy(python => python.EndsWith('t'))
                .ThenBy(python => PythonVersion.Parse(python.TrimEnd('t'))),
        ];

    private static int? Glibc(IReadOnlyList<ListedWheel> wheels, string architecture) =>
        wheels.Where(wheel => wheel.Architecture == architecture).Max(wheel => wheel.GlibcMinor);
}
