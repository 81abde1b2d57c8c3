namespace Torchyard.Containers.Runtimes;

/// <summary>Which runtime a program is.</summary>
public enum OciRuntimeKind
{
    /// <summary>crun, in C.</summary>
    Crun,

    /// <summary>runc, the reference, in Go.</summary>
    Runc,
}

/// <summary>An OCI runtime of this machine.</summary>
/// <param name="Kind">Which one.</param>
/// <param name="Command">Program and leading arguments; more than one when it runs through its own dynamic linker.</param>
public sealed record OciRuntime(OciRuntimeKind Kind, IReadOnlyList<string> Command)
{
    /// <summary><c>crun</c> or <c>runc</c>.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public string Name => Kind == OciRuntimeKind.Crun ? "crun" : "runc";
}
