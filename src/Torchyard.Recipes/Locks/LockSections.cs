namespace Torchyard.Recipes.Locks;

/// <summary>The sections of a lock: the one list that names them, in the order of the file.</summary>
internal static class LockSections
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<ILockSection> All { get; } =
    [
        new BaseLockSection(),
        new DebianLockSection(),
        new CudnnLockSection(),
        new CudaCompatLockSection(),
        new FitLockSection(),
        new PythonLockSection(),
        new FilesLockSection(),
    ];
}
