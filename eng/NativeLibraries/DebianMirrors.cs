namespace Torchyard.NativeLibraries;

/// <summary>
/// Where a package of Debian's archive may be had, in the order to try. Hashes decide what is accepted, so any mirror will do.
/// </summary>
internal static class DebianMirrors
{
    private static readonly char[] Blanks = [' ', '\t', '\n'];

    public static IEnumerable<string> InOrder(string snapshot)
    {
        var own = (Environment.GetEnvironmentVariable("TORCHYARD_DEBIAN_MIRROR") ?? "").Split(
            Blanks,
            StringSplitOptions.RemoveEmptyEntries
        );
        return own.Concat(OfTheMachine("/etc/apt"))
            .Append("http://deb.debian.org/debian")
            .Append($"http://snapshot.debian.org/archive/debian/{snapshot}")
            .Select(mirror => mirror.TrimEnd('/'))
            .Distinct(StringComparer.Ordinal);
    }

    /// <summary>Mirrors of Debian's main archive that apt uses here (sources.list(5)); others' archives are not asked.</summary>
    private static IEnumerable<string> OfTheMachine(string apt)
    {
        var parts = Path.Combine(apt, "sources.list.d");
        var files = Directory.Exists(parts) ? Directory.GetFiles(parts).Order(StringComparer.Ordinal) : Enumerable.Empty<string>();
        return files.Prepend(Path.Combine(apt, "sources.list")).Where(File.Exists).SelectMany(Uris).Where(IsDebianArchive);
    }

    private static IEnumerable<string> Uris(string file)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(file);
        }
        catch (UnauthorizedAccessException)
        {
            // A file with credentials that only root may read: other mirrors will do.
            return [];
        }

        return file.EndsWith(".sources", StringComparison.Ordinal)
            ? lines
                .Where(line => line.StartsWith("URIs:", StringComparison.OrdinalIgnoreCase))
                .SelectMany(line => line[5..].Split(Blanks, StringSplitOptions.RemoveEmptyEntries))
            : lines
                .Where(line => line.StartsWith("deb ", StringComparison.Ordinal))
                .SelectMany(line => line.Split(Blanks, StringSplitOptions.RemoveEmptyEntries))
                .Where(word => word.Contains("://", StringComparison.Ordinal));
    }

    private static bool IsDebianArchive(string uri) =>
        Uri.TryCreate(uri, UriKind.Absolute, out var parsed)
        && (parsed.Scheme is "http" or "https")
        && parsed.AbsolutePath.TrimEnd('/').EndsWith("/debian", StringComparison.Ordinal);
}
