namespace Torchyard.Containers.Idle;

/// <summary>What a look at an environment's GPUs says.</summary>
public enum GpuActivity
{
    /// <summary>Nobody uses them.</summary>
    Idle,

    /// <summary>Somebody does.</summary>
    Used,

    /// <summary>It cannot be told, which must never cost anybody an environment.</summary>
    Unknown,
}
