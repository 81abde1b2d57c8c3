namespace Torchyard.Images.Debian.Packages;

/// <summary>A diversion: three lines of dpkg's <c>diversions</c> (dpkg-divert(1)).</summary>
/// <param name="From">The path, without its leading slash.</param>
/// <param name="To">Where other packages' files of that path go.</param>
/// <param name="Package">Whose own file keeps the path; <c>:</c> for nobody's.</param>
internal sealed record Diversion(string From, string To, string Package)
{
    /// <summary>Reads <c>var/lib/dpkg/diversions</c>.</summary>
    internal static IEnumerable<Diversion> Parse(string text)
    {
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        for (var index = 0; index + 2 < lines.Length; index += 3)
        {
            yield return new Diversion(lines[index].TrimStart('/'), lines[index + 1].TrimStart('/'), lines[index + 2]);
        }
    }
}
