using System.CommandLine;
using Torchyard.Building;
using Torchyard.CommandLine;
using Torchyard.Containers;
using Torchyard.Containers.Namespaces;
using Torchyard.Images;
using Torchyard.Recipes;
using Torchyard.Up;

namespace Torchyard.Commands;

/// <summary><c>torchyard up</c>: the main job, from a recipe or a preset to a running, checked environment.</summary>
internal sealed class UpCommand : Verb
{
    private readonly Argument<string?> _recipe = RecipeArgument.Create();
    private readonly Option<bool> _recreate = new("--recreate") { Description = "Replace a running environment; what is kept on mounts stays" };
    private readonly Option<bool> _bestEffort = new("--best-effort") { Description = "Warn about limits that this machine cannot enforce, instead of refusing" };

    private readonly Option<string?> _torch = TorchOption.Create();
    private readonly Option<string?> _gpus = new("--gpus") { Description = "GPUs: all, none, how many free ones, or a list (default: the recipe's, else all that are free)", HelpName = "GPUS" };
    private readonly Option<bool> _wait = new("--wait") { Description = "Wait until as many GPUs are free as asked for" };

    public UpCommand()
        : base("up", VerbGroup.Start, "Build the environment of this directory if needed, start it, check it, say how to get in")
    {
        Arguments.Add(_recipe);
        Options.Add(_recreate);
        Options.Add(_bestEffort);
        Options.Add(_torch);
        Options.Add(_gpus);
        Options.Add(_wait);
        Options.Add(GlobalOptions.Json);
        Details = $"""
            Without a recipe file here, the preset that suits this machine is used: nothing needs to be
            written first. The directory is /workspace inside; it, the mounts of the recipe and the home
            directory stay when the container goes.

            It locks what is not locked, fetches and builds what the store does not have, starts the
            environment with the free GPUs of this machine, proves them, trains a step in it, asks
            Jupyter and SSH for an answer, and prints the panel.
            A second 'up' finds the environment running and prints the panel again.

            Presets: {string.Join(", ", Preset.Names)}
            """;
        Examples =
        [
            new("torchyard up", "the recipe of this directory, or the preset for this machine"),
            new("torchyard up cpu", "a preset"),
            new("torchyard up h100 --torch 2.11", "a preset with another PyTorch line"),
            new("torchyard up experiments/small.toml", "a recipe somewhere else"),
            new("torchyard up --recreate", "after the recipe changed"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var images = new ImageStore(invocation.Store);
        // Held until the container has its layers, so that a prune does not take them away in between.
        using var use = await images.BeginUseAsync(invocation.Screen.Progress, cancellation);
        var containers = invocation.Containers();
        var layers = new MendingLayers(invocation);
        var flow = new UpFlow(
            invocation.Store,
            invocation.Caller,
            containers,
            new ContainerLauncher(containers, layers, invocation.Runtimes(), SelfProgram.Current, invocation.Screen.Progress),
            async (source, token) =>
            {
                var project = new ProjectImage(invocation);
                return await project.BuildAsync(await project.EnsureLockAsync(source, new LockOptions { Torch = source.Preset is null ? TorchOption.Read(invocation, _torch) : null }, token), token);
            },
            async (source, built, name, token) => await UpGpus.ForAsync(
                invocation, source.Recipe, invocation.Get(_gpus), invocation.Get(_wait), name, built, token),
            layers,
            invocation.Screen.Progress);
        var report = await flow.RunAsync(
            new UpRequest(FindSource(invocation), invocation.Get(_recreate), invocation.Get(_bestEffort), invocation.Get(_gpus)), cancellation);
        invocation.Answer(report, ReportJson.Default.EnvironmentReport, found => AccessPanel.Show(found, invocation.Screen));
        return report.Troubles.Count == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    private RecipeSource FindSource(Invocation invocation)
    {
        var directory = invocation.Caller.WorkingDirectory;
        var torch = TorchOption.Read(invocation, _torch);
        if (invocation.Get(_recipe) is { } named)
        {
            return RecipeChoice.Find(invocation, named, torch);
        }

        if (File.Exists(Path.Combine(directory, RecipeReader.FileName)))
        {
            return RecipeSource.Find(named: null, directory);
        }

        var choice = RecipeChoice.ForThisMachine(invocation);
        invocation.Screen.Progress.Note($"No {RecipeReader.FileName} here: using the preset '{choice.Preset}', as {choice.Reason}; 'torchyard init' writes it down to be changed");
        if (choice.Warning is { } warning)
        {
            invocation.Screen.Progress.Warn(warning);
        }

        return RecipeChoice.Find(invocation, choice.Preset, torch);
    }
}
