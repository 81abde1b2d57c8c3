namespace Torchyard.Packages.Debian.Control;

/// <summary>Evaluates architecture lists (Debian Policy 7.1) and build profile formulas (deb-control and the BuildProfileSpec).</summary>
internal static class DependencyRestrictions
{
    /// <summary>True when the list is empty or names the architecture, or when it is negated and does not.</summary>
    public static bool AllowArchitecture(ReadOnlySpan<byte> list, ReadOnlySpan<byte> architecture)
    {
        var any = false;
        var negated = false;
        foreach (var range in list.SplitAny(" \t\r\n"u8))
        {
            var word = list[range];
            if (word.IsEmpty)
            {
                continue;
            }

            any = true;
            negated = word[0] == '!';
            if (Matches(negated ? word[1..] : word, architecture))
            {
                return !negated;
            }
        }

        return !any || negated;
    }

    /// <summary>
    /// True when some formula holds with no build profile set: <c>&lt;!nocheck&gt;</c> holds, <c>&lt;stage1&gt;</c> does not.
    /// </summary>
    public static bool AllowWithoutProfiles(ReadOnlySpan<byte> formulas)
    {
        if (formulas.IsEmpty)
        {
            return true;
        }

        while (true)
        {
            var open = formulas.IndexOf((byte)'<');
            if (open < 0)
            {
                return false;
            }

            var close = formulas.IndexOf((byte)'>');
            if (close < open)
            {
                return false;
            }

            var holds = true;
            var inside = formulas[(open + 1)..close];
            foreach (var range in inside.SplitAny(" \t\r\n"u8))
            {
                var word = inside[range];
                holds &= word.IsEmpty || word[0] == '!';
            }

            if (holds)
            {
                return true;
            }

            formulas = formulas[(close + 1)..];
        }
    }

    // deb-control wildcards: any, linux-any, any-amd64. Debian names of Linux architectures carry no "linux-".
    private static bool Matches(ReadOnlySpan<byte> pattern, ReadOnlySpan<byte> architecture) =>
        pattern.SequenceEqual(architecture)
        || pattern.SequenceEqual("any"u8)
        || pattern.SequenceEqual("linux-any"u8)
        || (pattern.StartsWith("any-"u8) && pattern[4..].SequenceEqual(architecture));
}
