using System.Text.RegularExpressions;

namespace Torchyard.EndToEnd.Release;

/// <summary>Gates on the program as <c>./torchyard</c> publishes it.</summary>
public sealed partial class ProgramBuildTests
{
    /// <summary>
    /// The only place that states the limit. The program had 26.5 MB when it was set: room for what a fix needs, none for a library or a
    /// feature that nobody weighed. Whoever needs more raises it in the same commit, and writes the reason into
    /// docs/decisions/program-size.md.
    /// </summary>
    private const long SizeLimit = 34_000_000;

    [Fact]
    public void The_program_is_not_larger_than_was_decided()
    {
        var size = new FileInfo(ReleasedFiles.RequireNativeProgram()).Length;

        Assert.True(size <= SizeLimit, $"the program has {size:N0} bytes, the limit is {SizeLimit:N0}; see docs/decisions/program-size.md");
    }

    /// <summary>The compiler's own warnings are errors; those of the linker and of tools between them are only in the log.</summary>
    [Fact]
    public void Its_build_had_nothing_to_warn_of()
    {
        var log = Path.Combine(Path.GetDirectoryName(Path.GetDirectoryName(ReleasedFiles.RequireNativeProgram())!)!, "build.log");
        Assert.SkipUnless(File.Exists(log), $"{log} is missing; ./torchyard writes it");

        Assert.DoesNotContain(File.ReadLines(log), line => Warning().IsMatch(line));
    }

    [Theory]
    [InlineData("/src/x.cs(3,4): warning CS0168: The variable 'e' is declared but never used", true)]
    [InlineData("ILC : Trim analysis warning IL2026: Torchyard.X: Using member", true)]
    [InlineData("/usr/bin/ld: warning: x.o: missing .note.GNU-stack section implies executable stack", true)]
    [InlineData("    0 Warning(s)", false)]
    [InlineData("  Torchyard.Platform -> /src/Torchyard.Platform.dll", false)]
    public void A_line_of_the_log_that_warns_is_seen(string line, bool warns) => Assert.Equal(warns, Warning().IsMatch(line));

    [GeneratedRegex(@"\bwarning( [A-Z]+[0-9]+)?:")]
    private static partial Regex Warning();
}
