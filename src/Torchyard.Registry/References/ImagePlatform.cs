using System.Runtime.InteropServices;
using Torchyard.Images.Oci;
using Torchyard.Platform.Errors;
using Torchyard.Registry.Errors;

namespace Torchyard.Registry.References;

/// <summary>System and architecture that an image is for (image-spec, image-index.md): <c>linux/amd64</c>, <c>linux/arm64/v8</c>.</summary>
/// <param name="Os">System.</param>
/// <param name="Architecture">Architecture, as Go names it.</param>
/// <param name="Variant">Version of the architecture; null for any.</param>
public sealed record ImagePlatform(string Os, string Architecture, string? Variant)
{
    /// <summary>This machine.</summary>
    public static ImagePlatform Machine { get; } =
        new(
            "linux",
            RuntimeInformation.OSArchitecture switch
            {
                System.Runtime.InteropServices.Architecture.X64 => "amd64",
                System.Runtime.InteropServices.Architecture.Arm64 => "arm64",
                var other => other.ToString().ToLowerInvariant(),
            },
            null
        );

    /// <summary>Reads <c>OS/ARCHITECTURE[/VARIANT]</c>; an architecture alone is Linux's.</summary>
    /// <exception cref="TorchyardException">TY6010: it is not one.</exception>
    public static ImagePlatform Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Split('/') switch
        {
            [{ Length: > 0 } architecture] => new ImagePlatform("linux", Known(architecture), null),
            [{ Length: > 0 } os, { Length: > 0 } architecture] => new ImagePlatform(os, Known(architecture), null),
            [{ Length: > 0 } os, { Length: > 0 } architecture, { Length: > 0 } variant] => new ImagePlatform(
                os,
                Known(architecture),
                variant
            ),
            _ => throw new TorchyardException(
                "TY6010",
                $"--platform '{RegistryErrors.Shown(text)}' cannot be used",
                "write OS/ARCHITECTURE, e.g. linux/amd64"
            )
            {
                IsUsage = true,
            },
        };
    }

    /// <summary>True for what an index has for this platform.</summary>
    internal bool Takes(OciPlatform platform) =>
        platform.Os == Os && platform.Architecture == Architecture && (Variant is null || platform.Variant == Variant);

    /// <inheritdoc />
    public override string ToString() => $"{Os}/{Architecture}" + (Variant is null ? "" : "/" + Variant);

    // What uname(1) and people say.
    private static string Known(string architecture) =>
        architecture switch
        {
            "x86_64" or "x86-64" => "amd64",
            "aarch64" => "arm64",
            _ => architecture,
        };
}
