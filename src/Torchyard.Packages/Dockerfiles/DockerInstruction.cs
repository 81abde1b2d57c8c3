namespace Torchyard.Packages.Dockerfiles;

/// <summary>An instruction of a Dockerfile, its continued lines joined.</summary>
/// <param name="Name">In capitals: <c>RUN</c>.</param>
/// <param name="Line">Line where it begins, from 1.</param>
/// <param name="Text">What stands behind the name and the flags.</param>
/// <param name="Flags">Flags such as <c>--from=build</c>.</param>
public sealed record DockerInstruction(string Name, int Line, string Text, IReadOnlyList<string> Flags)
{
    /// <summary>Where the lines begin in <see cref="Text"/>.</summary>
    internal IReadOnlyList<(int Offset, int Line)> Lines { get; init; } = [];

    /// <summary>Texts of here-documents with the line where each begins.</summary>
    public IReadOnlyList<(string Text, int Line)> Documents { get; init; } = [];

    /// <summary>The line that a character of <see cref="Text"/> stands on.</summary>
    public int LineAt(int offset) => Lines.LastOrDefault(part => part.Offset <= offset, (Offset: 0, Line)).Line;

    /// <summary>Value of a flag; null where it is not given.</summary>
    public string? Flag(string name) =>
        Flags.FirstOrDefault(flag => flag.StartsWith($"--{name}=", StringComparison.Ordinal))?[(name.Length + 3)..];
}
