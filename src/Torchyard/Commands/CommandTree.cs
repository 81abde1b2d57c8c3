using System.CommandLine;
using Torchyard.CommandLine;
using Torchyard.Flows.Hosts;

namespace Torchyard.Commands;

/// <summary>All verbs. A new verb is one line here and one file in <c>Commands/</c>.</summary>
internal static class CommandTree
{
    /// <summary>Builds the command with every verb. Nothing but options is made here, so starting stays cheap.</summary>
    /// <param name="options">Options of all verbs.</param>
    /// <param name="completing">For whom a line is completed; null when none is.</param>
    public static RootCommand Build(GlobalOptions options, Caller? completing = null)
    {
        var root = new ProgramRoot("PyTorch-CUDA environments without Docker: resolve, build, run, prove") { Caller = completing };
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
            new AddCommand(),
            new RemoveCommand(),
            new LockCommand(),
            new BuildCommand(),
            new CaptureCommand(),
            new TrimCommand(),
            new TrustCommand(),
            new FitCommand(),
            new WhyCommand(),
            new ImagesCommand(),
            new RmiCommand(),
            new TagCommand(),
            new DiffCommand(),
            new PullCommand(),
            new PushCommand(),
            new CopyCommand(),
            new LoginCommand(),
            new LogoutCommand(),
            new PolicyCommand(),
            new MirrorCommand(),
            new VolumeCommand(),
            new PruneCommand(),
            new CheckCommand(),
            new ValidateCommand(),
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
            new ShellCommand(),
            new CpCommand(),
            new SshCommand(),
            new OpenCommand(),
            new AttachCommand(),
            new LogsCommand(),
            new InspectCommand(),
            new StartCommand(),
            new StopCommand(),
            new RestartCommand(),
            new KillCommand(),
            new WaitCommand(),
            new RmCommand(),
            new SubmitCommand(),
            new JobsCommand(),
            new HelpCommand(),
            new CompletionCommand(),
            new CompleteCommand(),
            new LayersCommand(),
            new ManualPagesCommand(),
            new VersionCommand(),
            new UninstallCommand(),
        ];
}
