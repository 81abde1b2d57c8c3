using System.Text;

namespace Torchyard.Recipes.Settings;

/// <summary>Makes names that a recipe may have from names that directories have.</summary>
public static class RecipeName
{
    private const int Longest = 63;

    /// <summary>
    /// <c>My Project (2)</c> gives <c>my-project-2</c>. A name without any usable letter gives <paramref name="otherwise"/>.
    /// </summary>
    public static string From(string directoryName, string otherwise)
    {
        ArgumentNullException.ThrowIfNull(directoryName);
        var name = new StringBuilder();
        foreach (var letter in directoryName.ToLowerInvariant())
        {
            if (char.IsAsciiLetterOrDigit(letter))
            {
                name.Append(letter);
            }
            else if (name.Length > 0 && name[^1] != '-')
            {
                name.Append('-');
            }

            if (name.Length == Longest)
            {
                break;
            }
        }

        var result = name.ToString().TrimEnd('-');
        return result.Length > 0 ? result : otherwise;
    }
}
