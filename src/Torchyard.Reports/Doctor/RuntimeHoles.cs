using System.Globalization;
using System.IO.Compression;
using System.Text;
using Torchyard.Machine.Files;

namespace Torchyard.Reports.Doctor;

/// <summary>A published hole of an OCI runtime.</summary>
internal sealed record RuntimeHole
{
    /// <summary>CVE number.</summary>
    public required string Id { get; init; }

    /// <summary>The program.</summary>
    public required string Runtime { get; init; }

    /// <summary>First upstream version of each maintained series that has the fix, oldest series first.</summary>
    public required IReadOnlyList<string> FixedIn { get; init; }

    /// <summary>What it lets a container do.</summary>
    public required string What { get; init; }

    /// <summary>Where the versions are from.</summary>
    public required string Source { get; init; }
}

/// <summary>
/// Holes of runc and crun through which a container gets out, as known on 2025-11-29. A distribution fixes them without a new upstream
/// version, so a package whose changelog names the hole has its fix.
/// </summary>
internal static class RuntimeHoles
{
    // crun's CVE-2025-24965 (before 1.20) is in its handler "krun", which Torchyard never asks for, and so not here.
    private static readonly RuntimeHole[] Known =
    [
        new()
        {
            Id = "CVE-2024-21626",
            Runtime = "runc",
            FixedIn = ["1.1.12"],
            What = "a file descriptor of the host leaks into the container",
            Source = "https://github.com/opencontainers/runc/security/advisories/GHSA-xr7r-f8xq-vfvv",
        },
        new()
        {
            Id = "CVE-2025-31133",
            Runtime = "runc",
            FixedIn = ["1.2.8", "1.3.3", "1.4.0-rc.3"],
            What = "masked paths are followed through a link that replaces /dev/null",
            Source = "https://github.com/opencontainers/runc/security/advisories/GHSA-9493-h29p-rfm2",
        },
        new()
        {
            Id = "CVE-2025-52565",
            Runtime = "runc",
            FixedIn = ["1.2.8", "1.3.3", "1.4.0-rc.3"],
            What = "/dev/console is mounted through a link",
            Source = "https://github.com/opencontainers/runc/security/advisories/GHSA-qw9x-cqr3-wc7r",
        },
        new()
        {
            Id = "CVE-2025-52881",
            Runtime = "runc",
            FixedIn = ["1.2.8", "1.3.3", "1.4.0-rc.3"],
            What = "writes to /proc are led to other files of it",
            Source = "https://github.com/opencontainers/runc/security/advisories/GHSA-cgrx-mc8f-2prm",
        },
    ];

    /// <summary>The holes that a package of a runtime still has.</summary>
    /// <param name="runtime"><c>runc</c> or <c>crun</c>.</param>
    /// <param name="version">Version of the package, <c>1.1.5+ds1-1+deb12u1</c>, or upstream's own.</param>
    /// <param name="changelog">The package's changelog, or an empty text.</param>
    public static IReadOnlyList<RuntimeHole> Of(string runtime, string version, string changelog) =>
        [
            .. Known.Where(hole =>
                hole.Runtime == runtime
                && !hole.FixedIn.Any(fix => IsAtLeast(version, fix, hole.FixedIn))
                && !changelog.Contains(hole.Id, StringComparison.Ordinal)
            ),
        ];

    /// <summary>Version of a Debian package that is installed; null when it is not.</summary>
    public static string? PackageVersion(MachineFiles files, string package)
    {
        if (files.ReadBytes("/var/lib/dpkg/status", 64 << 20) is not { } status)
        {
            return null;
        }

        foreach (var paragraph in Encoding.UTF8.GetString(status).Split("\n\n"))
        {
            if (
                paragraph.StartsWith($"Package: {package}\n", StringComparison.Ordinal)
                && paragraph.Contains("\nStatus: install ok installed\n", StringComparison.Ordinal)
            )
            {
                return paragraph
                    .Split('\n')
                    .FirstOrDefault(line => line.StartsWith("Version: ", StringComparison.Ordinal))
                    ?["Version: ".Length..].Trim();
            }
        }

        return null;
    }

    /// <summary>Changelog of a Debian package; empty when the machine has none.</summary>
    public static string Changelog(MachineFiles files, string package)
    {
        if (files.ReadBytes($"/usr/share/doc/{package}/changelog.Debian.gz", 4 << 20) is not { } packed)
        {
            return "";
        }

        try
        {
            using var text = new StreamReader(new GZipStream(new MemoryStream(packed), CompressionMode.Decompress));
            var buffer = new char[4 << 20];
            return new string(buffer, 0, text.ReadBlock(buffer));
        }
        catch (InvalidDataException)
        {
            return "";
        }
    }

    // The fix of its own series counts, and for a series without one that of the next: 1.1.5 is fixed by nothing, 1.5.0 has what 1.4.0 has.
    private static bool IsAtLeast(string version, string fix, IReadOnlyList<string> fixes)
    {
        var (own, wanted) = (Numbers(version), Numbers(fix));
        var sameSeries = own[0] == wanted[0] && own[1] == wanted[1];
        var newest = fix == fixes[^1];
        return sameSeries ? Compare(own, wanted) >= 0 : newest && Compare(own, wanted) > 0;
    }

    // "1.4.0-rc.3" and Debian's "1.4.0~rc.3+ds1-1": the candidate is the fourth number, and a release comes after all of them.
    private static long[] Numbers(string version)
    {
        var upstream = version.Split(':')[^1].Split('+')[0];
        var candidate = upstream.IndexOf("rc", StringComparison.Ordinal);
        var parts = (candidate < 0 ? upstream.Split('-')[0] : upstream[..candidate]).Split(
            ['.', '~', '-'],
            StringSplitOptions.RemoveEmptyEntries
        );
        var numbers = new long[] { 0, 0, 0, long.MaxValue };
        for (var i = 0; i < 3 && i < parts.Length; i++)
        {
            numbers[i] = long.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
        }

        if (candidate >= 0)
        {
            var digits = new string([.. upstream[(candidate + 2)..].TrimStart('.', '-').TakeWhile(char.IsAsciiDigit)]);
            numbers[3] = long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
        }

        return numbers;
    }

    private static int Compare(long[] one, long[] other)
    {
        for (var i = 0; i < one.Length; i++)
        {
            if (one[i] != other[i])
            {
                return one[i].CompareTo(other[i]);
            }
        }

        return 0;
    }
}
