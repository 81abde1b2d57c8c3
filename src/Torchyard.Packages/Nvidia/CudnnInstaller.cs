using System.Globalization;
using System.Text.RegularExpressions;
using Torchyard.Recipes.Locks;

namespace Torchyard.Packages.Nvidia;

/// <summary>
/// Debian's package <c>nvidia-cudnn</c> (contrib), which installs cuDNN and has it not. Its version is the release of cuDNN with the CUDA
/// that it is for, <c>9.0.0.312~cuda12</c>; what is linked against cuDNN depends on it.
/// </summary>
/// <param name="Version">Release of cuDNN.</param>
/// <param name="Cuda">Major version of CUDA.</param>
/// <param name="Platform">Platform as NVIDIA's index names it; the one that the package's own downloader takes.</param>
public sealed partial record CudnnInstaller(string Version, int Cuda, string Platform)
{
    /// <summary>Name of the package.</summary>
    public const string Package = "nvidia-cudnn";

    /// <summary>The major version of CUDA as the index's manifests have it.</summary>
    internal string CudaText => Cuda.ToString(CultureInfo.InvariantCulture);

    /// <summary>The installer among locked packages; null when there is none, or none of a version that is understood.</summary>
    /// <param name="packages">Packages of a lock.</param>
    public static CudnnInstaller? Find(IReadOnlyList<LockedDebianPackage> packages)
    {
        var package = packages.FirstOrDefault(package => package.Name == Package);
        var match = VersionPattern().Match(package?.Version ?? "");
        return !match.Success
            ? null
            : new CudnnInstaller(
                match.Groups[1].Value,
                int.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture),
                PlatformOf(package!.Architecture)
            );
    }

    /// <summary>Name of the archive of a release.</summary>
    /// <param name="version">The release.</param>
    public string FileName(string version) => $"cudnn-{Platform}-{version}_cuda{CudaText}-archive.tar.xz";

    /// <summary>Path of the archive below the index, as its manifests have it.</summary>
    /// <param name="version">The release.</param>
    public string PathOf(string version) => $"cudnn/{Platform}/{FileName(version)}";

    /// <summary>True when what Debian linked against its release runs with another one: the same SONAME, and not older.</summary>
    /// <param name="version">The other release.</param>
    public bool RunsWith(string version)
    {
        var (mine, other) = (System.Version.Parse(Version), System.Version.Parse(version));
        return other.Major == mine.Major && other >= mine;
    }

    // Of update-nvidia-cudnn: URL_amd64, URL_arm64.
    private static string PlatformOf(string architecture) => architecture == "arm64" ? "linux-aarch64" : "linux-x86_64";

    [GeneratedRegex(@"\A([0-9]{1,3}(?:\.[0-9]{1,5}){3})~cuda([0-9]{1,3})", RegexOptions.CultureInvariant)]
    private static partial Regex VersionPattern();
}
