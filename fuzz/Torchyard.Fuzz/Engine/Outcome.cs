namespace Torchyard.Fuzz.Engine;

/// <summary>What an input led to.</summary>
internal sealed record Outcome
{
    /// <summary>"result", or which refusal: results of one kind differ in details only.</summary>
    public required string Kind { get; init; }

    /// <summary>What came out, or the refusal's whole text.</summary>
    public required object? Result { get; init; }

    /// <summary>What is wrong; null for a right result and a right refusal.</summary>
    public Fault? Fault { get; init; }
}

/// <summary>A broken promise of a parser.</summary>
/// <param name="Key">The same for inputs that show the same fault.</param>
/// <param name="Text">For people.</param>
internal sealed record Fault(string Key, string Text);
