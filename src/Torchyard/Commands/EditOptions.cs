using System.CommandLine;
using Torchyard.CommandLine;
using Torchyard.Flows.Adding;
using Torchyard.Platform.Text;
using Torchyard.Terminal;

namespace Torchyard.Commands;

/// <summary>What <c>add</c> and <c>remove</c> have in common.</summary>
internal sealed class EditOptions
{
    /// <summary>The recipe.</summary>
    public Option<string?> Recipe { get; } =
        new("--recipe") { Description = "The recipe file, or a directory with one (default: ./torchyard.toml)", HelpName = "FILE" };

    /// <summary>Debian packages alone.</summary>
    public Option<bool> System { get; }

    /// <summary>Show only.</summary>
    public Option<bool> DryRun { get; } = new("--dry-run") { Description = "Show what would change, and write nothing" };

    /// <summary>Nothing is asked.</summary>
    public Option<bool> Offline { get; } = new("--offline") { Description = "Ask no archive and no index: what the store knows must do" };

    /// <summary>Consent.</summary>
    public Option<bool> Trust { get; } = TrustOption.Create();

    /// <param name="system">What --system does.</param>
    public EditOptions(string system) => System = new Option<bool>("--system") { Description = system };

    /// <summary>Adds them to a verb.</summary>
    public void AddTo(Verb verb)
    {
        foreach (var option in new Option[] { System, Recipe, DryRun, Offline, Trust, GlobalOptions.Json })
        {
            verb.Options.Add(option);
        }
    }

    /// <summary>What they say.</summary>
    public EditRequest Read(Invocation invocation) =>
        new()
        {
            System = invocation.Get(System),
            Recipe = invocation.Get(Recipe),
            DryRun = invocation.Get(DryRun),
            Offline = invocation.Get(Offline),
            Trust = invocation.Get(Trust),
        };

    /// <summary>Shows what changed in the recipe and in the lock.</summary>
    public static void Show(Screen screen, EditOutcome outcome)
    {
        foreach (var note in outcome.Notes)
        {
            foreach (var line in TextWrap.Words(note, screen.Width))
            {
                screen.ErrorLine(line);
            }
        }

        if (outcome.Lines.Count > 0)
        {
            screen.Line(outcome.Recipe);
            foreach (var line in outcome.Lines)
            {
                // What a text of the recipe hides is seen before it is committed.
                screen.Line("  " + VisibleText.Of(line.Replace("\t", "  ", StringComparison.Ordinal)));
            }
        }

        LockText.Show(screen, outcome.Lock, outcome.BytesBefore);
        if (!outcome.Lock.DryRun && outcome.Lines.Count > 0)
        {
            screen.Line();
            screen.Line(outcome.IsRunning ? "Next: torchyard up --recreate" : "Next: torchyard up");
        }
    }
}
