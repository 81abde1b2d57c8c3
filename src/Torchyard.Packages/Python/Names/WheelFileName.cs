using System.Diagnostics.CodeAnalysis;
using Torchyard.Packages.Python.Markers;

namespace Torchyard.Packages.Python.Names;

/// <summary>
/// A compatibility tag of a wheel (packaging.python.org, "Platform compatibility tags"), e.g. <c>cp313-cp313-manylinux_2_28_x86_64</c>.
/// </summary>
/// <param name="Python">Interpreter, e.g. <c>cp313</c> or <c>py3</c>.</param>
/// <param name="Abi">ABI, e.g. <c>cp313</c>, <c>abi3</c> or <c>none</c>.</param>
/// <param name="Platform">Platform, e.g. <c>manylinux_2_28_x86_64</c> or <c>any</c>.</param>
public readonly record struct WheelTag(string Python, string Abi, string Platform)
{
    /// <summary><c>python-abi-platform</c>.</summary>
    public override string ToString() => $"{Python}-{Abi}-{Platform}";
}

/// <summary>
/// The parts of a wheel's file name (packaging.python.org, "Binary distribution format", "File name convention"):
/// <c>name-version(-build)?-python-abi-platform.whl</c>.
/// </summary>
public sealed record WheelFileName
{
    private const string Extension = ".whl";

    /// <summary>The file name as it is.</summary>
    public required string Text { get; init; }

    /// <summary>Normalised project name.</summary>
    public required string Name { get; init; }

    /// <summary>Version, with <c>_</c> as the file name writes it turned back into <c>-</c>.</summary>
    public required string Version { get; init; }

    /// <summary>Build tag, or empty.</summary>
    public required string Build { get; init; }

    /// <summary>All tags that the compressed sets stand for.</summary>
    public required IReadOnlyList<WheelTag> Tags { get; init; }

    /// <summary>Reads a file name; false when it is not that of a wheel.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out WheelFileName? name)
    {
        name = null;
        if (text is null || text.Length > 400 || !text.EndsWith(Extension, StringComparison.Ordinal))
        {
            return false;
        }

        var parts = text[..^Extension.Length].Split('-');
        var build = parts.Length == 6 ? parts[2] : "";
        if (
            parts.Length is not (5 or 6)
            || !ProjectName.TryParse(parts[0], out var project)
            || !IsVersion(parts[1])
            || (build.Length > 0 ? !char.IsAsciiDigit(build[0]) : parts.Length == 6)
            || !parts[^3..].All(IsTagSet)
        )
        {
            return false;
        }

        name = new WheelFileName
        {
            Text = text,
            Name = project.Normal,
            Version = parts[1].Replace('_', '-'),
            Build = build,
            Tags = Expand(parts[^3], parts[^2], parts[^1]),
        };
        return true;
    }

    private static IReadOnlyList<WheelTag> Expand(string pythons, string abis, string platforms) =>
        [
            .. from python in pythons.Split('.')
            from abi in abis.Split('.')
            from platform in platforms.Split('.')
            select new WheelTag(python, abi, platform),
        ];

    private static bool IsVersion(string text) =>
        text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '+' or '!' or '_');

    // A set of more than a few tags would multiply into thousands; real names have at most about five a set.
    private static bool IsTagSet(string text) =>
        text.Length > 0
        && text.Count(c => c == '.') < 16
        && text.Split('.').All(tag => tag.Length > 0 && tag.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'));
}
