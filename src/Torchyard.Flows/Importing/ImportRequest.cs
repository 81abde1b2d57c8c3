namespace Torchyard.Flows.Importing;

/// <summary>What a recipe is to be made from.</summary>
internal sealed record ImportRequest
{
    /// <summary>A file, a directory, or the name of an environment.</summary>
    public required string From { get; init; }

    /// <summary>Overwrite a recipe that is there.</summary>
    public bool Force { get; init; }

    /// <summary>Write nothing when a line cannot be translated.</summary>
    public bool Strict { get; init; }
}
