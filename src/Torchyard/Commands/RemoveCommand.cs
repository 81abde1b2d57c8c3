using System.CommandLine;
using System.CommandLine.Completions;
using Torchyard.CommandLine;
using Torchyard.Flows.Adding;

namespace Torchyard.Commands;

/// <summary><c>torchyard remove</c>: takes packages out of the recipe and locks it.</summary>
internal sealed class RemoveCommand : Verb
{
    private readonly Argument<string[]> _packages = new("package")
    {
        Description = "A package that the recipe names, in any spelling, or a requirement file of it",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly EditOptions _edit = new("The packages are Debian's");

    public RemoveCommand()
        : base("remove", VerbGroup.Make, "Take packages out of the recipe, and lock it")
    {
        _packages.CompletionSources.Add(Complete);
        Arguments.Add(_packages);
        _edit.AddTo(this);
        Details = """
            The line of the package goes, with the comment behind it; everything else of the recipe stays
            as it is. What came only with it leaves the lock. When the recipe does not resolve without it,
            nothing is written.
            """;
        Examples =
        [
            new("torchyard remove einops", "out of the recipe, and what only it needed out of the lock"),
            new("torchyard remove --dry-run pandas", "what would go with it?"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var outcome = await new RemoveFlow(invocation.Host).RunAsync(
            _edit.Read(invocation) with
            {
                Packages = invocation.Get(_packages) ?? [],
            },
            cancellation
        );
        invocation.Answer(outcome, EditJson.Default.EditOutcome, found => EditOptions.Show(invocation.Screen, found));
        return ExitCode.Done;
    }

    private IEnumerable<CompletionItem> Complete(CompletionContext context) =>
        RemovablePackages
            .In(ProgramRoot.CallerOf(context).WorkingDirectory, context.ParseResult.GetValue(_edit.Recipe))
            .Select(name => new CompletionItem(name));
}
