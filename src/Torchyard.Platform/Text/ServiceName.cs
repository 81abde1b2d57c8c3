using System.Text.RegularExpressions;

namespace Torchyard.Platform.Text;

/// <summary>Names of services: the table of the recipe, and the file of the log in the container.</summary>
public static partial class ServiceName
{
    /// <summary>Whether the text is a lower-case letter, then up to 31 lower-case letters, digits and '-'.</summary>
    public static bool IsValid(string text) => Pattern().IsMatch(text);

    [GeneratedRegex(@"\A[a-z][a-z0-9-]{0,31}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
