using System.Text.RegularExpressions;
using Torchyard.Images.Errors;
using Torchyard.Images.Files;
using Torchyard.Images.Tar;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Nvidia;

/// <summary>
/// NVIDIA's archives with forward-compatibility libraries, unpacked to <c>/usr/local/cuda/compat</c>, where container runtimes look for
/// them.
/// <list type="bullet">
/// <item><c>cuda_compat-linux-x86_64-590.48.01_cuda13.1-archive.tar.xz</c>: all of <c>compat/</c> (zml/zml lists it file by file in the
/// Bazel definition of its CUDA packages: libcuda, libcudadebugger, libnvidia-gpucomp, -nvvm, -nvvm70, -pkcs11-openssl3, -ptxjitcompiler,
/// -tileiras; without those whose name ends in the driver's version, kernels of cuTile fail, NVIDIA/cutile-python#44).</item>
/// <item><c>nvidia_driver-linux-x86_64-580.126.20-archive.tar.xz</c>: the same libraries out of <c>lib/</c>, as
/// conda-forge/cuda-compat-feedstock takes them (recipe/build.sh), which also makes the links that the archive may lack.</item>
/// </list>
/// </summary>
internal static partial class CudaCompatArchive
{
    /// <summary>The libraries' directory.</summary>
    internal const string Directory = "usr/local/cuda/compat";

    private const string Driver = "libcuda.so.";
    private const string License = "usr/share/doc/cuda-compat/LICENSE";

    // Libraries whose SONAME is not their file's name (recipe/build.sh of the feedstock), and the name that programs are linked by.
    private static readonly (string Library, string Soname)[] Sonames =
    [
        ("libcuda", "libcuda.so.1"),
        ("libcudadebugger", "libcudadebugger.so.1"),
        ("libnvidia-nvvm", "libnvidia-nvvm.so.4"),
        ("libnvidia-ptxjitcompiler", "libnvidia-ptxjitcompiler.so.1"),
    ];

    /// <summary>Unpacks the archive below a directory.</summary>
    /// <param name="path">The file.</param>
    /// <param name="compat">What the lock says of it.</param>
    /// <param name="root">Where to.</param>
    /// <param name="cancellation">Ends the work between entries.</param>
    /// <returns>What was unpacked and the links that were made, without directories.</returns>
    /// <exception cref="DamagedPackageException">The file is not the one that the lock names.</exception>
    /// <exception cref="TorchyardException">TY3001 to TY3003: the archive cannot be used.</exception>
    internal static List<TarEntry> Unpack(string path, LockedCudaCompat compat, RootDirectory root, CancellationToken cancellation)
    {
        var isDriver = compat.FileName.StartsWith("nvidia_driver-", StringComparison.Ordinal);
        return RedistUnpacker
            .Unpack(
                path,
                compat,
                (name, kind) => PlaceOf(name, kind, isDriver),
                entries => Finish(entries, compat, root),
                root,
                cancellation
            )
            .Entries;
    }

    /// <summary>Where an entry goes below the root; null for what stays out.</summary>
    /// <param name="name">Path in the archive.</param>
    /// <param name="kind">What it is.</param>
    /// <param name="isDriver">The archive is that of the driver, of which most stays out.</param>
    internal static string? PlaceOf(string name, TarKind kind, bool isDriver)
    {
        var match = (isDriver ? DriverPattern() : CompatPattern()).Match(name);
        return !match.Success || kind is not (TarKind.File or TarKind.Symlink) ? null
            : match.Groups["library"] is { Success: true, Value: var library } ? $"{Directory}/{library}"
            : kind == TarKind.File ? License
            : null;
    }

    private static void Finish(List<TarEntry> entries, LockedCudaCompat compat, RootDirectory root)
    {
        var byName = entries
            .Where(entry => entry.Name != License)
            .ToDictionary(entry => ArchivePath.Name(entry.Name), StringComparer.Ordinal);
        // The rule of container runtimes: exactly one file with this name and two or more numbers (nvidia-container-toolkit, cudacompat).
        var drivers = byName
            .Keys.Where(name => name.StartsWith(Driver, StringComparison.Ordinal) && name[Driver.Length..].Contains('.'))
            .Order(StringComparer.Ordinal)
            .ToList();
        if (drivers is not [var driver] || driver != Driver + compat.Version)
        {
            throw Bad(
                drivers.Count == 0
                    ? $"it has no {Driver}{compat.Version}"
                    : $"it has {string.Join(" and ", drivers)}, and {Driver}{compat.Version} alone is wanted"
            );
        }

        foreach (var library in new[] { driver, $"libnvidia-ptxjitcompiler.so.{compat.Version}" })
        {
            if (byName.GetValueOrDefault(library)?.Kind != TarKind.File)
            {
                throw Bad($"it has no {library}");
            }
        }

        foreach (var (library, soname) in Sonames)
        {
            Link(soname, $"{library}.so.{compat.Version}");
        }

        Link("libcuda.so", "libcuda.so.1");
        foreach (var entry in byName.Values.Where(entry => entry.Kind == TarKind.Symlink && !byName.ContainsKey(entry.LinkTarget)))
        {
            throw Bad($"its link {ArchivePath.Name(entry.Name)} leads to {entry.LinkTarget}, which it has not");
        }

        void Link(string name, string target)
        {
            if (byName.TryGetValue(name, out var there))
            {
                // A copy would be taken for a driver of its own.
                if (there.Kind != TarKind.Symlink)
                {
                    throw Bad($"its {name} is not a link");
                }
            }
            else if (byName.TryGetValue(target, out var file))
            {
                var link = new TarEntry
                {
                    Name = $"{Directory}/{name}",
                    Kind = TarKind.Symlink,
                    LinkTarget = target,
                    Mode = FileModes.Everything,
                    ModifiedAt = file.ModifiedAt,
                };
                _ = root.MakeSymlink(link.Name, target, 0, 0, link.ModifiedAt);
                entries.Add(link);
                byName.Add(name, link);
            }
        }

        TorchyardException Bad(string reason) => ImageErrors.BadArchive(compat.FileName, reason);
    }

    [GeneratedRegex(
        @"\A[^/]+/(?:compat/(?<library>lib[A-Za-z0-9_+-]+\.so(?:\.[0-9.]+)?)|LICENSE(?:\.txt)?)\z",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex CompatPattern();

    [GeneratedRegex(
        @"\A[^/]+/(?:lib(?:64)?/(?<library>lib(?:cuda|cudadebugger|nvidia-(?:gpucomp|nvvm|nvvm70|pkcs11|pkcs11-openssl3|ptxjitcompiler|tileiras))\.so(?:\.[0-9.]+)?)|LICENSE(?:\.txt)?)\z",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex DriverPattern();
}
