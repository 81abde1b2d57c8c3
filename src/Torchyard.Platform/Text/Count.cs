using System.Globalization;

namespace Torchyard.Platform.Text;

/// <summary>
/// How many there are of something, in words: <c>1 layer</c>, <c>2 layers</c>. The one place that chooses between one and many.
/// </summary>
public static class Count
{
    /// <summary>The number with its noun.</summary>
    /// <param name="number">How many.</param>
    /// <param name="one">The noun for one: <c>layer</c>, <c>entry</c>.</param>
    /// <param name="many">The noun for all other numbers; null: made as English makes it.</param>
    public static string Of(long number, string one, string? many = null) =>
        string.Create(CultureInfo.InvariantCulture, $"{number} {(number == 1 ? one : many ?? Many(one))}");

    /// <summary>The word for one or for many, such as <c>names</c> beside <c>name</c>.</summary>
    public static string Word(long number, string one, string many) => number == 1 ? one : many;

    private static string Many(string one)
    {
        ArgumentNullException.ThrowIfNull(one);
        return one is [.., not ('a' or 'e' or 'i' or 'o' or 'u'), 'y'] ? one[..^1] + "ies"
            : one.EndsWith('s')
            || one.EndsWith('x')
            || one.EndsWith("ch", StringComparison.Ordinal)
            || one.EndsWith("sh", StringComparison.Ordinal)
                ? one + "es"
            : one + "s";
    }
}
