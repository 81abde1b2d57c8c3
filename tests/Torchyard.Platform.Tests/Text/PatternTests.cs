using System.Text.RegularExpressions;

namespace Torchyard.Platform.Tests.Text;

/// <summary>Regular expressions of the source tree.</summary>
public sealed class PatternTests
{
    /// <summary>
    /// In .NET <c>$</c> also matches in front of a line feed at the end: a name with one would pass. <c>\z</c> is the end.
    /// </summary>
    [Fact]
    public void No_pattern_takes_a_line_feed_at_its_end()
    {
        var found = SourceTree
            .Files("src")
            .SelectMany(file =>
                SourceTree
                    .Read(file)
                    .Split('\n')
                    .Where(line =>
                        Regex.IsMatch(line, @"GeneratedRegex\(@?""([^""]|"""")*\$""")
                        && !line.Contains("RegexOptions.Multiline", StringComparison.Ordinal)
                    )
                    .Select(line => $"{file}: {line.Trim()}")
            );
        Assert.Empty(found);
    }
}
