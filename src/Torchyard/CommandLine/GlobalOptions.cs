using System.CommandLine;
using Torchyard.Terminal;

namespace Torchyard.CommandLine;

/// <summary>Options that every verb has, and <c>--json</c>, which a verb adds when it can answer in JSON.</summary>
internal sealed class GlobalOptions
{
    /// <summary>Directory of the store.</summary>
    public Option<string?> Store { get; } =
        new("--store")
        {
            Description = "Directory of the store (else TORCHYARD_STORE, else the user's own)",
            HelpName = "DIR",
            Recursive = true,
        };

    /// <summary>Say more, stack traces of failures included.</summary>
    public Option<bool> Verbose { get; } =
        new("--verbose") { Description = "Say more: details of failures, what was tried", Recursive = true };

    /// <summary>How progress is shown.</summary>
    public Option<ProgressStyle> Progress { get; } =
        new("--progress")
        {
            Description = "Progress as 'bar', 'plain' lines or 'none' (default: bars on a terminal)",
            HelpName = "STYLE",
            Recursive = true,
        };

    /// <summary>
    /// The one <c>--json</c> option, shared by the verbs that have it, so that a verb without it refuses it.
    /// </summary>
    public static Option<bool> Json { get; } = new("--json") { Description = "Answer in JSON on standard output" };

    /// <summary>Adds the options that every verb has.</summary>
    public void AddTo(Command root)
    {
        Progress.CompletionSources.Clear();
        Progress.CompletionSources.Add("bar", "plain", "none");
        root.Options.Add(Store);
        root.Options.Add(Progress);
        root.Options.Add(Verbose);
    }
}
