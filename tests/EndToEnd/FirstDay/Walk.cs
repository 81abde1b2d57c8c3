using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Torchyard.EndToEnd.Terminals;

namespace Torchyard.EndToEnd.FirstDay;

/// <summary>A reader of a page at a shell on a terminal of 80 columns, who types its lines one after another.</summary>
internal sealed partial class Walk : IDisposable
{
    public const int Columns = 80;

    private const string Prompt = "@ready@";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(8);

    private readonly PseudoTerminal _terminal;

    private Walk(PseudoTerminal terminal) => _terminal = terminal;

    /// <summary>Starts the shell.</summary>
    /// <param name="directory">Where.</param>
    /// <param name="variables">Its variables.</param>
    /// <param name="before">Words that start the shell as somebody else; none for this user.</param>
    /// <param name="cancellation">Ends the wait for its prompt.</param>
    public static async Task<Walk> BeginAsync(
        string directory,
        IReadOnlyDictionary<string, string> variables,
        IEnumerable<string> before,
        CancellationToken cancellation
    )
    {
        var terminal = PseudoTerminal.StartProgram(
            directory,
            24,
            Columns,
            variables,
            [.. before, "bash", "--norc", "--noprofile", "--noediting", "-i"]
        );
        var walk = new Walk(terminal);
        // Written so that the line which is typed has not the text that is waited for.
        terminal.Type("PS2=; PS1='@read''y@'; PROMPT_COMMAND='echo \"@status $?\"@'\r");
        await terminal.ShowsAsync("@status 0@", cancellation);
        await terminal.ShowsAsync(Prompt, cancellation);
        return walk;
    }

    /// <summary>Types a line, and then what is typed into the program that it starts; waits for the next prompt.</summary>
    /// <param name="line">The line.</param>
    /// <param name="dialogue">Text that is waited for, and the keys that are typed when it is there.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <param name="statuses">Exit statuses that the line may have; none for 0.</param>
    /// <returns>What was shown below the line; fails the test at another exit status.</returns>
    public async Task<string> TypeAsync(
        TypedLine line,
        IReadOnlyList<(string Shown, string Keys)> dialogue,
        CancellationToken cancellation,
        params int[] statuses
    )
    {
        _terminal.Type(line.Command + "\r");
        var shown = new StringBuilder();
        foreach (var (text, keys) in dialogue)
        {
            shown.Append(await _terminal.ShowsAsync(text, cancellation, Patience)).Append(text);
            _terminal.Type(keys);
        }

        shown.Append(await _terminal.ShowsAsync("@status ", cancellation, Patience));
        var status = int.Parse(await _terminal.ShowsAsync("@", cancellation), CultureInfo.InvariantCulture);
        await _terminal.ShowsAsync(Prompt, cancellation);
        var all = shown.ToString();
        // The terminal echoes what is typed, and wraps it.
        var below = all.Contains("\r\n", StringComparison.Ordinal) ? all[(all.IndexOf("\r\n", StringComparison.Ordinal) + 2)..] : all;
        Assert.True(
            statuses.Length == 0 ? status == 0 : statuses.Contains(status),
            $"{line.Place}: {line.Command}\nended with status {status}\n{below}"
        );
        if (line.IsTorchyards)
        {
            Fits(line, below);
        }

        return below;
    }

    /// <summary>Fails the test when a line is wider than the terminal, or a frame is broken.</summary>
    private static void Fits(TypedLine line, string shown)
    {
        var lines = Sequence().Replace(shown, "").Split('\n').SelectMany(text => text.TrimEnd('\r').Split('\r')).ToList();
        // Warnings are prose. A word of more than half the width, such as a path or an address, is in one piece for whoever copies it: the
        // terminal wraps that.
        Assert.Empty(
            lines
                .Where(text =>
                    new StringInfo(text).LengthInTextElements > Columns
                    && !text.StartsWith("warning: ", StringComparison.Ordinal)
                    && !text.Split(' ').Any(word => word.Length > Columns / 2)
                )
                .Select(text => $"{line.Place}: wider than {Columns} columns: {text}")
        );
        Assert.Empty(
            lines.Where(text => text.StartsWith('│') && !text.EndsWith('│')).Select(text => $"{line.Place}: the frame is broken: {text}")
        );
    }

    public void Dispose() => _terminal.Dispose();

    // ECMA-48 control sequences.
    [GeneratedRegex(@"\x1b\[[0-9;?]*[ -/]*[@-~]")]
    private static partial Regex Sequence();
}
