namespace Torchyard.Platform.Processes;

/// <summary>Why a program is not started: somebody else may put another one in its place.</summary>
/// <param name="Path">The file or directory that they may change.</param>
/// <param name="Owner">Its owner.</param>
/// <param name="Mode">Its permission bits.</param>
/// <param name="Reason">What is wrong with it, as the end of a sentence that begins with the path.</param>
internal sealed record Mistrust(string Path, uint Owner, uint Mode, string Reason)
{
    /// <summary>The path, what is wrong with it, owner and mode.</summary>
    public override string ToString() =>
        string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"{Path} {Reason} (owner {Owner}, mode {Convert.ToString(Mode, 8).PadLeft(4, '0')})"
        );
}
