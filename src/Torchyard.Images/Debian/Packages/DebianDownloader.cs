using System.Text.RegularExpressions;

namespace Torchyard.Images.Debian.Packages;

/// <summary>
/// What <c>/usr/sbin/update-nvidia-cudnn</c> of Debian's package knows: the release that it fetches, and the archive's SHA-512. The package
/// is signed for by Debian, NVIDIA's index by nobody; so an archive from any mirror is checked against it.
/// </summary>
internal static partial class DebianDownloader
{
    /// <summary>Place of the program.</summary>
    internal const string Path = "usr/sbin/update-nvidia-cudnn";

    /// <summary>
    /// SHA-512 of the archive of a release in lower-case hex; null when the program is for another release or says nothing.
    /// </summary>
    /// <param name="program">Its text.</param>
    /// <param name="version">The release.</param>
    /// <param name="architecture">Debian architecture.</param>
    internal static string? Sha512Of(string program, string version, string architecture)
    {
        var sum = SumPattern().Matches(program).FirstOrDefault(match => match.Groups[1].Value == architecture)?.Groups[2].Value;
        return ReleasePattern().Match(program) is { Success: true } release && release.Groups[1].Value == version ? sum : null;
    }

    [GeneratedRegex(@"^CUDNN_VER=""?([0-9.]+)""?\s*$", RegexOptions.CultureInvariant | RegexOptions.Multiline)]
    private static partial Regex ReleasePattern();

    [GeneratedRegex(@"^SHA512_([a-z0-9]+)=""?([0-9a-f]{128})""?\s*$", RegexOptions.CultureInvariant | RegexOptions.Multiline)]
    private static partial Regex SumPattern();
}
