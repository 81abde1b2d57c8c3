namespace Torchyard.Packages.Dockerfiles;

/// <summary>A simple command of a shell line, as far as it can be read without running it.</summary>
/// <param name="Words">Its words, quotes removed and known variables replaced.</param>
/// <param name="Line">Line where it begins.</param>
/// <param name="Text">As it is written, on one line.</param>
public sealed record ShellCommand(IReadOnlyList<string> Words, int Line, string Text)
{
    /// <summary>
    /// True when a word depends on what only a shell knows: a command's output, a variable that nothing sets, a pattern of files.
    /// </summary>
    public bool IsDynamic { get; init; }

    /// <summary>True when it is part of a pipe, reads or writes a file, or stands in a loop or condition.</summary>
    public bool IsPart { get; init; }
}
