namespace Torchyard.Recipes.Sources;

/// <summary>How much the sources of all <c>[[files]]</c> of a recipe may hold.</summary>
internal sealed record ProjectTreeBounds
{
    /// <summary>Those of recipes: far more than configurations and scripts have, and hashed in seconds whenever a recipe is used.</summary>
    public static ProjectTreeBounds OfRecipes { get; } = new();

    /// <summary>Most files.</summary>
    public int Files { get; init; } = 10_000;

    /// <summary>Most bytes.</summary>
    public long Bytes { get; init; } = 1L << 30;

    /// <summary>Longest path below a source, in characters; PATH_MAX has room for it and for what is before it.</summary>
    public int LongestPath { get; init; } = 1024;
}
