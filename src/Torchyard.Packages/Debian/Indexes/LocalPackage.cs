using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Torchyard.Packages.Debian.Control;
using Torchyard.Packages.Debian.Versions;
using Torchyard.Packages.Errors;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;

namespace Torchyard.Packages.Debian.Indexes;

/// <summary>A <c>.deb</c> of the project that was read: what an index would say of it.</summary>
public sealed partial record LocalPackage
{
    /// <summary>Its path as the recipe has it.</summary>
    public required string Path { get; init; }

    /// <summary>Package name.</summary>
    public required string Name { get; init; }

    /// <summary>Version.</summary>
    public required string Version { get; init; }

    /// <summary>Architecture.</summary>
    public required string Architecture { get; init; }

    /// <summary>Its control file.</summary>
    public required ReadOnlyMemory<byte> Control { get; init; }

    /// <summary>Bytes of the file.</summary>
    public required long Size { get; init; }

    /// <summary>SHA-256 of the file.</summary>
    public required Digest Sha256 { get; init; }

    /// <summary>Bytes that its files take.</summary>
    public required long Unpacked { get; init; }

    /// <summary>Reads what its control file says.</summary>
    /// <param name="path">Its path as the recipe has it.</param>
    /// <param name="control">The control file.</param>
    /// <param name="unpacked">Bytes that its files take.</param>
    /// <param name="size">Bytes of the file.</param>
    /// <param name="sha256">SHA-256 of the file.</param>
    /// <exception cref="TorchyardException">TY2071: the control file lacks something, or cannot be read.</exception>
    public static LocalPackage Of(string path, ReadOnlyMemory<byte> control, long unpacked, long size, Digest sha256)
    {
        string? name = null,
            version = null,
            architecture = null;
        try
        {
            var reader = new ControlReader(control.Span);
            reader.NextStanza();
            while (reader.NextField())
            {
                if (reader.Is("Package"u8))
                {
                    name = Encoding.UTF8.GetString(reader.Value);
                }
                else if (reader.Is("Version"u8))
                {
                    version = DebianVersion.IsValid(reader.Value) ? Encoding.UTF8.GetString(reader.Value) : null;
                }
                else if (reader.Is("Architecture"u8))
                {
                    architecture = Encoding.UTF8.GetString(reader.Value);
                }
                else if (IsRelation(reader.Name))
                {
                    var relations = new DependencyReader(reader.Value);
                    while (relations.Next()) { }
                }
            }

            if (reader.NextStanza())
            {
                throw Unusable(path, "its control file has more than one paragraph");
            }
        }
        catch (TorchyardException malformed) when (malformed.Code is PackageCodes.NotControl or PackageCodes.NotDependency)
        {
            throw Unusable(path, $"its control file is malformed: {malformed.Message}", malformed);
        }

        return new LocalPackage
        {
            Path = path,
            Name = name is not null && NamePattern().IsMatch(name) ? name : throw Lacking("Package"),
            Version = version ?? throw Lacking("Version"),
            Architecture = architecture ?? throw Lacking("Architecture"),
            Control = control,
            Size = size,
            Sha256 = sha256,
            Unpacked = unpacked,
        };

        TorchyardException Lacking(string field) => Unusable(path, $"its control file has no {field}, or not a valid one");
    }

    /// <summary>A file that cannot be used as a package.</summary>
    /// <param name="path">Its path as the recipe has it.</param>
    /// <param name="why">What is wrong with it.</param>
    /// <param name="inner">The lower failure.</param>
    public static TorchyardException Unusable(string path, string why, Exception? inner = null) =>
        new(
            PackageCodes.UnusableFile,
            $"{path} cannot be used as a package: {why}",
            $"look at it with 'dpkg-deb --info {path}'; then build it again, fetch it again, or correct the path",
            inner
        )
        {
            IsUsage = true,
        };

    /// <summary>An index of this package alone, as an archive would have it.</summary>
    internal PackageIndex ToIndex()
    {
        var text = new MemoryStream();
        var reader = new ControlReader(Control.Span);
        long installed = 0;
        reader.NextStanza();
        while (reader.NextField())
        {
            if (reader.Is("Installed-Size"u8))
            {
                _ = long.TryParse(Encoding.UTF8.GetString(reader.Value), NumberStyles.None, CultureInfo.InvariantCulture, out installed);
            }
            else if (!reader.Is("Filename"u8) && !reader.Is("Size"u8) && !reader.Is("SHA256"u8))
            {
                text.Write(reader.Name);
                text.Write(": "u8);
                text.Write(reader.Value);
                text.Write("\n"u8);
            }
        }

        // dpkg-deb alone does not write the size, and nobody checks what is written by hand.
        installed = Math.Max(installed, (Unpacked + 1023) / 1024);
        text.Write(
            Encoding.UTF8.GetBytes(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"Installed-Size: {installed}\nFilename: {Path[(Path.LastIndexOf('/') + 1)..]}\nSize: {Size}\nSHA256: {Sha256.Hex}\n"
                )
            )
        );
        return new PackageIndex(null, text.ToArray()) { File = Path };
    }

    private static bool IsRelation(ReadOnlySpan<byte> name)
    {
        foreach (var field in Relations)
        {
            if (Ascii.EqualsIgnoreCase(name, field))
            {
                return true;
            }
        }

        return false;
    }

    private static readonly string[] Relations =
    [
        "Depends",
        "Pre-Depends",
        "Recommends",
        "Suggests",
        "Enhances",
        "Conflicts",
        "Breaks",
        "Replaces",
        "Provides",
    ];

    // Debian Policy 5.6.7.
    [GeneratedRegex(@"\A[a-z0-9][a-z0-9+.-]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex NamePattern();
}
