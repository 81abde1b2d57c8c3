using System.Globalization;

namespace Torchyard.Packages.Python.Versions;

/// <summary>One dot-separated part of a local version label: a number or lower-case text (PEP 440, "Local version identifiers").</summary>
internal readonly record struct LocalSegment(ulong Number, string? Text)
{
    public override string ToString() => Text ?? Number.ToString(CultureInfo.InvariantCulture);

    /// <summary>No label sorts first; numbers sort after text; a label sorts after its own prefix.</summary>
    public static int Compare(LocalSegment[]? left, LocalSegment[]? right)
    {
        if (left is null || right is null)
        {
            return (left is null ? 0 : 1).CompareTo(right is null ? 0 : 1);
        }

        for (var i = 0; i < Math.Min(left.Length, right.Length); i++)
        {
            var order = Compare(left[i], right[i]);
            if (order != 0)
            {
                return order;
            }
        }

        return left.Length.CompareTo(right.Length);
    }

    private static int Compare(LocalSegment left, LocalSegment right) =>
        (left.Text, right.Text) switch
        {
            (null, null) => left.Number.CompareTo(right.Number),
            (null, _) => 1,
            (_, null) => -1,
            _ => string.CompareOrdinal(left.Text, right.Text),
        };
}
