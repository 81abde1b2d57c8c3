using System.Diagnostics.CodeAnalysis;

namespace Torchyard.Packages.Python.Names;

/// <summary>Names of Python projects (packaging.python.org, "Names and normalization"; PEP 503).</summary>
public static class PythonName
{
    /// <summary>Lower case, with each run of <c>-</c>, <c>_</c> and <c>.</c> as one <c>-</c>: how names are compared.</summary>
    public static string Normalize(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return string.Create(LengthOf(name), name, static (into, from) =>
        {
            var at = 0;
            var separator = false;
            foreach (var c in from)
            {
                if (IsSeparator(c))
                {
                    separator = true;
                    continue;
                }

                if (separator)
                {
                    into[at++] = '-';
                    separator = false;
                }

                into[at++] = char.ToLowerInvariant(c);
            }

            if (separator)
            {
                into[at] = '-';
            }
        });
    }

    /// <summary>True for ASCII letters and digits with <c>-</c>, <c>_</c> and <c>.</c> between them.</summary>
    public static bool IsValid([NotNullWhen(true)] string? name)
    {
        if (string.IsNullOrEmpty(name) || name.Length > 200 || !char.IsAsciiLetterOrDigit(name[0]) || !char.IsAsciiLetterOrDigit(name[^1]))
        {
            return false;
        }

        foreach (var c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c) && !IsSeparator(c))
            {
                return false;
            }
        }

        return true;
    }

    private static int LengthOf(string name)
    {
        var length = 0;
        for (var i = 0; i < name.Length; i++)
        {
            length += IsSeparator(name[i]) && i > 0 && IsSeparator(name[i - 1]) ? 0 : 1;
        }

        return length;
    }

    private static bool IsSeparator(char c) => c is '-' or '_' or '.';
}
