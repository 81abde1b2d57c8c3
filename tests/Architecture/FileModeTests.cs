using System.Text.RegularExpressions;

namespace Torchyard.Architecture;

/// <summary>
/// Permission bits have names, in <c>FileModes</c>: nobody sees that 0x1ED is 0755. The supervisor, which stands on nothing, writes them in
/// groups of three bits.
/// </summary>
public sealed partial class FileModeTests
{
    [Fact]
    public void Permission_bits_are_named_where_they_are_given() =>
        Findings.None(
            SourceModel
                .Current.NumbersFor(OfModes())
                .Where(number => !IsExcused(number.Place))
                .Select(number => $"{number.Place}: {number.Number}")
                .Order(StringComparer.Ordinal)
        );

    [Fact]
    public void Usual_permission_bits_stand_nowhere_as_numbers() =>
        Findings.None(
            SourceTree
                .Files("src")
                .Where(file => !IsExcused(file))
                .SelectMany(file => SourceTree.Read(file).Split('\n').Select((line, index) => (Line: line, Place: $"{file}:{index + 1}")))
                .Where(one => UsualModes().IsMatch(one.Line))
                .Select(one => $"{one.Place}: {UsualModes().Match(one.Line).Value}")
                .Order(StringComparer.Ordinal)
        );

    [Theory]
    [InlineData("Mode = 0x1ED", true)]
    [InlineData("0b111_101_101", true)]
    [InlineData("0o644 or 0755", false)]
    [InlineData("0x1ED0", false)]
    public void A_number_is_seen(string line, bool seen) => Assert.Equal(seen, UsualModes().IsMatch(line));

    private static bool IsExcused(string place) =>
        place.StartsWith("src/Torchyard.Supervisor/", StringComparison.Ordinal)
        || place.StartsWith("src/Torchyard.Platform/Linux/FileModes.cs", StringComparison.Ordinal);

    [GeneratedRegex("([a-z]|^)[Mm]ode$|[Uu]mask$|[Pp]ermissions$|^UnixFileMode$")]
    private static partial Regex OfModes();

    // 0755, 0644, 0600, 0700, 0777, 01777, 0711, 0640 and 0444, and bits in groups of three.
    [GeneratedRegex("\\b(0x0*(1ED|1A4|180|1C0|1FF|3FF|1C9|1A0|124)|0b([01]{3}_)+[01]{3})\\b", RegexOptions.IgnoreCase)]
    private static partial Regex UsualModes();
}
