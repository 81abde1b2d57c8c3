using System.Text.RegularExpressions;

namespace Torchyard.Packages.Nvidia;

/// <summary>
/// An archive with forward-compatibility libraries by its name in NVIDIA's index:
/// <c>cuda_compat-linux-x86_64-590.48.01_cuda13.1-archive.tar.xz</c>, or the whole driver,
/// <c>nvidia_driver-linux-x86_64-580.126.20-archive.tar.xz</c>.
/// </summary>
internal sealed partial record CudaCompatFile
{
    /// <summary>The index's component.</summary>
    public required string Component { get; init; }

    /// <summary>The index's platform.</summary>
    public required string Platform { get; init; }

    /// <summary>Version of the driver.</summary>
    public required Version Version { get; init; }

    /// <summary>CUDA release; null where the name does not say it.</summary>
    public required string? Cuda { get; init; }

    /// <summary>Name of the file.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// The libraries alone: in the index for servers since CUDA 13.1. (For Jetson, <c>linux-aarch64</c>, the same name is older.)
    /// </summary>
    public const string Compat = "cuda_compat";

    /// <summary>The driver, in the index until CUDA 13.0. conda-forge makes its cuda-compat of it.</summary>
    public const string Driver = "nvidia_driver";

    /// <summary>Path below the index.</summary>
    public string Path => $"{Component}/{Platform}/{Name}";

    /// <summary>Reads a name; null when it is of another form.</summary>
    public static CudaCompatFile? Parse(string name)
    {
        var match = NamePattern().Match(name);
        return !match.Success || match.Groups["cuda"].Success != (match.Groups["component"].Value == Compat)
            ? null
            : new CudaCompatFile
            {
                Component = match.Groups["component"].Value,
                Platform = match.Groups["platform"].Value,
                Version = System.Version.Parse(match.Groups["version"].ValueSpan),
                Cuda = match.Groups["cuda"] is { Success: true } cuda ? cuda.Value : null,
                Name = name,
            };
    }

    /// <summary>The version as it is written: <c>590.48.01</c>.</summary>
    public string VersionText => NamePattern().Match(Name).Groups["version"].Value;

    /// <summary>True for the version of a driver: <c>590.48.01</c>.</summary>
    public static bool IsDriverVersion(string version) => VersionPattern().IsMatch(version);

    [GeneratedRegex(
        @"\A(?<component>cuda_compat|nvidia_driver)-(?<platform>linux-[a-z0-9_]{1,16})-(?<version>[0-9]{3}(?:\.[0-9]{1,4}){1,2})(?:_cuda(?<cuda>[0-9]{2}\.[0-9]{1,2}))?-archive\.tar\.xz\z",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"\A[0-9]{3}(?:\.[0-9]{1,4}){1,2}\z", RegexOptions.CultureInvariant)]
    private static partial Regex VersionPattern();
}
