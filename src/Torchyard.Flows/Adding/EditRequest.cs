namespace Torchyard.Flows.Adding;

/// <summary>What is to be added to a recipe, or taken out of it.</summary>
internal sealed record EditRequest
{
    /// <summary>Requirements, or names of Debian packages.</summary>
    public IReadOnlyList<string> Packages { get; init; } = [];

    /// <summary>Requirement files to add.</summary>
    public IReadOnlyList<string> RequirementFiles { get; init; } = [];

    /// <summary>The packages are Debian's.</summary>
    public bool System { get; init; }

    /// <summary>Add what pip has installed in the environment of the project.</summary>
    public bool Installed { get; init; }

    /// <summary>A file or directory; null for the working directory's recipe.</summary>
    public string? Recipe { get; init; }

    /// <summary>Show what would change, and write nothing.</summary>
    public bool DryRun { get; init; }

    /// <summary>Ask no archive and no index.</summary>
    public bool Offline { get; init; }

    /// <summary>The recipe may have what it wants, this once.</summary>
    public bool Trust { get; init; }
}
