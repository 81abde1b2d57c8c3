using Torchyard.Images.Debian.Packages;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;

namespace Torchyard.Images.Debian.Configure;

/// <summary>
/// Finds private keys and other secrets that scripts made while packages were configured. What a package has in its own files everybody
/// has; what its scripts make is for one machine, and every copy of an image would share it.
/// </summary>
internal static class PrivateKeys
{
    /// <summary>Bytes of the largest file that is searched.</summary>
    internal const long LargestKeyFile = 1 << 20;

    // Endings by which programs know their secrets.
    private static readonly string[] KeyEndings = [".key", ".keytab", ".private", ".p12", ".pfx", ".jks"];
    private static readonly string[] KeyNames =
    [
        "authkey",
        ".erlang.cookie",
        "secrets.tdb",
        "random-seed",
        "random_seed",
        "credential.secret",
    ];
    private static readonly string[] KeyDirectories = ["private", "private-keys-v1.d"];

    // Never keys, and many.
    private static readonly string[] OtherEndings = [".pyc", ".fmt", ".list", ".md5sums"];

    /// <summary>Finds them in what one stage changed.</summary>
    internal static IReadOnlyList<string> Find(ConfinedDirectory upper)
    {
        var found = new List<string>();
        Search(upper, "", found);
        return found;
    }

    /// <summary>The package of a stage whose scripts made a file, as far as these name it.</summary>
    internal static string? Maker(string path, IEnumerable<UnpackedPackage> packages)
    {
        var all = packages.ToList();
        for (var name = path; name.Contains('/', StringComparison.Ordinal); name = name[..name.LastIndexOf('/')])
        {
            var text = "/" + name;
            if (
                all.FirstOrDefault(package =>
                    package.ControlFiles.Any(file =>
                        file.Key is "postinst" or "preinst" or "config" or "postrm"
                        && file.Value.Text.Contains(text, StringComparison.Ordinal)
                    )
                ) is
                { } package
            )
            {
                return package.Package.Name;
            }
        }

        return null;
    }

    /// <summary>True for the content of a file that has a private key in PEM, OpenSSH's or OpenPGP's format, or one of BIND's.</summary>
    internal static bool IsKey(ReadOnlySpan<byte> content)
    {
        for (var rest = content; rest.IndexOf("PRIVATE KEY"u8) is var at && at >= 0; rest = rest[(at + 1)..])
        {
            var line = rest[..at];
            line = line[(line.LastIndexOf((byte)'\n') + 1)..];
            var after = rest[(at + "PRIVATE KEY"u8.Length)..];
            if (line.StartsWith("-----BEGIN "u8) && (after.StartsWith("-----"u8) || after.StartsWith(" BLOCK-----"u8)))
            {
                return true;
            }
        }

        return content.StartsWith("Private-key-format:"u8);
    }

    private static void Search(ConfinedDirectory upper, string directory, List<string> found)
    {
        foreach (var name in upper.List(directory))
        {
            var path = directory.Length == 0 ? name : $"{directory}/{name}";
            if (upper.Status(path) is not { } facts)
            {
                continue;
            }

            if (facts.IsDirectory)
            {
                Search(upper, path, found);
            }
            else if (
                facts is { IsRegular: true, Size: > 0 and <= LargestKeyFile }
                && !OtherEndings.Any(ending => name.EndsWith(ending, StringComparison.Ordinal))
                && (IsNamedAsKey(path, name, facts) || (upper.ReadBytes(path, LargestKeyFile) is { } content && IsKey(content)))
            )
            {
                found.Add(path);
            }
        }
    }

    private static bool IsNamedAsKey(string path, string name, FileFacts facts)
    {
        return (facts.Permissions & FileModes.OthersRead) == 0
            && (
                KeyNames.Contains(name, StringComparer.Ordinal)
                || KeyEndings.Any(ending => name.EndsWith(ending, StringComparison.Ordinal))
                || path.Split('/')[..^1].Any(part => KeyDirectories.Contains(part, StringComparer.Ordinal))
            );
    }
}
