namespace Torchyard.Flows.Mirroring;

/// <summary>A file that joining a mirror writes or removes.</summary>
/// <param name="Program">Whose settings it has.</param>
/// <param name="Path">The file.</param>
/// <param name="Content">What will be in it; null when it is removed, or stays.</param>
/// <param name="State">What happens to it.</param>
internal sealed record NodeChange(string Program, string Path, string? Content, NodeChangeState State)
{
    /// <summary>What the reader must know or do beside it; null for nothing.</summary>
    public string? Note { get; init; }
}

/// <summary>What happens to a file.</summary>
internal enum NodeChangeState
{
    /// <summary>It is written.</summary>
    Written,

    /// <summary>It is as it has to be.</summary>
    Unchanged,

    /// <summary>It is removed, or what was added is taken out.</summary>
    Removed,

    /// <summary>Somebody else wrote it, and it stays as it is.</summary>
    Left,
}
