using System.CommandLine;
using System.CommandLine.Completions;
using Torchyard.CommandLine;

namespace Torchyard.Commands;

/// <summary><c>torchyard help</c>: what <c>--help</c> shows.</summary>
internal sealed class HelpCommand : Verb
{
    private readonly Argument<string?> _verb = new("VERB")
    {
        Description = "A verb (default: all of them)",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public HelpCommand()
        : base("help", VerbGroup.Program, "Show what a verb does and takes")
    {
        _verb.CompletionSources.Add(context =>
            ((RootCommand)context.ParseResult.RootCommandResult.Command)
                .Subcommands.OfType<Verb>()
                .Where(verb => !verb.Hidden)
                .Select(verb => new CompletionItem(verb.Name, detail: verb.Description))
        );
        Arguments.Add(_verb);
        Examples = [new("torchyard help exec", "as torchyard exec --help")];
    }

    public override Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var root = invocation.Parsed.RootCommandResult.Command;
        var asked = invocation.Get(_verb);
        var found = root.Subcommands.FirstOrDefault(verb => verb.Name == asked);
        HelpText.Show(asked is null ? root : found ?? throw CommandLineErrors.NoVerb(asked, root), root, invocation.Screen);
        return Task.FromResult(ExitCode.Done);
    }
}
