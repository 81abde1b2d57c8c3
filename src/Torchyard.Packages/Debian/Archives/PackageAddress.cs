using Torchyard.Platform.Text;

namespace Torchyard.Packages.Debian.Archives;

/// <summary>Addresses of files below an archive root.</summary>
internal static class PackageAddress
{
    /// <summary>Address of a path as an index gives it; each part is escaped.</summary>
    public static Uri Of(Uri root, string filename) => UrlText.At(root, string.Join('/', filename.Split('/').Select(Uri.EscapeDataString)));

    /// <summary>
    /// True for a path that stays below the root: relative, without empty, <c>.</c> or <c>..</c> parts or control characters.
    /// </summary>
    public static bool IsSafe(string filename) =>
        filename.Length is > 0 and < 4096
        && filename.Split('/').All(part => part.Length > 0 && part is not ("." or ".."))
        && !filename.Any(c => char.IsControl(c) || c is '\\' or '?' or '#');
}
