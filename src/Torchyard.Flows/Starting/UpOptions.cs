namespace Torchyard.Flows.Starting;

/// <summary>What the user says about bringing a project up.</summary>
internal sealed record UpOptions
{
    /// <summary>A preset, file or directory; null for the working directory's recipe, else the preset for this machine.</summary>
    public string? Recipe { get; init; }

    /// <summary>PyTorch line, release or range.</summary>
    public string? Torch { get; init; }

    /// <summary>Replace a running environment.</summary>
    public bool Recreate { get; init; }

    /// <summary>Limits that cannot be enforced are warnings.</summary>
    public bool BestEffort { get; init; }

    /// <summary>GPUs in place of the recipe's, as <c>--gpus</c> has them.</summary>
    public string? Gpus { get; init; }

    /// <summary><c>--idle-release</c>, in place of the recipe's.</summary>
    public string? IdleRelease { get; init; }

    /// <summary>Wait until enough GPUs are free.</summary>
    public bool Wait { get; init; }

    /// <summary><c>--env</c>, as it was typed.</summary>
    public IReadOnlyList<string> Variables { get; init; } = [];

    /// <summary><c>--env-file</c>.</summary>
    public IReadOnlyList<string> EnvironmentFiles { get; init; } = [];

    /// <summary>The recipe may have what it wants, this once.</summary>
    public bool Trust { get; init; }
}
