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
        var root = CommandTree.Build(new GlobalOptions(), completing: invocation.Caller);
        foreach (var candidate in Completion.Of(root, invocation.Get(_line) ?? ""))
        {
            invocation.Screen.Line(candidate.Detail is { Length: > 0 } detail ? $"{candidate.Label}\t{detail}" : candidate.Label);
        }

        return Task.FromResult(ExitCode.Done);
    }
}
