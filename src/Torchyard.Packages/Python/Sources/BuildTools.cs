using Torchyard.Packages.Errors;
using Torchyard.Packages.Python.Fetch;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Locks;

namespace Torchyard.Packages.Python.Sources;

/// <summary>What wheels are built with, as a lock keeps it.</summary>
internal static class BuildTools
{
    /// <summary>What a wheel of a lock was built with; null for nothing.</summary>
    public static LockedPython? Of(LockedPythonPackage package, LockedPython locked) =>
        package.Source!.BuiltWith.Count == 0
            ? null
            : locked with
            {
                Packages =
                [
                    .. package.Source.BuiltWith.Select(filename =>
                        locked.BuildPackages.FirstOrDefault(tool => tool.Filename == filename)
                        ?? throw new InvalidDataException($"the lock names no {filename}, which {package.Name} was built with")
                    ),
                ],
            };

    /// <summary>The wheels of tools, by file name, in the package cache.</summary>
    public static async Task<IReadOnlyDictionary<string, string>> FilesAsync(
        LockedPython? tools,
        IWheelFetcher wheels,
        CancellationToken cancellation
    )
    {
        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        if (tools is not null)
        {
            foreach (var (tool, file) in wheels.Fetch(tools, cancellation))
            {
                files[tool.Filename] = await file;
            }
        }

        return files;
    }

    /// <summary>Everything that builds of a lock needed, each file once, without what only matters to one of them.</summary>
    public static IReadOnlyList<LockedPythonPackage> Union(IEnumerable<BuiltWheel> built)
    {
        var union = new SortedDictionary<string, LockedPythonPackage>(StringComparer.Ordinal);
        foreach (
            var tool in built
                .Select(wheel => wheel.Tools)
                .OfType<LockedPython>()
                .SelectMany(tools => tools.Packages.Concat(tools.BuildPackages))
        )
        {
            var plain = tool with { Requested = false, Extras = [], Requires = [] };
            if (!union.TryAdd(tool.Filename, plain) && union[tool.Filename].Sha256 != tool.Sha256)
            {
                throw new TorchyardException(
                    PackageCodes.NoSolution,
                    $"two builds need {tool.Filename} with different content",
                    "name one of the sources with a revision or version that is built with the same tools as the other"
                );
            }
        }

        return [.. union.Values];
    }
}
