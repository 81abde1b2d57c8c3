using System.CommandLine;
using System.CommandLine.Help;
using Torchyard.Containers.Namespaces;
using Torchyard.Platform;
using Torchyard.Platform.Files;
using Torchyard.Terminal;

namespace Torchyard.CommandLine;

/// <summary>The program: reads the command line, runs the verb, turns every way to fail into text and an exit status.</summary>
internal sealed class Application(Caller caller, ScreenStreams streams, Interruption interruption)
{
    /// <summary>The program as a process.</summary>
    public static async Task<int> MainAsync(string[] arguments)
    {
        using var interruption = new Interruption();
        interruption.Listen();
        var caller = Caller.OfThisProcess();
        return await new Application(caller, ScreenStreams.OfThisProcess(caller.Variable), interruption).RunAsync(arguments);
    }

    /// <summary>Runs one command line to its exit status.</summary>
    public async Task<int> RunAsync(IReadOnlyList<string> arguments)
    {
        var options = new GlobalOptions();
        var root = CommandTree.Build(options);
        var help = root.Options.OfType<HelpOption>().Single();
        var version = root.Options.OfType<VersionOption>().Single();
        var parsed = root.Parse(ProgramArguments.Separate(root, arguments), new ParserConfiguration { ResponseFileTokenReplacer = null });
        var asksForHelp = IsGiven(parsed, help);
        var style = parsed.Errors.Count == 0 ? parsed.GetValue(options.Progress) : ProgressStyle.Auto;
        var verbose = IsGiven(parsed, options.Verbose);
        using var screen = new Screen(streams, caller.Clock, style);
        var failures = new FailureText(screen, verbose, json: IsGiven(parsed, GlobalOptions.Json));

        if (asksForHelp || (arguments.Count == 0))
        {
            HelpText.Show(parsed.CommandResult.Command, root, screen);
            return ExitCode.Done;
        }

        if (IsGiven(parsed, version) && parsed.CommandResult.Command == root)
        {
            screen.Line(ProgramVersion.Text);
            return ExitCode.Done;
        }

        if (parsed.Errors.Count > 0 || CommandLineErrors.MisreadOption(parsed) is not null)
        {
            return failures.Show(CommandLineErrors.From(parsed));
        }

        if (parsed.CommandResult.Command is not Verb verb)
        {
            HelpText.Show(parsed.CommandResult.Command, root, screen);
            return ExitCode.Usage;
        }

        var store = parsed.GetValue(options.Store) is { Length: > 0 } given ? new StorePaths(caller.FullPath(given)) : caller.DefaultStore;
        var invocation = new Invocation
        {
            Parsed = parsed,
            Screen = screen,
            Caller = caller,
            Store = store,
            Interruption = interruption,
        };
        // The program that does the work in a user namespace finds this store, whatever its own default is.
        IReadOnlyList<string> again = IsGiven(parsed, options.Store) ? arguments : ["--store", store.Root, .. arguments];
        return await RunAsync(verb, again, invocation, failures);
    }

    private static bool IsGiven(ParseResult parsed, Option option) => parsed.GetResult(option) is { Implicit: false };

    private async Task<int> RunAsync(Verb verb, IReadOnlyList<string> arguments, Invocation invocation, FailureText failures)
    {
        try
        {
            return verb.TouchesLayers && !caller.IsRoot && Directory.Exists(invocation.Store.Layers)
                ? await new StoreNamespace(invocation.Store, SelfProgram.Current).RunAsync(
                    arguments, keepOutput: true, interruption.Token)
                : await verb.RunAsync(invocation, interruption.Token);
        }
        catch (Exception failure) when (interruption.Token.IsCancellationRequested && IsCancellation(failure))
        {
            invocation.Screen.CloseProgress();
            if (failure is not StoppedInsideException)
            {
                invocation.Screen.ErrorLine("stopped; what was finished stays, the next run goes on from there");
            }

            return interruption.ExitStatus;
        }
        catch (Exception failure)
        {
            return failures.Show(failure, verb.Name);
        }
    }

    // Parallel work may wrap the cancellation; then every inner failure is one.
    private static bool IsCancellation(Exception failure) => failure switch
    {
        OperationCanceledException => true,
        AggregateException several => several.Flatten().InnerExceptions.All(IsCancellation),
        TorchyardException { InnerException: { } inner } => IsCancellation(inner),
        _ => false,
    };
}
