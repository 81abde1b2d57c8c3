using System.Buffers.Binary;
using Torchyard.Images.Debian.Configure;
using Torchyard.Images.Debian.Unpacking;
using Torchyard.Platform.Files;

namespace Torchyard.Images.Tests.Configure;

/// <summary>The moment that TeX leaves in its format files.</summary>
public sealed class TexFormatTests
{
    private static readonly DateTimeOffset Dumped = new(2026, 11, 30, 17, 3, 40, TimeSpan.Zero);
    private static readonly DateTimeOffset Lock = new(2025, 2, 1, 4, 5, 0, TimeSpan.Zero);

    [Fact]
    public void Formats_of_two_moments_are_the_same_afterwards()
    {
        var one = TexFormat.Settled(Format(17, 3, 30, 11, 2026), Dumped.ToUnixTimeSeconds(), Lock.ToUnixTimeSeconds());
        var midnight = new DateTimeOffset(2026, 12, 1, 0, 0, 10, TimeSpan.Zero);
        var other = TexFormat.Settled(Format(23, 59, 30, 11, 2026), midnight.ToUnixTimeSeconds(), Lock.ToUnixTimeSeconds());

        Assert.Equal(Format(4, 5, 1, 2, 2025), one);
        Assert.Equal(one, other);
    }

    [Fact]
    public void A_format_without_a_moment_of_its_writing_stays()
    {
        var written = Dumped.ToUnixTimeSeconds();
        Assert.Null(TexFormat.Settled(Format(17, 3, 29, 11, 2026), written, 0));
        Assert.Null(TexFormat.Settled(Format(17, 4, 30, 11, 2026), written, 0));
        Assert.Null(TexFormat.Settled(Format(16, 3, 30, 11, 2026), written, 0));
        Assert.Null(TexFormat.Settled(Format(17, 3, 30, 13, 2026), written, 0));
        Assert.Null(TexFormat.Settled([], written, 0));
        Assert.Null(TexFormat.Settled(new byte[100], written, 0));
    }

    [Fact]
    public void Where_two_places_could_be_the_moment_nothing_is_changed()
    {
        var format = Format(17, 3, 30, 11, 2026);
        Assert.Null(TexFormat.Settled([.. format, .. format], Dumped.ToUnixTimeSeconds(), 0));
    }

    [Fact]
    public void Of_four_numbers_that_are_not_parameters_of_one_kind_nothing_is_changed()
    {
        var format = Format(17, 3, 30, 11, 2026);
        format[Before + 13] ^= 1;
        Assert.Null(TexFormat.Settled(format, Dumped.ToUnixTimeSeconds(), 0));
    }

    [Fact]
    public void A_stage_that_dumped_a_format_has_the_time_of_the_lock_in_it()
    {
        using var directory = new TemporaryDirectory();
        var file = Path.Combine(directory.Path, "var/lib/texmf/web2c/tex/tex.fmt");
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllBytes(file, Format(17, 3, 30, 11, 2026));
        File.SetLastWriteTimeUtc(file, Dumped.UtcDateTime);

        using (var upper = new UpperDirectory(directory.Path, []))
        using (var changes = ConfinedDirectory.Open(directory.Path))
        {
            TexTree.Settle(upper, changes, Lock.ToUnixTimeSeconds());
        }

        Assert.Equal(Format(4, 5, 1, 2, 2025), File.ReadAllBytes(file));
    }

    private const int Before = 11;

    private static byte[] Format(int hour, int minute, int day, int month, int year)
    {
        var format = new byte[Before + 48];
        var parts = new[] { (hour * 60) + minute, day, month, year, 5 };
        for (var i = 0; i < parts.Length; i++)
        {
            BinaryPrimitives.WriteInt32BigEndian(format.AsSpan(Before + (i * 8)), parts[i]);
            format[Before + (i * 8) + 5] = 0x65;
        }

        return format;
    }
}
