using System.CommandLine;
using Torchyard.CommandLine;
using Torchyard.Flows.Starting;
using Torchyard.Recipes.Presets;

namespace Torchyard.Commands;

/// <summary><c>torchyard up</c>: the main job, from a recipe or a preset to a running, checked environment.</summary>
internal sealed class UpCommand : Verb
{
    private readonly Argument<string?> _recipe = RecipeArgument.Create();
    private readonly Option<bool> _recreate = new("--recreate")
    {
        Description = "Replace a running environment; what is kept on mounts stays",
    };
    private readonly Option<bool> _bestEffort = new("--best-effort")
    {
        Description = "Warn about limits that this machine cannot enforce, instead of refusing",
    };

    private readonly Option<string?> _torch = TorchOption.Create();
    private readonly Option<string?> _gpus = new("--gpus")
    {
        Description = "GPUs: all, none, how many free ones, or a list (default: the recipe's, else all that are free)",
        HelpName = "GPUS",
    };
    private readonly Option<bool> _wait = new("--wait") { Description = "Wait until as many GPUs are free as asked for" };

    private readonly Option<string?> _idleRelease = new("--idle-release")
    {
        Description = "Stop it when its GPUs were idle for so long, such as 2h or 90m; off (default: the recipe's)",
        HelpName = "TIME",
    };

    private readonly Option<string[]> _variables = new("--env", "-e")
    {
        Description = "Set NAME=VALUE, or pass NAME on",
        HelpName = "NAME=VALUE",
    };
    private readonly Option<string[]> _environmentFiles = new("--env-file")
    {
        Description = "Set what a file of NAME=VALUE lines says",
        HelpName = "FILE",
    };

    private readonly Option<bool> _trust = TrustOption.Create();

    public UpCommand()
        : base("up", VerbGroup.Start, "Build the environment of this directory if needed, start it, check it, say how to get in")
    {
        _gpus.CompletionSources.Add("all", "none");
        _idleRelease.CompletionSources.Add("30m", "2h", "8h", "off");
        Arguments.Add(_recipe);
        Options.Add(_recreate);
        Options.Add(_bestEffort);
        Options.Add(_torch);
        Options.Add(_gpus);
        Options.Add(_wait);
        Options.Add(_idleRelease);
        Options.Add(_variables);
        Options.Add(_environmentFiles);
        Options.Add(_trust);
        Options.Add(GlobalOptions.Json);
        Details = $"""
            Without a recipe file here, the preset that suits this machine is used: nothing needs to be
            written first. The directory is /workspace inside; it, the mounts of the recipe and the home
            directory stay when the container goes.

            It locks what is not locked, fetches and builds what the store does not have, starts the
            environment with the free GPUs of this machine, proves them, trains a step in it, asks
            Jupyter and SSH for an answer, and prints the panel.
            A second 'up' finds the environment running and prints the panel again. What changed in the
            recipe meanwhile is in it: memory, cpus and processes of [limits] are in force at once, the
            rest waits for --recreate.

            Variables of [environment] in the recipe, of --env-file and of -e are in everything that runs in
            the environment: commands, logins, notebooks. They are in no image, lock or log. Name a secret
            and leave its value out: -e HF_TOKEN passes yours on. The machine's proxies (http_proxy and its
            kin) are passed on by themselves, without user and password.

            With --idle-release 2h it is stopped when none of its GPUs was used for two hours, so that
            others can have them: ten minutes before, its terminals, its log, 'torchyard ps' and 'top' say
            so, and any use of a GPU prevents it. The next 'up' starts it again. While it runs, the option
            changes the time, and off takes it back.

            A recipe that wants more of this machine than its own directory, such as another directory or
            a port for other machines, asks first: see 'torchyard trust --help'. It also asks before it
            makes a home directory or / the project.

            Presets: {string.Join(", ", Preset.Names)}
            """;
        Examples =
        [
            new("torchyard up", "the recipe of this directory, or the preset for this machine"),
            new("torchyard up cpu", "a preset"),
            new("torchyard up h100 --torch 2.11", "a preset with another PyTorch line"),
            new("torchyard up experiments/small.toml", "a recipe somewhere else"),
            new("torchyard up -e WANDB_API_KEY --env-file train.env", "with variables, of which one is passed on by its name"),
            new("torchyard up --gpus 2 --idle-release 2h", "two free GPUs, given back after two hours without use"),
            new("torchyard up --recreate", "after the recipe changed"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var report = await new ProjectUp(invocation.Host).RunAsync(
            new UpOptions
            {
                Recipe = invocation.Get(_recipe),
                Torch = TorchOption.Read(invocation, _torch),
                Recreate = invocation.Get(_recreate),
                BestEffort = invocation.Get(_bestEffort),
                Gpus = invocation.Get(_gpus),
                Wait = invocation.Get(_wait),
                IdleRelease = invocation.Get(_idleRelease),
                Variables = invocation.Get(_variables) ?? [],
                EnvironmentFiles = invocation.Get(_environmentFiles) ?? [],
                Trust = invocation.Get(_trust),
            },
            cancellation
        );
        invocation.Answer(report, ReportJson.Default.EnvironmentReport, found => AccessPanel.Show(found, invocation.Screen));
        return report.Troubles.Count == 0 && report.Changes.All(change => change.State != ChangeState.Refused)
            ? ExitCode.Done
            : ExitCode.Failed;
    }
}
