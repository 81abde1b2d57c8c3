using System.CommandLine;
using Torchyard.CommandLine;
using Torchyard.Flows.Access;
using Torchyard.Flows.Fitting;
using Torchyard.Flows.Importing;
using Torchyard.Flows.Trust;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Recipes.Presets;
using Torchyard.Recipes.Reading;
using Torchyard.Recipes.Settings;

namespace Torchyard.Commands;

/// <summary><c>torchyard init</c>: writes a recipe to start from.</summary>
internal sealed class InitCommand : Verb
{
    private readonly Argument<string?> _preset = new("preset")
    {
        Description = "The preset to start from (default: the one for this machine)",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> _from = new("--from")
    {
        Description = "Make the recipe of a file, a directory with one, a virtual environment, or an environment that runs",
        HelpName = "SOURCE",
    };

    private readonly Option<bool> _strict = new("--strict")
    {
        Description = "With --from: write nothing, exit status 1, when a line cannot be translated",
    };

    private readonly Option<string?> _example = new("--example")
    {
        Description = "Also write a complete training script: cnn (train.py, the default) or gpt (gpt.py)",
        HelpName = "EXAMPLE",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private readonly Option<bool> _devcontainer = new("--devcontainer")
    {
        Description = $"Also write {DevcontainerFile.Name}; of a recipe that is here already, only that",
    };
    private readonly Option<string?> _torch = TorchOption.Create();
    private readonly Option<bool> _force = new("--force") { Description = "Overwrite files that exist" };

    public InitCommand()
        : base("init", VerbGroup.Make, "Write a recipe (torchyard.toml) to start from")
    {
        _preset.CompletionSources.Add(_ => Preset.Names);
        Arguments.Add(_preset);
        _from.CompletionSources.Add(ContainerNames.Complete);
        Options.Add(_from);
        Options.Add(_strict);
        _example.CompletionSources.Add(_ => TrainingExample.All.Select(example => example.Name));
        Options.Add(_example);
        Options.Add(_devcontainer);
        Options.Add(_force);
        Options.Add(_torch);
        Options.Add(GlobalOptions.Json);
        Details = $"""
            The recipe is written into the working directory, with comments; its name is that of the
            directory. It needs no change: 'torchyard up' builds and starts it as it is.

            Presets: {string.Join(", ", Preset.Names)}

            --from reads a requirements.txt, pyproject.toml, environment.yml, Dockerfile or pylock.toml, the
            directory of a virtual environment, or the name of an environment, and shows what became what,
            and each line that it could not translate, with the reason. Nothing of it is run.

            train.py and gpt.py choose CPU or GPU at run time, train with torchrun on several GPUs, and end
            with the same weights when they are killed in the middle and started again. train.py trains a
            small network on pictures; gpt.py a transformer of up to a billion parameters on text, in FP32,
            TF32, FP16, BF16 or FP8 (docs/training.md).

            devcontainer.json is for editors that work in containers of docker (VS Code's Dev Containers,
            DevPod): it builds the image of the recipe, gives it to docker, and opens the project in it.
            An environment of 'torchyard up' needs none: see 'torchyard ssh --config'.
            """;
        Examples =
        [
            new("torchyard init", "a recipe for this machine"),
            new("torchyard init cpu --example", "PyTorch on CPUs, and a script to train with"),
            new("torchyard init h100 --example gpt", "and a transformer that uses an H100 fully"),
            new("torchyard init --devcontainer", "also what VS Code needs to reopen the directory in a container of docker"),
            new("torchyard init h100 --torch 2.11", "PyTorch 2.11 with CUDA for H100 GPUs"),
            new("torchyard init minimal --force", "start over from the smallest preset"),
            new("torchyard init --from requirements.txt", "what the project has already"),
            new("torchyard init --from ../their-project", "its Dockerfile, environment.yml, pylock.toml or requirements"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        if (invocation.Get(_from) is { } from)
        {
            return await FromAsync(invocation, from, cancellation);
        }

        if (invocation.Get(_strict) || invocation.Json)
        {
            throw new TorchyardException(
                "TY1057",
                "--strict and --json say how a translation ends, and nothing is translated",
                "name what to translate with --from, or leave the option out"
            )
            {
                IsUsage = true,
            };
        }

        var (presetName, example) = Example(invocation);
        var choice = presetName is { } named ? new PresetChoice(named, "", null) : RecipeChoice.ForThisMachine(invocation.Host);
        var torch = TorchOption.Read(invocation, _torch);
        var preset = Preset.Get(choice.Preset, torch, torch is null ? null : RecipeChoice.Suite(torch));
        var directory = invocation.Caller.WorkingDirectory;
        var name = RecipeName.From(Path.GetFileName(directory), otherwise: preset.Recipe.Name);
        var files = new List<(string Name, string Text)>
        {
            (
                RecipeReader.FileName,
                preset.Content.Replace($"name = \"{preset.Recipe.Name}\"", $"name = \"{name}\"", StringComparison.Ordinal)
            ),
        };
        var isWritten = false;
        if (invocation.Get(_devcontainer))
        {
            // The recipe that is here is the one that it is for.
            // With --force a preset that is named takes its place; else the file for editors alone is overwritten.
            isWritten = File.Exists(Path.Combine(directory, RecipeReader.FileName)) && !(invocation.Get(_force) && presetName is not null);
            var recipe = isWritten
                ? (
                    await new RecipeGate(invocation.Host, allow: false).OpenAsync(
                        RecipeChoice.Find(invocation.Host, named: null, torch: null),
                        cancellation
                    )
                ).Recipe
                : preset.Recipe with
                {
                    Name = name,
                };
            if (isWritten)
            {
                files.Clear();
            }

            files.Add((DevcontainerFile.Name, DevcontainerFile.Write(recipe)));
        }

        if (example is not null)
        {
            files.Add((example.FileName, example.Read()));
        }

        if (!invocation.Get(_force) && files.Find(file => ProjectDirectory.Has(directory, file.Name)) is { Name: { } existing })
        {
            throw new TorchyardException(
                "TY1014",
                $"there is already a {existing} here",
                "choose another directory, or give --force to overwrite it"
            )
            {
                IsUsage = true,
            };
        }

        if (choice.Warning is { } warning)
        {
            invocation.Screen.Progress.Warn(warning);
        }

        ProjectDirectory.Write(directory, files);
        foreach (var file in files)
        {
            invocation.Screen.Line($"wrote {file.Name}{(file.Name == RecipeReader.FileName ? $" from the preset '{preset.Name}'" : "")}");
        }

        invocation.Screen.Line();
        invocation.Screen.Line(isWritten ? "Next: reopen the directory in its container, in the editor" : "Next: torchyard up");
        return ExitCode.Done;
    }

    /// <summary>The preset, and the example where one is wanted: <c>--example h100</c> names a preset, as <c>--example</c> needs no name.
    /// </summary>
    private (string? Preset, TrainingExample? Example) Example(Invocation invocation)
    {
        var preset = invocation.Get(_preset);
        if (invocation.Parsed.GetResult(_example) is null)
        {
            return (preset, null);
        }

        if (invocation.Get(_example) is not { } name)
        {
            return (preset, TrainingExample.Default);
        }

        if (TrainingExample.All.FirstOrDefault(example => example.Name == name) is { } found)
        {
            return (preset, found);
        }

        return preset is null && Preset.Names.Contains(name)
            ? (name, TrainingExample.Default)
            : throw new TorchyardException(
                "TY1059",
                $"there is no example '{name}'",
                $"name one of {string.Join(", ", TrainingExample.All.Select(example => example.Name))}, or give --example alone"
            )
            {
                IsUsage = true,
            };
    }

    private async Task<int> FromAsync(Invocation invocation, string from, CancellationToken cancellation)
    {
        RequireAlone(invocation);
        var report = await new ImportFlow(invocation.Host).RunAsync(
            new ImportRequest
            {
                From = from,
                Force = invocation.Get(_force),
                Strict = invocation.Get(_strict),
            },
            cancellation
        );
        invocation.Answer(report, ImportJson.Default.ImportReport, found => ImportText.Show(invocation.Screen, found));
        return report.Recipe.Length > 0 ? ExitCode.Done : ExitCode.Failed;
    }

    // What a preset decides, the file decides.
    private void RequireAlone(Invocation invocation)
    {
        var other =
            invocation.Get(_preset) is not null ? "a preset"
            : invocation.Get(_torch) is not null ? "--torch"
            : invocation.Parsed.GetResult(_example) is not null ? "--example"
            : invocation.Get(_devcontainer) ? "--devcontainer"
            : null;
        if (other is not null)
        {
            throw new TorchyardException(
                "TY1057",
                $"{other} cannot be given together with --from, which takes what is there in the place of a preset",
                "give one of the two"
            )
            {
                IsUsage = true,
            };
        }
    }
}
