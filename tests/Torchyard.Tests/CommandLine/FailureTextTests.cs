using System.Globalization;
using Torchyard.CommandLine;
using Torchyard.Platform.Errors;
using Torchyard.Terminal;

namespace Torchyard.Tests.CommandLine;

public sealed class FailureTextTests
{
    [Fact]
    public void An_error_in_a_file_shows_the_line_and_a_caret_and_exits_2()
    {
        using var directory = new TemporaryDirectory();
        var file = directory.Write("file", "name = \"a\"\npackges = []\n");
        var (status, text) = Show(
            new TorchyardException("TY1002", "unknown key 'packges'", "write 'packages'") { Location = new SourceLocation(file, 2, 1) }
        );
        Assert.Equal(2, status);
        Assert.Equal(
            $"error TY1002: unknown key 'packges'\n  at {file}:2:1\n  2 | packges = []\n    | ^\n  cure: write 'packages'\n",
            text
        );
    }

    [Fact]
    public void The_caret_stands_under_its_letter_behind_tabs_and_wide_letters()
    {
        using var directory = new TemporaryDirectory();
        var file = directory.Write("file", "\tname = \"火炬\" x\n");
        var (_, text) = Show(new TorchyardException("TY1001", "no", "yes") { Location = new SourceLocation(file, 1, 14) });
        Assert.Contains("    | \t" + new string(' ', 14) + "^\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_failure_without_a_place_exits_1()
    {
        var (status, text) = Show(new TorchyardException("TY2003", "the mirror does not answer", "try again"));
        Assert.Equal(1, status);
        Assert.Equal("error TY2003: the mirror does not answer\n  cure: try again\n", text);
    }

    [Fact]
    public void A_full_disk_is_an_expected_failure()
    {
        var (status, text) = Show(new IOException("No space left on device : '/store/tmp/x'", 28));
        Assert.Equal(1, status);
        Assert.StartsWith("error TY9003: No space left on device", text, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", text, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unexpected_failure_is_a_text_for_a_bug_report()
    {
        var (status, text) = Show(new InvalidOperationException("boom"));
        Assert.Equal(1, status);
        Assert.Contains("TY9002", text, StringComparison.Ordinal);
        Assert.Contains("Please report", text, StringComparison.Ordinal);
        Assert.Contains("verb build", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Escape_sequences_in_a_message_do_not_reach_the_terminal()
    {
        var (_, text) = Show(new TorchyardException("TY2001", "package \e[2Jevil", "none"));
        Assert.DoesNotContain('\e', text);
    }

    private static (int Status, string Text) Show(Exception failure)
    {
        using var error = new StringWriter(CultureInfo.InvariantCulture);
        using var screen = new Screen(
            new ScreenStreams { Output = TextWriter.Null, Error = error },
            TimeProvider.System,
            ProgressStyle.Auto
        );
        var status = new FailureText(screen, verbose: false, json: false).Show(failure, "build");
        return (status, error.ToString());
    }
}
