namespace Torchyard.Recipes.Editing;

/// <summary>A list of a recipe whose items can be edited in its file.</summary>
/// <param name="Table">Table that it is in; empty for the top.</param>
/// <param name="Key">Its key.</param>
public sealed record RecipeList(string Table, string Key)
{
    /// <summary>Debian packages.</summary>
    public static RecipeList Packages { get; } = new("", "packages");

    /// <summary>Python requirements.</summary>
    public static RecipeList Python { get; } = new("python", "packages");

    /// <summary>Requirement files.</summary>
    public static RecipeList Requirements { get; } = new("python", "requirements");

    /// <summary>As people name it.</summary>
    public string Shown => Table.Length == 0 ? Key : $"{Key} of [{Table}]";
}
