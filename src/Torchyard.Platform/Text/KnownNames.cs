using System.Globalization;

namespace Torchyard.Platform.Text;

/// <summary>What is said about a name that there is not: the one that was most likely meant, and those that there are.</summary>
public static class KnownNames
{
    // Two lines of a terminal; who has more than that looks at a list.
    private const int Most = 8;

    /// <summary>The cure of such a failure.</summary>
    /// <param name="name">What the user wrote.</param>
    /// <param name="known">What there is, also named by strangers; each is said once, on one line.</param>
    /// <param name="none">What to do when there is nothing at all.</param>
    /// <param name="lists">The commands that list all.</param>
    public static string Cure(string name, IEnumerable<string> known, string none, params string[] lists)
    {
        ArgumentNullException.ThrowIfNull(known);
        var names = known.Distinct(StringComparer.Ordinal).Select(VisibleText.Of).Order(StringComparer.Ordinal).ToList();
        if (names.Count == 0)
        {
            return none;
        }

        var shown = string.Join(", ", names.Take(Most));
        var there =
            names.Count > Most
                ? string.Create(CultureInfo.InvariantCulture, $"{shown} and {names.Count - Most} more ({Commands(lists)})")
                : shown;
        return NearestName.Find(name, names) is { } nearest ? $"did you mean '{nearest}'? there are: {there}" : $"name one of: {there}";
    }

    private static string Commands(IEnumerable<string> commands) => string.Join(", ", commands.Select(command => $"'{command}'"));
}
