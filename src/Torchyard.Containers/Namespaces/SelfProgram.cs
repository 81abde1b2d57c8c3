namespace Torchyard.Containers.Namespaces;

/// <summary>
/// How to start this very program again for its hidden verbs (<see cref="HiddenVerbs"/>): a namespace is entered by a process of its own.
/// </summary>
/// <param name="Path">The executable.</param>
public sealed record SelfProgram(string Path)
{
    /// <summary>The running executable.</summary>
    public static SelfProgram Current { get; } =
        new(Environment.ProcessPath ?? throw new InvalidOperationException("the running program has no path"));
}
