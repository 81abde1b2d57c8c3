using System.Globalization;
using System.Text;
using Torchyard.Packages.Debian.Archives;
using Torchyard.Packages.Debian.Control;
using Torchyard.Packages.Debian.Versions;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Locks;

namespace Torchyard.Packages.Debian.Resolving;

/// <summary>Reads what the lock says about a chosen package out of its stanza.</summary>
internal static class LockedPackages
{
    // The largest package of Debian is below 2 GB.
    private const long MostBytes = 64L << 30;

    /// <summary>The package as the lock writes it.</summary>
    /// <exception cref="TorchyardException">TY2004: the stanza lacks a field or has a value that cannot be right.</exception>
    public static LockedDebianPackage Of(ResolvedPackage chosen)
    {
        var package = chosen.Package;
        string source = chosen.Name,
            architecture = "",
            filename = "",
            sha256 = "",
            size = "",
            installed = "0";
        string? sourceVersion = null;
        var reader = new ControlReader(package.Stanza.Of(package.Index.Text));
        reader.NextStanza();
        while (reader.NextField())
        {
            if (reader.Is("Source"u8))
            {
                // "name (version)" when the version differs.
                var parts = Text(reader.Value).Split(' ', 2);
                source = parts[0];
                sourceVersion = parts.Length == 2 ? parts[1].Trim('(', ')', ' ') : null;
            }
            else if (reader.Is("Architecture"u8))
            {
                architecture = Text(reader.Value);
            }
            else if (reader.Is("Filename"u8))
            {
                filename = Text(reader.Value);
                filename = filename.StartsWith("./", StringComparison.Ordinal) ? filename[2..] : filename;
            }
            else if (reader.Is("SHA256"u8))
            {
                sha256 = Text(reader.Value);
            }
            else if (reader.Is("Size"u8))
            {
                size = Text(reader.Value);
            }
            else if (reader.Is("Installed-Size"u8))
            {
                installed = Text(reader.Value);
            }
        }

        return new LockedDebianPackage
        {
            Name = chosen.Name,
            Version = DebianVersion.IsValid(package.VersionBytes)
                ? package.VersionText
                : throw Wrong(chosen, "Version", package.VersionText),
            Architecture = architecture,
            Source = source,
            SourceVersion =
                sourceVersion is null || DebianVersion.IsValid(Encoding.UTF8.GetBytes(sourceVersion))
                    ? sourceVersion
                    : throw Wrong(chosen, "Source", sourceVersion),
            Archive = package.Index.ArchiveId,
            Path = package.Index.File,
            Filename = PackageAddress.IsSafe(filename) ? filename : throw Wrong(chosen, "Filename", filename),
            Size = Number(size) is > 0 and < MostBytes and var bytes ? bytes : throw Wrong(chosen, "Size", size),
            Sha256 = Digest.TryParse(sha256, out var digest) ? digest : throw Wrong(chosen, "SHA256", sha256),
            InstalledSize = Number(installed) is >= 0 and < MostBytes / 1024 and var kilobytes ? kilobytes * 1024 : 0,
            Essential = chosen.IsEssential,
            Requested = chosen.IsRequested,
        };
    }

    private static string Text(ReadOnlySpan<byte> value) => Encoding.UTF8.GetString(value);

    private static long Number(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1;

    private static TorchyardException Wrong(ResolvedPackage chosen, string field, string value) =>
        new(
            "TY2004",
            $"the index entry of {chosen.Name} has no usable {field}: '{ControlText.Excerpt(Encoding.UTF8.GetBytes(value))}'",
            "report it to the archive, or leave the archive out of the recipe"
        );
}
