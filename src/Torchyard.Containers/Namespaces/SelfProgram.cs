using Torchyard.Platform.Processes;

namespace Torchyard.Containers.Namespaces;

/// <summary>
/// How to start this very program again for its hidden verbs (<see cref="SelfVerbs"/>): a namespace is entered by a process of its own.
/// </summary>
/// <param name="Program">The executable.</param>
public sealed record SelfProgram(HostProgram Program)
{
    /// <summary>The running executable.</summary>
    public static SelfProgram Current { get; } = new(HostProgram.Self);

    /// <summary>Its absolute path.</summary>
    public string Path => Program.Path;
}
