using System.Buffers;

namespace Torchyard.Platform.Text;

/// <summary>Words of a shell, for scripts and for lines that people copy.</summary>
public static class ShellWord
{
    private static readonly SearchValues<char> Plain = SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,@%+"
    );

    /// <summary>A word that a POSIX shell reads as the text.</summary>
    public static string Of(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length > 0 && !text.AsSpan().ContainsAnyExcept(Plain)
            ? text
            : "'" + text.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
    }

    /// <summary>A line that a POSIX shell reads as the words.</summary>
    public static string Line(IEnumerable<string> words) => string.Join(' ', words.Select(Of));

    /// <summary>An array of bash.</summary>
    public static string Array(IEnumerable<string> words) => "(" + Line(words) + ")";
}
