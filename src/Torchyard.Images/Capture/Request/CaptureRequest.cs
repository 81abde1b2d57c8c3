using Torchyard.Recipes.Settings;

namespace Torchyard.Images.Capture.Request;

/// <summary>What is to be captured, and how.</summary>
public sealed record CaptureRequest
{
    /// <summary>Absolute path of the environment.</summary>
    public required string Directory { get; init; }

    /// <summary>Name and tag of the image.</summary>
    public required string Name { get; init; }

    /// <summary>Absolute path of the environment in the image; null keeps <see cref="Directory"/>.</summary>
    public string? At { get; init; }

    /// <summary>An image to put the environment on; null for the base system of this machine.</summary>
    public CaptureBase? Base { get; init; }

    /// <summary>Names of distributions; with what they need they are all that is taken of the environment. Empty for everything.</summary>
    public IReadOnlyList<string> Only { get; init; } = [];

    /// <summary>Absolute paths outside the environment, or names of distributions beside <see cref="Only"/>, that are taken too.</summary>
    public IReadOnlyList<string> Include { get; init; } = [];

    /// <summary>
    /// Names of distributions, or patterns of paths (<c>*</c> and <c>?</c>; relative ones count from the environment), that are left out.
    /// </summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>Names of this machine's packages that are taken too.</summary>
    public IReadOnlyList<string> Packages { get; init; } = [];

    /// <summary>False to leave Python's bytecode out.</summary>
    public bool Bytecode { get; init; } = true;

    /// <summary>
    /// Compression, level, environment variables and labels of the image; its layer budget is the most layers of heavy parts.
    /// </summary>
    public ImageSettings Image { get; init; } = new() { LayerBudget = 40 };
}
