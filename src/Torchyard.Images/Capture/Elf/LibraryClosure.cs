using System.Collections.Concurrent;
using Torchyard.Images.Capture.Host;

namespace Torchyard.Images.Capture.Elf;

/// <summary>A library that nothing provides.</summary>
/// <param name="Name">DT_NEEDED.</param>
/// <param name="NeededBy">A file that asks for it.</param>
internal sealed record MissingLibrary(string Name, string NeededBy);

/// <summary>Every library outside the environment that its ELF files need, and what those need in turn.</summary>
/// <param name="tree">The machine.</param>
/// <param name="isInside">True for a path without links that belongs to the environment.</param>
internal sealed class LibraryClosure(HostTree tree, Func<string, bool> isInside)
{
    private readonly Dictionary<ushort, LibraryLookup> _lookups = [];
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, string> _found = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, string> _missing = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _drivers = new(StringComparer.Ordinal);

    /// <summary>Paths under which the loader takes libraries from outside, each with a file that needs it.</summary>
    public IReadOnlyDictionary<string, string> Found => _found;

    /// <summary>Libraries that are nowhere.</summary>
    public IReadOnlyList<MissingLibrary> Missing => [.. _missing.Select(pair => new MissingLibrary(pair.Key, pair.Value))];

    /// <summary>Libraries of the NVIDIA driver that are needed; they are not captured.</summary>
    public IReadOnlyCollection<string> Drivers => _drivers;

    /// <summary>Follows the needs of files.</summary>
    /// <param name="files">Paths without links.</param>
    /// <param name="own">File names of all libraries of the environment.</param>
    /// <param name="cancellation">Ends the work.</param>
    public void Add(IReadOnlyCollection<string> files, IReadOnlySet<string> own, CancellationToken cancellation)
    {
        var read = new ConcurrentDictionary<string, ElfImage>(StringComparer.Ordinal);
        Parallel.ForEach(
            files,
            new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = Environment.ProcessorCount },
            file =>
            {
                if (ElfImage.TryRead(tree.Place(file)) is { } image)
                {
                    read[file] = image;
                }
            }
        );
        foreach (var (file, image) in read.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            Follow(file, image, own, []);
        }
    }

    private void Follow(string file, ElfImage image, IReadOnlySet<string> own, IReadOnlyList<string> inherited)
    {
        if (!_seen.Add(file))
        {
            return;
        }

        if (!_lookups.TryGetValue(image.Machine, out var lookup))
        {
            _lookups[image.Machine] = lookup = new LibraryLookup(tree, image.Machine);
        }

        var origin = file[..Math.Max(1, file.LastIndexOf('/'))];
        var passed = image.RunPath.Count > 0 ? inherited : [.. lookup.SearchPath(image.RPath, origin), .. inherited];
        foreach (var name in image.Interpreter is { } loader ? image.Needed.Prepend(loader) : image.Needed)
        {
            var paths = lookup.Find(name, image, origin, inherited);
            if (paths.Any(DriverLibraries.IsDriver) || DriverLibraries.IsDriver(name))
            {
                _drivers.Add(name[(name.LastIndexOf('/') + 1)..]);
                continue;
            }

            // The environment loads its own CUDA libraries first, wherever the machine has others.
            if (own.Contains(name) && (paths.Count == 0 || DriverLibraries.IsToolkit(name)))
            {
                continue;
            }

            if (paths.Count == 0)
            {
                _missing.TryAdd(name, file);
            }

            foreach (var path in paths)
            {
                if (tree.Resolve(path) is { } real && !isInside(real))
                {
                    _found.TryAdd(path, file);
                    if (ElfImage.TryRead(tree.Place(real)) is { } next)
                    {
                        Follow(real, next, own, passed);
                    }
                }
            }
        }
    }
}
