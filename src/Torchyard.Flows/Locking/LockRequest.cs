using Torchyard.Flows.Locks;

namespace Torchyard.Flows.Locking;

/// <summary>What is to be locked.</summary>
internal sealed record LockRequest
{
    /// <summary>A preset, file or directory; null for the working directory's recipe.</summary>
    public string? Recipe { get; init; }

    /// <summary>The recipe may have what it wants, this once.</summary>
    public bool Trust { get; init; }

    /// <summary>What beside the recipe decides.</summary>
    public LockOptions Options { get; init; } = LockOptions.None;
}
