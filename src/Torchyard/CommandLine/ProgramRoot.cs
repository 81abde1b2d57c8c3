using System.CommandLine;
using System.CommandLine.Completions;
using Torchyard.Flows.Hosts;
using Torchyard.Platform.Files;

namespace Torchyard.CommandLine;

/// <summary>The command with all verbs; it knows for whom a line is completed, which the sources of candidates are not passed.</summary>
/// <param name="description">What the program does.</param>
internal sealed class ProgramRoot(string description) : RootCommand(description)
{
    /// <summary>Who presses the Tab key; null when no line is completed.</summary>
    public Caller? Caller { get; init; }

    /// <summary>Who presses the Tab key.</summary>
    /// <param name="context">The line.</param>
    public static Caller CallerOf(CompletionContext context) =>
        context.ParseResult.RootCommandResult.Command is ProgramRoot { Caller: { } caller }
            ? caller
            : throw new InvalidOperationException("a line is completed for nobody");

    /// <summary>The store that a command line means which is not complete yet.</summary>
    /// <param name="context">The line.</param>
    public static StorePaths StoreOf(CompletionContext context) =>
        Completion.Given(context, "--store") is { Length: > 0 } given
            ? new StorePaths(CallerOf(context).FullPath(given))
            : CallerOf(context).DefaultStore;
}
