using System.Buffers.Binary;

namespace Torchyard.Images.Debian.Configure;

/// <summary>
/// A format file, which TeX dumps from its memory. Knuth's own <c>tex</c>, which Debian builds without SOURCE_DATE_EPOCH (texmfmp.c,
/// <c>onlyTeX</c>), leaves the moment in it: the parameters \time (minutes since midnight), \day, \month and \year stand one after the
/// other among the integers (tex.web, part 236). They are set again whenever a format is loaded (part 1337), so nothing depends on them.
/// </summary>
internal static class TexFormat
{
    internal const int LargestFile = 64 << 20;

    // A memory word: the number, big-endian on every machine (texmfmp.c, do_dump), and the type and level of the equivalent.
    private const int Word = 8;
    private const int Number = 4;

    // A dump is written at the end of the run that began with reading the clock.
    private static readonly TimeSpan LongestRun = TimeSpan.FromHours(1);

    /// <summary>The format with another moment; null when there is none in it, or it cannot be told which numbers are the moment.</summary>
    /// <param name="format">The file.</param>
    /// <param name="written">When it was written, seconds since 1970.</param>
    /// <param name="epoch">The moment that takes the place, seconds since 1970.</param>
    internal static byte[]? Settled(ReadOnlySpan<byte> format, long written, long epoch)
    {
        var end = DateTimeOffset.FromUnixTimeSeconds(written);
        int? found = null;
        for (var at = 0; at + (4 * Word) <= format.Length; at++)
        {
            if (Moment(format[at..]) is not { } moment || moment > end || end - moment > LongestRun)
            {
                continue;
            }

            if (found is not null)
            {
                return null;
            }

            found = at;
        }

        if (found is not { } place)
        {
            return null;
        }

        var settled = format.ToArray();
        var to = DateTimeOffset.FromUnixTimeSeconds(epoch);
        var parts = new[] { (to.Hour * 60) + to.Minute, to.Day, to.Month, to.Year };
        for (var i = 0; i < parts.Length; i++)
        {
            BinaryPrimitives.WriteInt32BigEndian(settled.AsSpan(place + (i * Word)), parts[i]);
        }

        return settled;
    }

    private static DateTimeOffset? Moment(ReadOnlySpan<byte> words)
    {
        // The year first: hardly any place has one there.
        if (
            At(words, 3) is not (> 1970 and < 3000 and var year)
            || At(words, 2) is not (>= 1 and <= 12 and var month)
            || At(words, 1) is not (>= 1 and var day)
            || At(words, 0) is not (>= 0 and < 24 * 60 and var minutes)
            || day > DateTime.DaysInMonth(year, month)
        )
        {
            return null;
        }

        for (var i = 1; i < 4; i++)
        {
            if (!words.Slice((i * Word) + Number, Word - Number).SequenceEqual(words[Number..Word]))
            {
                return null;
            }
        }

        return new DateTimeOffset(year, month, day, minutes / 60, minutes % 60, 0, TimeSpan.Zero);
    }

    private static int At(ReadOnlySpan<byte> words, int index) => BinaryPrimitives.ReadInt32BigEndian(words[(index * Word)..]);
}
