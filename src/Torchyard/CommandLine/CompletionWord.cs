using System.Buffers;

namespace Torchyard.CommandLine;

/// <summary>Which words may be offered to a shell.</summary>
internal static class CompletionWord
{
    // bash puts a candidate on the line as it is; what is not among these could be a command, a variable, a pattern or the end of a word.
    private static readonly SearchValues<char> Literal = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._:/@+=,"
    );

    /// <summary>Whether bash, zsh and fish read the word as nothing but itself.</summary>
    public static bool IsLiteral(string word) =>
        // zsh replaces =NAME at a word's beginning by the path of the program NAME.
        word.Length > 0
        && word[0] != '='
        && !word.AsSpan().ContainsAnyExcept(Literal);
}
