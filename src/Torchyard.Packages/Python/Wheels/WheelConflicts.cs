using System.Text.RegularExpressions;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Locks;

namespace Torchyard.Packages.Python.Wheels;

/// <summary>A file that two distributions install with different content; nothing that is loaded as a library.</summary>
/// <param name="Path">Path relative to the virtual environment.</param>
/// <param name="Loser">Distribution whose file is left out.</param>
/// <param name="Winner">Distribution whose file is there: the last one by name, so always the same one.</param>
public sealed record WheelCollision(string Path, string Loser, string Winner);

/// <summary>
/// Distributions that cannot be in one environment though pip would install them: it writes one's files over the other's, and the order
/// decides which library PyTorch loads.
/// </summary>
public static partial class WheelConflicts
{
    /// <summary>Refuses distributions that own the same file with different content.</summary>
    /// <param name="plans">What each distribution installs.</param>
    /// <param name="locked">The lock, for who needs what.</param>
    /// <returns>The collisions that are let through, such as a stray <c>tests/__init__.py</c>.</returns>
    /// <exception cref="TorchyardException">TY2510 for libraries and other binaries, TY2511 for two cuDNNs.</exception>
    public static IReadOnlyList<WheelCollision> Check(IReadOnlyDictionary<string, InstallPlan> plans, LockedPython locked)
    {
        ArgumentNullException.ThrowIfNull(plans);
        ArgumentNullException.ThrowIfNull(locked);
        CheckCudnn(plans.Keys, locked);
        CheckDirectories(plans, locked);
        var owners = new Dictionary<string, (string Name, InstalledFile File)>(StringComparer.Ordinal);
        var collisions = new List<WheelCollision>();
        foreach (var (name, plan) in plans.OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            foreach (var file in plan.Files)
            {
                if (!owners.TryAdd(file.Path, (name, file)) && owners[file.Path] is var other && other.File.Hash != file.Hash)
                {
                    if (IsBinary(file.Path))
                    {
                        throw new TorchyardException(
                            "TY2510",
                            $"{Named(other.Name, locked)} and {Named(name, locked)} both install {file.Path}, with different content",
                            "only one can be there, and the order of installing would decide which. Keep one of them: pin the "
                                + "distributions that need the other to a build for the same CUDA"
                        );
                    }

                    collisions.Add(new WheelCollision(file.Path, other.Name, name));
                    owners[file.Path] = (name, file);
                }
            }
        }

        return collisions;
    }

    /// <summary>
    /// Large files that several distributions install with the same content: one layer has them, so that no library lands twice. Small
    /// ones, such as the <c>nvidia/__init__.py</c> of every CUDA wheel, stay in each layer: a layer then depends on its own wheel alone.
    /// </summary>
    /// <param name="plans">What each distribution installs.</param>
    /// <param name="from">Bytes from which a file is large.</param>
    public static IReadOnlyList<WheelCollision> Copies(IReadOnlyDictionary<string, InstallPlan> plans, long from = 1 << 20)
    {
        ArgumentNullException.ThrowIfNull(plans);
        var owners = new Dictionary<string, (string Name, RecordHash? Hash)>(StringComparer.Ordinal);
        var copies = new List<WheelCollision>();
        foreach (var (name, plan) in plans.OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            foreach (var file in plan.Files.Where(f => f.Size >= from))
            {
                if (!owners.TryAdd(file.Path, (name, file.Hash)) && owners[file.Path].Hash == file.Hash)
                {
                    copies.Add(new WheelCollision(file.Path, name, owners[file.Path].Name));
                }
            }
        }

        return copies;
    }

    /// <summary>Refuses two cuDNNs: two wheels, or a wheel beside Debian's library.</summary>
    /// <param name="names">Python distributions.</param>
    /// <param name="locked">The lock, for who needs what; null when only names are known.</param>
    /// <param name="debianPackages">Names of Debian packages of the image.</param>
    /// <exception cref="TorchyardException">TY2511.</exception>
    public static void CheckCudnn(IEnumerable<string> names, LockedPython? locked, IEnumerable<string>? debianPackages = null)
    {
        var found = names
            .Where(n => CudnnWheel().IsMatch(n))
            .Order(StringComparer.Ordinal)
            .Select(n => locked is null ? n : Named(n, locked))
            .Concat((debianPackages ?? []).Where(n => CudnnDebian().IsMatch(n)).Select(n => $"Debian's {n}"))
            .ToList();
        if (found.Count > 1)
        {
            throw new TorchyardException(
                "TY2511",
                $"the environment would have {found.Count} cuDNNs: {string.Join("; ", found)}",
                "PyTorch would mix them and fail with SUBLIBRARY_VERSION_MISMATCH. Keep the one that PyTorch's wheel pins"
            );
        }
    }

    /// <summary>A file of one distribution where another one has a directory: neither order of installing gives both.</summary>
    private static void CheckDirectories(IReadOnlyDictionary<string, InstallPlan> plans, LockedPython locked)
    {
        var owners = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, plan) in plans)
        {
            foreach (var file in plan.Files)
            {
                owners.TryAdd(file.Path, name);
            }
        }

        if (InstallPlanner.FindFileAsDirectory(owners.Keys) is { } path)
        {
            var below = owners.First(o => o.Key.StartsWith(path + "/", StringComparison.Ordinal));
            throw new TorchyardException(
                "TY2510",
                $"{Named(owners[path], locked)} installs the file {path}, and {Named(below.Value, locked)} has it as a directory",
                "only one can be there. Keep one of them, or report the wrong one to its publisher"
            );
        }
    }

    private static string Named(string name, LockedPython locked)
    {
        var needed = locked
            .Packages.Where(p => p.Requires.Contains(name, StringComparer.Ordinal))
            .Select(p => p.Name)
            .Order(StringComparer.Ordinal)
            .Take(4)
            .ToList();
        var version = locked.Packages.FirstOrDefault(p => p.Name == name)?.Version;
        return $"{name} {version}{(needed.Count > 0 ? $" (needed by {string.Join(", ", needed)})" : "")}";
    }

    private static bool IsBinary(string path) =>
        path.EndsWith(".so", StringComparison.Ordinal)
        || path.Contains(".so.", StringComparison.Ordinal)
        || path.EndsWith(".a", StringComparison.Ordinal)
        || path.Contains("/nvidia/", StringComparison.Ordinal);

    [GeneratedRegex("^nvidia-cudnn(-cu[0-9]+)?\\z", RegexOptions.CultureInvariant)]
    private static partial Regex CudnnWheel();

    [GeneratedRegex("^(libcudnn[0-9]+|nvidia-cudnn)(-cuda-[0-9]+)?\\z", RegexOptions.CultureInvariant)]
    private static partial Regex CudnnDebian();
}
