namespace Torchyard.Containers.Idle;

/// <summary>What is due after a look at idle GPUs.</summary>
public enum IdleStep
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>People are told that the GPUs will be given back.</summary>
    Warn,

    /// <summary>They are told that this is not so: the GPUs are in use again.</summary>
    TakeBack,

    /// <summary>The GPUs are given back.</summary>
    Release,
}
