namespace Torchyard.Gpus.Cuda;

/// <summary>Codes of a CUDA driver that does not work.</summary>
public static class CudaCodes
{
    /// <summary>There is no driver library, or it cannot be loaded.</summary>
    public const string NoDriver = "TY5001";

    /// <summary>The driver does not start.</summary>
    public const string DriverDoesNotStart = "TY5002";
}
