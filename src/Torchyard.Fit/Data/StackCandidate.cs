namespace Torchyard.Fit.Data;

/// <summary>How a CUDA build reaches the driver.</summary>
public enum DriverRoad
{
    /// <summary>No CUDA, or the driver supports the CUDA release itself.</summary>
    Direct,

    /// <summary>Minor-version compatibility: same family, older driver than the release ships with.</summary>
    MinorVersion,

    /// <summary>Forward compatibility: <c>cuda-compat</c> in the image.</summary>
    Forward,

    /// <summary>None leads there.</summary>
    None,
}

/// <summary>A PyTorch build with an interpreter.</summary>
/// <param name="Torch">The build.</param>
/// <param name="Python">CPython as wheels name it, e.g. <c>3.12</c>.</param>
public sealed record StackCandidate(TorchBuild Torch, string Python)
{
    /// <summary>Index that has the build.</summary>
    public string Index(FitTables tables) => tables.TorchIndex + Torch.Build;

    /// <summary>For people: <c>PyTorch 2.9.1 cu128, Python 3.12</c>.</summary>
    public override string ToString() => $"PyTorch {Torch.Torch} {Torch.Build}, Python {Python}";
}
