using Torchyard.Fit.Data;

namespace Torchyard.Fit.Rules;

/// <summary>
/// Which releases' forward-compatibility libraries serve a machine. A driver runs what was built for its own CUDA release and for every
/// earlier one, so later releases than the build's come into question.
/// </summary>
internal static class ForwardPackages
{
    /// <summary>The releases that a build may take, nearest to its own first.</summary>
    public static IEnumerable<ForwardPackage> From(DottedVersion cuda, FitTables tables) =>
        tables.Forward.Where(row => row.Cuda >= cuda.MajorMinor).OrderBy(row => row.Cuda);

    /// <summary>True when a container on the machine takes the libraries: its branch is listed and older.</summary>
    public static bool IsUsedOn(ForwardPackage package, FitTarget target, FitTables tables) =>
        target.Driver is { } driver && package.Branches.Contains(driver.Major) && driver.Major < Branch(package, tables);

    /// <summary>
    /// True when taking the libraries does no harm: on GPUs of another class they fail with error 804, also where the machine's own driver
    /// would have done, and a branch drops the oldest GPUs. (Their notes list their own branch too: nvidia-container-toolkit,
    /// testdata/compat.)
    /// </summary>
    public static bool IsSafeOn(ForwardPackage package, FitTarget target, FitTables tables) =>
        (!IsUsedOn(package, target, tables) && target.Driver?.Major != Branch(package, tables))
        || target.Gpus.All(gpu => package.Classes.Contains(gpu.Class) && Supports(package, gpu, tables));

    /// <summary>True when the driver branch that the libraries are of supports a GPU.</summary>
    public static bool Supports(ForwardPackage package, TargetGpu gpu, FitTables tables) =>
        tables.Architectures.FirstOrDefault(row => row.Capability == gpu.Capability) is var architecture
        && (architecture?.LastBranch is not { } last || last >= Branch(package, tables));

    /// <summary>The driver branch that the libraries are of.</summary>
    public static int Branch(ForwardPackage package, FitTables tables) => tables.BranchFor(package.Cuda)?.Branch ?? 0;
}
