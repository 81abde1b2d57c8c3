using System.Text;
using Torchyard.Packages.Debian.Versions;
using Torchyard.Platform.Errors;

namespace Torchyard.Packages.Debian.Resolving;

/// <summary>A package that is asked for: <c>name</c>, <c>name:arch</c> or <c>name=version</c>.</summary>
/// <param name="Name">Package name.</param>
/// <param name="Version">The only version wanted, or null for apt's candidate.</param>
/// <param name="IsBase">True when the base system asks, false when the recipe does.</param>
internal sealed record PackageRequest(string Name, string? Version, bool IsBase = false)
{
    /// <summary>Reads a request as a recipe writes it.</summary>
    /// <param name="text">The text.</param>
    /// <param name="architecture">Architecture of the image.</param>
    /// <exception cref="TorchyardException">TY2001: not a package name, or another architecture, or not a version.</exception>
    public static PackageRequest Parse(string text, string architecture)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        var name = (equals < 0 ? text : text[..equals]).Trim();
        var version = equals < 0 ? null : text[(equals + 1)..].Trim();
        var colon = name.IndexOf(':', StringComparison.Ordinal);
        if (colon >= 0)
        {
            var qualifier = name[(colon + 1)..];
            if (qualifier is not ("any" or "native" or "all") && qualifier != architecture)
            {
                throw Refused(
                    text,
                    $"packages of architecture '{qualifier}' cannot be in an image for {architecture}",
                    $"write '{name[..colon]}', or change base.architecture in the recipe"
                );
            }

            name = name[..colon];
        }

        if (
            name.Length < 2
            || !char.IsAsciiLetterOrDigit(name[0])
            || name.Any(c => !char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c is not ('+' or '-' or '.'))
        )
        {
            throw Refused(
                text,
                "that is not a Debian package name",
                "names have at least two characters: lower-case letters, digits, '+', '-' and '.'"
            );
        }

        return version is null || DebianVersion.IsValid(Encoding.UTF8.GetBytes(version))
            ? new PackageRequest(name, version)
            : throw Refused(text, $"'{version}' is not a Debian version", "write name=version, e.g. python3-numpy=1:2.2.4+ds-1");
    }

    private static TorchyardException Refused(string text, string what, string cure) =>
        new("TY2001", $"package '{text}' cannot be asked for: {what}", cure) { IsUsage = true };
}
