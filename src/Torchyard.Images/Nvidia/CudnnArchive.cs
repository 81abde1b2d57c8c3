using System.Text.RegularExpressions;
using Torchyard.Images.Errors;
using Torchyard.Images.Files;
using Torchyard.Images.Tar;
using Torchyard.Packages.Nvidia;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Nvidia;

/// <summary>
/// NVIDIA's archive of cuDNN, <c>cudnn-linux-x86_64-9.0.0.312_cuda12-archive.tar.xz</c>: one directory with <c>LICENSE</c>, <c>include/</c>
/// and
/// <c>lib/</c>. Unpacked to the places where Debian's <c>update-nvidia-cudnn</c> puts them. Static libraries stay out: they double the
/// size, and the licence lets nobody distribute an image with them.
/// </summary>
internal static partial class CudnnArchive
{
    /// <summary>Unpacks the archive below a directory.</summary>
    /// <param name="path">The file.</param>
    /// <param name="cudnn">What the lock says of it.</param>
    /// <param name="architecture">Debian architecture of the image.</param>
    /// <param name="sha512">SHA-512 that Debian's package gives the archive, in lower-case hex; null when it names another release.</param>
    /// <param name="root">Where to.</param>
    /// <param name="cancellation">Ends the work between entries.</param>
    /// <returns>What was unpacked, without directories.</returns>
    /// <exception cref="DamagedPackageException">The file is not the one that the lock names.</exception>
    /// <exception cref="TorchyardException">TY3001 to TY3003: the archive cannot be used; TY3022: it is not the one that Debian
    /// names.</exception>
    internal static List<TarEntry> Unpack(
        string path,
        LockedCudnn cudnn,
        string architecture,
        string? sha512,
        RootDirectory root,
        CancellationToken cancellation
    )
    {
        var soname = $"libcudnn.so.{cudnn.Version.Split('.')[0]}";
        var (entries, actual) = RedistUnpacker.Unpack(
            path,
            cudnn,
            (name, kind) => PlaceOf(name, kind, architecture),
            unpacked =>
            {
                if (!unpacked.Exists(entry => ArchivePath.Name(entry.Name) == soname))
                {
                    throw ImageErrors.BadArchive(cudnn.FileName, $"it has no {soname}");
                }
            },
            root,
            cancellation
        );
        return sha512 is null || sha512 == actual ? entries : throw ImageErrors.OtherCudnn(cudnn.FileName, CudnnInstaller.Package);
    }

    /// <summary>Where an entry goes below the root; null for what stays out.</summary>
    /// <param name="name">Path in the archive.</param>
    /// <param name="kind">What it is.</param>
    /// <param name="architecture">Debian architecture of the image.</param>
    internal static string? PlaceOf(string name, TarKind kind, string architecture)
    {
        var match = EntryPattern().Match(name);
        var triplet = architecture == "arm64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
        return !match.Success || kind is not (TarKind.File or TarKind.Symlink) ? null
            : match.Groups["library"] is { Success: true, Value: var library } ? $"usr/lib/{triplet}/{library}"
            : match.Groups["header"] is { Success: true, Value: var header } ? $"usr/include/{triplet}/{header}"
            : kind == TarKind.File ? $"usr/share/doc/{CudnnInstaller.Package}/LICENSE"
            : null;
    }

    // The rules of update-nvidia-cudnn, and the licence, which it knows by an older name.
    [GeneratedRegex(
        @"\A[^/]+/(?:lib(?:64)?/(?<library>libcudnn[^/]*\.so(?:\.[0-9.]+)?)|include/(?<header>cudnn[^/]*\.h)|LICENSE(?:\.txt)?)\z",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex EntryPattern();
}
