using System.Diagnostics.CodeAnalysis;

namespace Torchyard.Packages.Python.Markers;

/// <summary>
/// Name of a Python distribution or extra, compared in its normal form: lower case, runs of <c>-</c>, <c>_</c> and <c>.</c>
/// are one <c>-</c> ("Names and normalization", PEP 503).
/// </summary>
public readonly record struct ProjectName
{
    private readonly string? _normal;

    private ProjectName(string normal) => _normal = normal;

    /// <summary>Normal form, e.g. <c>nvidia-cudnn-cu13</c>.</summary>
    public string Normal => _normal ?? "";

    /// <summary>
    /// Reads a name of letters, digits, <c>-</c>, <c>_</c> and <c>.</c> that begins and ends with a letter or digit; at most 128 long.
    /// </summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out ProjectName name)
    {
        name = default;
        if (text is not { Length: > 0 and <= 128 } || !char.IsAsciiLetterOrDigit(text[0]) || !char.IsAsciiLetterOrDigit(text[^1]))
        {
            return false;
        }

        Span<char> normal = stackalloc char[text.Length];
        var length = 0;
        foreach (var c in text)
        {
            if (char.IsAsciiLetterOrDigit(c))
            {
                normal[length++] = char.ToLowerInvariant(c);
            }
            else if (c is not ('-' or '_' or '.'))
            {
                return false;
            }
            else if (normal[length - 1] != '-')
            {
                normal[length++] = '-';
            }
        }

        name = new ProjectName(new string(normal[..length]));
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => Normal;
}
