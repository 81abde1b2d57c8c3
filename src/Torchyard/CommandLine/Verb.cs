using System.CommandLine;

namespace Torchyard.CommandLine;

/// <summary>
/// One verb of the program. A verb is one sealed class in <c>Commands/</c>: its options are fields, its constructor adds them,
/// <see cref="RunAsync"/> calls the stage that does the work and shows the result through <see cref="Invocation.Screen"/>.
/// </summary>
internal abstract class Verb : Command
{
    /// <param name="name">What the user types.</param>
    /// <param name="group">Heading in the help text.</param>
    /// <param name="summary">One line: what it does, starting with a verb, no full stop.</param>
    protected Verb(string name, VerbGroup group, string summary)
        : base(name, summary)
    {
        Group = group;
        // A command without an action would be a parse error; Application calls RunAsync itself.
        SetAction(static int (_) => throw new InvalidOperationException("verbs run through Application"));
    }

    /// <summary>Heading in the help text.</summary>
    public VerbGroup Group { get; }

    /// <summary>What the help text of the verb says below its summary: plain paragraphs, wrapped by hand at 80 columns.</summary>
    public string Details { get; protected init; } = "";

    /// <summary>Command lines that a user can copy, each with what it does.</summary>
    public IReadOnlyList<Example> Examples { get; protected init; } = [];

    /// <summary>
    /// True when it reads or removes the insides of layers, which an ordinary user can only do in the store's user namespace.
    /// </summary>
    public bool TouchesLayers { get; protected init; }

    /// <summary>Does the work.</summary>
    /// <returns>The exit status: <see cref="ExitCode"/>, or that of the user's own program.</returns>
    /// <exception cref="Torchyard.Platform.Errors.TorchyardException">Something expected failed; it is shown with code and
    /// cure.</exception>
    public abstract Task<int> RunAsync(Invocation invocation, CancellationToken cancellation);
}

/// <summary>A command line in a help text.</summary>
/// <param name="CommandLine">What to type.</param>
/// <param name="Meaning">What it does.</param>
internal sealed record Example(string CommandLine, string Meaning);
