namespace Torchyard.Flows.Importing;

/// <summary>Options of commands.</summary>
internal static class OptionWord
{
    /// <summary>True for short options without a value, each a letter, of which several may stand together: <c>-yqq</c>.</summary>
    /// <param name="word">The word.</param>
    /// <param name="letters">Letters that are options.</param>
    public static bool AreFlags(string word, string letters) => word is ['-', not '-', ..] && !word.AsSpan(1).ContainsAnyExcept(letters);
}
