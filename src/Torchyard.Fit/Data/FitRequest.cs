using Torchyard.Packages.Python.Versions;

namespace Torchyard.Fit.Data;

/// <summary>What a stack must offer. What is null is chosen.</summary>
public sealed record FitRequest
{
    /// <summary>Release line that is taken when the user names none.</summary>
    public const string DefaultLine = "2.9";

    /// <summary>Accepted PyTorch versions; null for the default line, or the nearest that fits.</summary>
    public VersionSpecifierSet? Torch { get; init; }

    /// <summary>Build such as <c>cu128</c> or <c>cpu</c>; null to choose.</summary>
    public string? Build { get; init; }

    /// <summary>CPython of the image as its wheels name it, e.g. <c>3.12</c> or <c>3.13t</c>; null to choose.</summary>
    public string? Python { get; init; }

    /// <summary>glibc of the image.</summary>
    public DottedVersion Glibc { get; init; } = DottedVersion.Parse("2.41");

    /// <summary>Where <see cref="Glibc"/> comes from, for people.</summary>
    public string GlibcOrigin { get; init; } = "Debian 13 trixie, the base of the image";

    /// <summary>CPython that the image's base brings; preferred when it fits.</summary>
    public string PreferredPython { get; init; } = "3.13";

    /// <summary>Number formats that must run on every GPU: <c>fp8</c>, <c>fp4</c>, <c>bf16</c>, <c>tf32</c>.</summary>
    public IReadOnlyList<string> Precisions { get; init; } = [];

    /// <summary>
    /// Reads what users write after <c>--torch</c>: <c>2.9</c> is the whole line, <c>2.9.1</c> that release,
    /// and anything with an operator a version specifier of PEP 440.
    /// </summary>
    public static bool TryParseTorch(string text, out VersionSpecifierSet torch)
    {
        if (PythonVersion.TryParse(text, out var version))
        {
            text = version.Release.Length < 3 && !version.IsPreRelease ? $"=={version.Public}.*" : $"=={version.Public}";
        }

        if (VersionSpecifierSet.TryParse(text, out var set))
        {
            torch = set;
            return true;
        }

        torch = VersionSpecifierSet.Any;
        return false;
    }
}
