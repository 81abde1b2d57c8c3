namespace Torchyard.Recipes.Settings;

/// <summary>A file or a directory of the project that the image has, <c>[[files]]</c>.</summary>
/// <param name="Source">The file or directory; relative to the recipe, or absolute.</param>
/// <param name="Target">Where it is in the image, absolute; of a directory where what is in it goes.</param>
public sealed record FilesSetting(string Source, string Target)
{
    /// <summary>Permission bits of each file; null: 0755 for one that its owner may start, else 0644.</summary>
    public int? Mode { get; init; }

    /// <summary>A mode as recipes and locks have it: <c>0644</c>.</summary>
    public static string Text(int mode) => "0" + Convert.ToString(mode, 8).PadLeft(3, '0');
}
