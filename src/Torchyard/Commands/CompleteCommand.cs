using System.CommandLine;
using Torchyard.CommandLine;

namespace Torchyard.Commands;

/// <summary>
/// What the completion scripts ask: <c>torchyard complete -- LINE</c> with the command line up to the cursor.
/// One candidate a line, followed by a tab and its description where it has one.
/// </summary>
internal sealed class CompleteCommand : Verb
{
    private readonly Argument<string> _line = new("line") { Description = "The command line up to the cursor" };

    public CompleteCommand()
        : base("complete", VerbGroup.Program, "Answer the completion scripts of 'torchyard completion'")
    {
        Hidden = true;
        Arguments.Add(_line);
    }

    public override Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var line = invocation.Get(_line) ?? "";
        // The first word is the program, under whatever name it was called.
        var words = line.IndexOf(' ', StringComparison.Ordinal) is >= 0 and var blank ? line[(blank + 1)..] : "";
        var root = CommandTree.Build(new GlobalOptions());
        var parsed = root.Parse(words, new ParserConfiguration { ResponseFileTokenReplacer = null });
        var word = words[(words.LastIndexOf(' ') + 1)..];
        foreach (var item in parsed.GetCompletions(words.Length))
        {
            // Options are offered once a dash is typed, and only in their long form.
            var wanted = item.Label.StartsWith(word, StringComparison.Ordinal)
                && (item.Label.StartsWith("--", StringComparison.Ordinal) ? word.StartsWith('-') : !item.Label.StartsWith('-') && item.Label[0] != '/');
            if (!wanted)
            {
                continue;
            }

            invocation.Screen.Line(item.Detail is { Length: > 0 } detail ? $"{item.Label}\t{detail}" : item.Label);
        }

        return Task.FromResult(ExitCode.Done);
    }
}
