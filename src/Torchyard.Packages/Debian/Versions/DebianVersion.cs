using System.Text;

namespace Torchyard.Packages.Debian.Versions;

/// <summary>
/// Order and syntax of Debian versions, <c>[epoch:]upstream[-revision]</c> (deb-version(7)). Works on the UTF-8 bytes of an index,
/// so that comparing allocates nothing.
/// </summary>
public static class DebianVersion
{
    /// <summary>
    /// Negative, zero or positive as <paramref name="left"/> is older than, the same as or newer than <paramref name="right"/>.
    /// </summary>
    public static int Compare(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        if (left.SequenceEqual(right))
        {
            return 0;
        }

        Split(left, out var leftEpoch, out var leftUpstream, out var leftRevision);
        Split(right, out var rightEpoch, out var rightUpstream, out var rightRevision);
        var order = ComparePart(leftEpoch, rightEpoch);
        if (order == 0)
        {
            order = ComparePart(leftUpstream, rightUpstream);
        }

        return order != 0 ? order : ComparePart(leftRevision, rightRevision);
    }

    /// <summary>As <see cref="Compare(ReadOnlySpan{byte}, ReadOnlySpan{byte})"/>, for text.</summary>
    public static int Compare(string left, string right)
    {
        ArgumentNullException.ThrowIfNull(left);
        ArgumentNullException.ThrowIfNull(right);
        return Compare(Encoding.UTF8.GetBytes(left), Encoding.UTF8.GetBytes(right));
    }

    /// <summary>True when the text keeps the rules of deb-version(7) as dpkg enforces them.</summary>
    public static bool IsValid(ReadOnlySpan<byte> version)
    {
        var colon = version.IndexOf((byte)':');
        if (colon >= 0)
        {
            // dpkg keeps the epoch in an int.
            if (
                colon is 0 or > 10
                || version[..colon].ContainsAnyExceptInRange((byte)'0', (byte)'9')
                || !int.TryParse(version[..colon], out _)
            )
            {
                return false;
            }

            version = version[(colon + 1)..];
        }

        var dash = version.LastIndexOf((byte)'-');
        var upstream = dash < 0 ? version : version[..dash];
        if (upstream.IsEmpty || !char.IsAsciiDigit((char)upstream[0]) || !IsMadeOf(upstream, ".-+~:"u8))
        {
            return false;
        }

        return dash < 0 || (dash + 1 < version.Length && IsMadeOf(version[(dash + 1)..], ".+~"u8));
    }

    /// <summary>As <see cref="IsValid(ReadOnlySpan{byte})"/>, for text.</summary>
    public static bool IsValid(string version)
    {
        ArgumentNullException.ThrowIfNull(version);
        return IsValid(Encoding.UTF8.GetBytes(version));
    }

    private static bool IsMadeOf(ReadOnlySpan<byte> text, ReadOnlySpan<byte> punctuation)
    {
        foreach (var c in text)
        {
            if (!char.IsAsciiLetterOrDigit((char)c) && !punctuation.Contains(c))
            {
                return false;
            }
        }

        return true;
    }

    private static void Split(
        ReadOnlySpan<byte> version,
        out ReadOnlySpan<byte> epoch,
        out ReadOnlySpan<byte> upstream,
        out ReadOnlySpan<byte> revision
    )
    {
        var colon = version.IndexOf((byte)':');
        epoch = colon < 0 ? [] : version[..colon];
        version = version[(colon + 1)..];
        var dash = version.LastIndexOf((byte)'-');
        upstream = dash < 0 ? version : version[..dash];
        revision = dash < 0 ? [] : version[(dash + 1)..];
    }

    // deb-version(7), "Sorting algorithm": runs of non-digits and of digits alternate; a missing number counts as zero.
    private static int ComparePart(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        int i = 0,
            j = 0;
        while (i < left.Length || j < right.Length)
        {
            while ((i < left.Length && !IsDigit(left[i])) || (j < right.Length && !IsDigit(right[j])))
            {
                var difference = Weight(left, i) - Weight(right, j);
                if (difference != 0)
                {
                    return difference;
                }

                i++;
                j++;
            }

            while (i < left.Length && left[i] == '0')
            {
                i++;
            }

            while (j < right.Length && right[j] == '0')
            {
                j++;
            }

            var first = 0;
            while (i < left.Length && j < right.Length && IsDigit(left[i]) && IsDigit(right[j]))
            {
                if (first == 0)
                {
                    first = left[i] - right[j];
                }

                i++;
                j++;
            }

            if (i < left.Length && IsDigit(left[i]))
            {
                return 1;
            }

            if (j < right.Length && IsDigit(right[j]))
            {
                return -1;
            }

            if (first != 0)
            {
                return first;
            }
        }

        return 0;
    }

    private static bool IsDigit(byte c) => c is >= (byte)'0' and <= (byte)'9';

    // A tilde sorts before the end, the end (and a digit) before letters, letters before all else.
    private static int Weight(ReadOnlySpan<byte> text, int at)
    {
        if (at >= text.Length || IsDigit(text[at]))
        {
            return 0;
        }

        var c = text[at];
        return c == '~' ? -1
            : char.IsAsciiLetter((char)c) ? c
            : c + 256;
    }
}
