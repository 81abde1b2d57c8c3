using System.Diagnostics;
using Torchyard.CommandLine;
using Torchyard.Commands;
using Torchyard.Testing.Golden;

namespace Torchyard.Tests.CommandLine;

/// <summary>The manual pages that a release has.</summary>
public sealed class ManualPageTests : IDisposable
{
    private static readonly DateOnly Date = new(2026, 11, 30);
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void There_is_a_page_of_the_program_and_one_of_each_verb_that_help_shows()
    {
        var verbs = CommandTree
            .Build(new GlobalOptions())
            .Subcommands.Where(verb => !verb.Hidden)
            .Select(verb => $"torchyard-{verb.Name}.1");

        Assert.Equal(["torchyard.1", .. verbs], Pages().Select(page => page.FileName));
    }

    /// <summary>The pages have quotes, braces, a tilde and each part that a page can have.</summary>
    [Theory]
    [InlineData("torchyard-completion.1")]
    [InlineData("torchyard-down.1")]
    public void A_page_is_the_whole_text_that_its_golden_file_has(string name)
    {
        var page = Pages().Single(page => page.FileName == name).Text;
        GoldenFile.Compare($"tests/Torchyard.Tests/CommandLine/Golden/{name}.golden", page);
    }

    [Theory]
    [InlineData("groff", "-ww", "-man", "-Tutf8", "-z")]
    [InlineData("mandoc", "-Tlint", "-Wwarning")]
    public void Programs_that_show_pages_have_nothing_to_object(string program, params string[] arguments)
    {
        foreach (var page in Pages())
        {
            var file = Path.Combine(_directory.Path, page.FileName);
            File.WriteAllText(file, page.Text);
            Assert.Equal("", Run(program, [.. arguments, file]));
        }
    }

    // What the reader copies from the page is what the program takes.
    [Fact]
    public void A_command_line_is_shown_with_the_signs_that_a_shell_takes()
    {
        var file = Path.Combine(_directory.Path, "page.1");
        File.WriteAllText(file, Pages().Single(page => page.FileName == "torchyard-completion.1").Text);

        var shown = Run("groff", ["-man", "-Tutf8", "-P-c", "-P-b", "-P-u", "-rLL=200n", file]);

        Assert.Contains("""eval "$(torchyard completion bash)" """.Trim(), shown, StringComparison.Ordinal);
        Assert.Contains("""torchyard completion zsh > "${fpath[1]}/_torchyard" """.Trim(), shown, StringComparison.Ordinal);
        Assert.Contains("torchyard completion fish > ~/.config/fish/completions/torchyard.fish", shown, StringComparison.Ordinal);
        Assert.Contains("-h, --help", shown, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(".hidden", @"\&.hidden")]
    [InlineData("'quoted'", @"\(aqquoted\(aq")]
    [InlineData(@"C:\new", @"C:\enew")]
    [InlineData("é 中", @"\[u00E9] \[u4E2D]")]
    public void No_text_is_taken_for_a_command_of_roff(string text, string line)
    {
        var page = new RoffText();
        page.Words(text);

        Assert.Equal(line + "\n", page.ToString());
    }

    [Fact]
    public void Lists_and_examples_inside_a_text_keep_their_lines()
    {
        var page = new RoffText();
        page.Paragraphs("one\ntwo\n\n  a  b\n  c\n\nthree");

        Assert.Equal("one two\n.PP\n.RS 2\n.nf\na  b\nc\n.fi\n.RE\n.PP\nthree\n", page.ToString());
    }

    [Fact]
    public async Task The_verb_writes_them_with_the_date_that_it_is_given()
    {
        using var run = new CommandRun();

        Assert.Equal(0, await run.RunAsync("manual-pages", "man", "2026-02-03"));

        Assert.Equal(Pages().Count, Directory.GetFiles(run.PathOf("man")).Length);
        Assert.StartsWith(
            $".TH TORCHYARD 1 2026-02-03 \"torchyard {ProgramVersion.Number}\" Torchyard\n",
            await File.ReadAllTextAsync(run.PathOf("man/torchyard.1"), TestContext.Current.CancellationToken),
            StringComparison.Ordinal
        );
    }

    private static IReadOnlyList<ManualPage> Pages() => ManualPages.Of(CommandTree.Build(new GlobalOptions()), "0.0.0", Date);

    private static string Run(string program, IReadOnlyList<string> arguments)
    {
        var path = Requires.Program(program);
        using var process = Process.Start(
            new ProcessStartInfo(path, arguments) { RedirectStandardOutput = true, RedirectStandardError = true }
        )!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output + error.Result;
    }
}
