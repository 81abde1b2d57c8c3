namespace Torchyard.Containers.Gpus;

/// <summary>Codes of choosing GPUs that a caller answers in another way than by showing them.</summary>
public static class GpuCodes
{
    /// <summary>Fewer GPUs are free than were asked for.</summary>
    public const string TooFewFree = "TY5013";
}
