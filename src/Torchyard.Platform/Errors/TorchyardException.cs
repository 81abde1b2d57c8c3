using Torchyard.Platform.Text;

namespace Torchyard.Platform.Errors;

/// <summary>
/// An expected failure: something outside the program (a file the user wrote, a server, the machine) is not as it must be.
/// The command layer alone turns it into text, JSON and an exit code; every code has a row in docs/errors.md. What is quoted in it of a
/// file may have been an address with a password, which it does not keep.
/// </summary>
/// <param name="code">Stable code, <c>TY</c> and four digits: TY1xxx recipe and lock, TY2xxx packages, TY3xxx images and store,
/// TY4xxx containers, TY5xxx GPUs, TY6xxx registry, TY7xxx jobs, TY9xxx command line and machine.</param>
/// <param name="message">What happened, to which file, line or package; one sentence, no full stop needed.</param>
/// <param name="cure">What to do next, as an instruction, with the command where there is one.</param>
/// <param name="inner">The lower failure, shown by <c>--verbose</c>.</param>
public sealed class TorchyardException(string code, string message, string cure, Exception? inner = null)
    : Exception(UrlText.WithoutSecrets(message), inner)
{
    /// <summary>Stable code such as <c>TY2003</c>.</summary>
    public string Code { get; } = code;

    /// <summary>What the user does next.</summary>
    public string Cure { get; } = UrlText.WithoutSecrets(cure);

    /// <summary>Place in a file that the user wrote, if there is one; makes the exit code 2.</summary>
    public SourceLocation? Location { get; init; }

    /// <summary>
    /// True where a full disk may be the reason and is not known to be: a program in a sandbox says in many ways, or only by its exit
    /// status, that it could not write.
    /// </summary>
    public bool MayBeFullDisk { get; init; }

    /// <summary>True when the command line or a file the user wrote is wrong: exit code 2, else 1.</summary>
    public bool IsUsage { get; init; }
}

/// <summary>A place in a text file, counted from 1.</summary>
/// <param name="File">Path as the user gave it.</param>
/// <param name="Line">Line from 1.</param>
/// <param name="Column">Column from 1, in UTF-16 units.</param>
public sealed record SourceLocation(string File, int Line, int Column)
{
    /// <summary><c>file:line:column</c>, the form that editors and terminals link.</summary>
    public override string ToString() => $"{File}:{Line}:{Column}";
}
