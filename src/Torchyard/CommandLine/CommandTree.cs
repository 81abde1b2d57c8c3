using System.CommandLine;
using Torchyard.Commands;

namespace Torchyard.CommandLine;

/// <summary>All verbs. A new verb is one line here and one file in <c>Commands/</c>.</summary>
internal static class CommandTree
{
    /// <summary>Builds the command with every verb. Nothing but options is made here, so starting stays cheap.</summary>
    public static RootCommand Build(GlobalOptions options)
    {
        var root = new RootCommand("PyTorch-CUDA environments without Docker: resolve, build, run, prove");
        root.Directives.Clear();
        options.AddTo(root);
        foreach (var verb in Verbs())
        {
            root.Subcommands.Add(verb);
        }

        return root;
    }

    private static IEnumerable<Verb> Verbs() =>
    [
        new UpCommand(),
        new InitCommand(),
        new LockCommand(),
        new BuildCommand(),
        new CaptureCommand(),
        new FitCommand(),
        new WhyCommand(),
        new ImagesCommand(),
        new RmiCommand(),
        new PruneCommand(),
        new CheckCommand(),
        new BenchCommand(),
        new CdiCommand(),
        new DoctorCommand(),
        new GpusCommand(),
        new TuneCommand(),
        new VerifyCommand(),
        new DownCommand(),
        new RunCommand(),
        new PsCommand(),
        new TopCommand(),
        new ExecCommand(),
        new SshCommand(),
        new AttachCommand(),
        new LogsCommand(),
        new StopCommand(),
        new KillCommand(),
        new WaitCommand(),
        new RmCommand(),
        new CompletionCommand(),
        new CompleteCommand(),
        new LayersCommand(),
        new VersionCommand(),
    ];
}
