namespace Torchyard.Recipes.Settings;

/// <summary>
/// <c>[fit]</c> of a recipe: what the PyTorch stack of <c>[python]</c> must fit. What is left out is taken from the machine that locks, or
/// chosen.
/// </summary>
public sealed record FitSettings
{
    /// <summary>GPU models that the image must run on, e.g. <c>h100</c> or <c>sm_90</c>.</summary>
    public IReadOnlyList<string> Gpus { get; init; } = [];

    /// <summary>Oldest NVIDIA driver that the image must run on, e.g. <c>535.183.01</c>; null when it is not known.</summary>
    public string? Driver { get; init; }

    /// <summary>PyTorch: a line (<c>2.9</c>), a release (<c>2.9.1</c>) or a range; null for the default line.</summary>
    public string? Torch { get; init; }

    /// <summary>Build of PyTorch, e.g. <c>cu128</c>; null to choose.</summary>
    public string? Build { get; init; }

    /// <summary>
    /// A file with the machines of a fleet, relative to the recipe, in the place of <see cref="Gpus"/> and <see cref="Driver"/>.
    /// </summary>
    public string? Fleet { get; init; }
}
