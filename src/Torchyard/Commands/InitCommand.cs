using System.CommandLine;
using Torchyard.CommandLine;
using Torchyard.Platform;
using Torchyard.Platform.Files;
using Torchyard.Recipes;

namespace Torchyard.Commands;

/// <summary><c>torchyard init</c>: writes a recipe to start from.</summary>
internal sealed class InitCommand : Verb
{
    private readonly Argument<string?> _preset = new("preset")
    {
        Description = "The preset to start from (default: the one for this machine)",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<bool> _example = new("--example") { Description = "Also write train.py, a complete training script" };
    private readonly Option<string?> _torch = TorchOption.Create();
    private readonly Option<bool> _force = new("--force") { Description = "Overwrite files that exist" };

    public InitCommand()
        : base("init", VerbGroup.Make, "Write a recipe (torchyard.toml) to start from")
    {
        _preset.CompletionSources.Add(_ => Preset.Names);
        Arguments.Add(_preset);
        Options.Add(_example);
        Options.Add(_force);
        Options.Add(_torch);
        Details = $"""
            The recipe is written into the working directory, with comments; its name is that of the
            directory. It needs no change: 'torchyard up' builds and starts it as it is.

            Presets: {string.Join(", ", Preset.Names)}

            train.py chooses CPU or GPU at run time, trains with torchrun on several GPUs, and ends with
            the same weights when it is killed in the middle and started again.
            """;
        Examples =
        [
            new("torchyard init", "a recipe for this machine"),
            new("torchyard init cpu --example", "PyTorch on CPUs, and a script to train with"),
            new("torchyard init h100 --torch 2.11", "PyTorch 2.11 with CUDA for H100 GPUs"),
            new("torchyard init minimal --force", "start over from the smallest preset"),
        ];
    }

    public override Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var choice = invocation.Get(_preset) is { } named ? new PresetChoice(named, "", null) : RecipeChoice.ForThisMachine(invocation);
        var torch = TorchOption.Read(invocation, _torch);
        var preset = Preset.Get(choice.Preset, torch, torch is null ? null : RecipeChoice.Suite(torch));
        var directory = invocation.Caller.WorkingDirectory;
        var name = RecipeName.From(Path.GetFileName(directory), otherwise: preset.Recipe.Name);
        var files = new List<(string Name, string Text)>
        {
            (RecipeReader.FileName, preset.Content.Replace($"name = \"{preset.Recipe.Name}\"", $"name = \"{name}\"", StringComparison.Ordinal)),
        };
        if (invocation.Get(_example))
        {
            files.Add((TrainingExample.FileName, TrainingExample.Read()));
        }

        if (!invocation.Get(_force) && files.Find(file => File.Exists(Path.Combine(directory, file.Name))) is { Name: { } existing })
        {
            throw new TorchyardException("TY1014", $"there is already a {existing} here", "choose another directory, or give --force to overwrite it")
            {
                IsUsage = true,
            };
        }

        if (choice.Warning is { } warning)
        {
            invocation.Screen.Progress.Warn(warning);
        }

        foreach (var file in files)
        {
            AtomicFile.WriteText(Path.Combine(directory, file.Name), file.Text);
            invocation.Screen.Line($"wrote {file.Name}{(file.Name == RecipeReader.FileName ? $" from the preset '{preset.Name}'" : "")}");
        }

        invocation.Screen.Line();
        invocation.Screen.Line("Next: torchyard up");
        return Task.FromResult(ExitCode.Done);
    }
}
