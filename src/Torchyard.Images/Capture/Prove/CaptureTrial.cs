namespace Torchyard.Images.Capture.Prove;

/// <summary>A distribution that could not be imported in the finished image.</summary>
/// <param name="Distribution">Its name.</param>
/// <param name="Reason">What Python said.</param>
/// <param name="NeedsDriver">True when it wants the NVIDIA driver, which <c>run --gpus</c> brings.</param>
public sealed record FailedImport(string Distribution, string Reason, bool NeedsDriver);

/// <summary>How the finished image did when it was tried.</summary>
public sealed record CaptureTrial
{
    /// <summary>Distributions that were imported.</summary>
    public IReadOnlyList<string> Imported { get; init; } = [];

    /// <summary>Those that were not.</summary>
    public IReadOnlyList<FailedImport> Failed { get; init; } = [];

    /// <summary>Why nothing was tried; null when it was.</summary>
    public string? NotTried { get; init; }
}
