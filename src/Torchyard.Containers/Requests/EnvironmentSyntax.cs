using System.Globalization;
using System.Text;
using Torchyard.Platform.Errors;

namespace Torchyard.Containers.Requests;

/// <summary>
/// Reads variables and labels as docker writes them, and refuses what docker refuses: names that no program could ask for.
/// </summary>
public static class EnvironmentSyntax
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>Reads <c>NAME=VALUE</c>; a bare <c>NAME</c> takes the caller's value.</summary>
    /// <param name="text">Value of <c>-e</c>.</param>
    /// <param name="caller">Variables of the caller.</param>
    /// <returns><c>NAME=VALUE</c>; null when the caller has no such variable.</returns>
    /// <exception cref="TorchyardException">TY4064: it has no name.</exception>
    public static string? Variable(string text, Func<string, string?> caller)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(caller);
        var (name, value) = Split(text);
        return name.Length == 0
                ? throw new TorchyardException(
                    "TY4064",
                    // Not what is behind it: it may be a secret.
                    $"--env has no name of a variable{(value is null ? "" : " before '='")}",
                    "write NAME=VALUE, or NAME to pass your own on"
                )
                {
                    IsUsage = true,
                }
            : value is not null ? text
            : caller(name) is { } own ? $"{name}={own}"
            : null;
    }

    /// <summary>Reads <c>NAME[=VALUE]</c> of a label.</summary>
    /// <exception cref="TorchyardException">TY4064: it has no name.</exception>
    public static KeyValuePair<string, string> Label(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var (name, value) = Split(text);
        return name.Length == 0
            ? throw new TorchyardException("TY4064", $"--label '{text}' has no name", "write NAME=VALUE") { IsUsage = true }
            : new(name, value ?? "");
    }

    /// <summary>
    /// Reads a file of such lines: comments, a byte order mark and line ends of Windows are not part of it, blanks before a name neither.
    /// Quotes belong to the value. It is not a shell script.
    /// </summary>
    /// <param name="file">As the user named it.</param>
    /// <param name="content">Its bytes.</param>
    /// <param name="caller">Variables of the caller.</param>
    /// <exception cref="TorchyardException">TY4065: a line that is none.</exception>
    public static IReadOnlyList<string> File(string file, ReadOnlySpan<byte> content, Func<string, string?> caller)
    {
        ArgumentNullException.ThrowIfNull(caller);
        if (content.StartsWith(ByteOrderMark))
        {
            content = content[ByteOrderMark.Length..];
        }

        var result = new List<string>();
        var number = 0;
        foreach (var range in content.Split((byte)'\n'))
        {
            number++;
            var line = Text(file, number, content[range]).TrimStart();
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            var (name, value) = Split(line);
            if (name.Length == 0)
            {
                throw Wrong(file, number, "there is no name before '='");
            }

            if (name.Any(char.IsWhiteSpace))
            {
                throw Wrong(
                    file,
                    number,
                    name.StartsWith("export ", StringComparison.Ordinal)
                        ? "'export' belongs to shell scripts"
                        : $"the name '{name}' has a blank in it"
                );
            }

            if (
                (
                    value is not null ? line
                    : caller(name) is { } own ? $"{name}={own}"
                    : null
                ) is
                { } variable
            )
            {
                result.Add(variable);
            }
        }

        return result;
    }

    private static string Text(string file, int number, ReadOnlySpan<byte> line)
    {
        line = line.EndsWith((byte)'\r') ? line[..^1] : line;
        if (line.Contains((byte)0))
        {
            throw Wrong(file, number, "it has a zero byte in it");
        }

        try
        {
            return Strict.GetString(line);
        }
        catch (DecoderFallbackException)
        {
            throw Wrong(file, number, "it is not UTF-8");
        }
    }

    private static (string Name, string? Value) Split(string text) =>
        text.IndexOf('=', StringComparison.Ordinal) is >= 0 and var equals ? (text[..equals], text[(equals + 1)..]) : (text, null);

    // Without the line itself: it may be a secret.
    private static TorchyardException Wrong(string file, int line, string why) =>
        new(
            "TY4065",
            string.Create(CultureInfo.InvariantCulture, $"{file}, line {line}: {why}"),
            "write NAME=VALUE lines, without quotes, 'export' or blanks around '='"
        )
        {
            IsUsage = true,
        };
}
