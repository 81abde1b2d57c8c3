namespace Torchyard.Recipes.Reading;

/// <summary>Codes of recipes that others answer.</summary>
public static class RecipeCodes
{
    /// <summary>The recipe is not TOML.</summary>
    public const string NotToml = "TY1001";

    /// <summary>There is no recipe at that place.</summary>
    public const string Missing = "TY1009";
}
