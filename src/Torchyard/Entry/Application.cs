using System.CommandLine;
using System.CommandLine.Help;
using Torchyard.CommandLine;
using Torchyard.Commands;
using Torchyard.Containers.Namespaces;
using Torchyard.Flows.Hosts;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Terminal;

namespace Torchyard.Entry;

/// <summary>The program: reads the command line, runs the verb, turns every way to fail into text and an exit status.</summary>
internal sealed class Application(Caller caller, ScreenStreams streams, Interruption interruption)
{
    /// <summary>The program as a process.</summary>
    public static async Task<int> MainAsync(string[] arguments)
    {
        FileCreationMask.Set();
        using var interruption = new Interruption();
        interruption.Listen();
        var caller = ProcessCaller.Read();
        return await new Application(caller, ScreenStreams.OfThisProcess(caller.Variable), interruption).RunAsync(arguments);
    }

    /// <summary>Runs one command line to its exit status.</summary>
    public async Task<int> RunAsync(IReadOnlyList<string> arguments)
    {
        var options = new GlobalOptions();
        var root = CommandTree.Build(options);
        var help = root.Options.OfType<HelpOption>().Single();
        var version = root.Options.OfType<VersionOption>().Single();
        var separated = ProgramArguments.Separate(root, arguments);
        var parsed = root.Parse(separated, new ParserConfiguration { ResponseFileTokenReplacer = null });
        // Where -h is an option of the verb's own, it asks for help when nothing follows it, as docker has it.
        var asksForHelp = IsGiven(parsed, help) || (parsed.CommandResult.Command is Verb && arguments is [_, "-h"]);
        var style = parsed.Errors.Count == 0 ? parsed.GetValue(options.Progress) : ProgressStyle.Auto;
        var verbose = IsGiven(parsed, options.Verbose);
        using var screen = new Screen(streams, caller.Clock, style);
        // Also where the verb is not known, or has no such option: who asks for JSON reads JSON.
        var json = separated.TakeWhile(word => word != "--").Contains(GlobalOptions.Json.Name);
        var failures = new FailureText(screen, verbose, json, runsProgram: parsed.CommandResult.Command is IEndsAsProgram);

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

        var bunch = ProgramArguments.UnknownBunch(root, separated);
        if (parsed.Errors.Count > 0 || bunch is not null || CommandLineErrors.MisreadOption(parsed) is not null)
        {
            return failures.Show(CommandLineErrors.From(parsed, bunch));
        }

        if (parsed.CommandResult.Command is not Verb verb)
        {
            HelpText.Show(parsed.CommandResult.Command, root, screen);
            return ExitCode.Usage;
        }

        StorePaths store;
        try
        {
            CommandLineBytes.Require(arguments, CommandLineBytes.OfThisProcess);
            store = StorePlace.Require(
                parsed.GetValue(options.Store) is { Length: > 0 } given ? new StorePaths(caller.FullPath(given)) : caller.DefaultStore
            );
        }
        catch (TorchyardException failure)
        {
            return failures.Show(failure, verb.Name);
        }

        var invocation = new Invocation
        {
            Parsed = parsed,
            Screen = screen,
            Host = new Host
            {
                Store = store,
                Caller = caller,
                Progress = screen.Progress,
                Dialogue = screen,
            },
            Interruption = interruption,
        };
        // The program that does the work in a user namespace finds this store, whatever its own default is.
        var again = IsGiven(parsed, options.Store) ? arguments : ["--store", store.Root, .. arguments];
        return await RunAsync(verb, again, invocation, failures);
    }

    private static bool IsGiven(ParseResult parsed, Option option) => parsed.GetResult(option) is { Implicit: false };

    private async Task<int> RunAsync(Verb verb, IReadOnlyList<string> arguments, Invocation invocation, FailureText failures)
    {
        FileLock.OnLongWait = invocation.Screen.Progress.Note;
        try
        {
            StoreTrust.Require(invocation.Store);
            StorePrivacy.Correct(invocation.Store);
            return verb.TouchesLayers && !caller.IsRoot && Directory.Exists(invocation.Store.Layers)
                ? await new StoreNamespace(invocation.Store, SelfProgram.Current).RunAsync(
                    arguments,
                    invocation.Caller.WorkingDirectory,
                    keepOutput: true,
                    interruption.Token
                )
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
    private static bool IsCancellation(Exception failure) =>
        failure switch
        {
            OperationCanceledException => true,
            AggregateException several => several.Flatten().InnerExceptions.All(IsCancellation),
            TorchyardException { InnerException: { } inner } => IsCancellation(inner),
            _ => false,
        };
}
