namespace Torchyard.Recipes.Reading;

/// <summary>The tables of sources: the one list that names them, in canonical order.</summary>
internal static class RecipeSections
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<IRecipeSection> All { get; } = [new PythonSection(), new FitSection(), .. Nvidia];

    /// <summary>Those of NVIDIA's libraries, which stand for themselves.</summary>
    public static IReadOnlyList<IRecipeSection> Nvidia => [new CudnnSection(), new CudaCompatSection()];
}
