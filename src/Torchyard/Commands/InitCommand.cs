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

    private readonly Option<bool> _example = new("--example") { Description = "Also write train.py, a complete training script" };
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

            train.py chooses CPU or GPU at run time, trains with torchrun on several GPUs, and ends with
            the same weights when it is killed in the middle and started again.

            devcontainer.json is for editors that work in containers of docker (VS Code's Dev Containers,
            DevPod): it builds the image of the recipe, gives it to docker, and opens the project in it.
            An environment of 'torchyard up' needs none: see 'torchyard ssh --config'.
            """;
        Examples =
        [
            new("torchyard init", "a recipe for this machine"),
            new("torchyard init cpu --example", "PyTorch on CPUs, and a script to train with"),
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

        var choice = invocation.Get(_preset) is { } named
            ? new PresetChoice(named, "", null)
            : RecipeChoice.ForThisMachine(invocation.Host);
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
            isWritten =
                File.Exists(Path.Combine(directory, RecipeReader.FileName))
                && !(invocation.Get(_force) && invocation.Get(_preset) is not null);
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

        if (invocation.Get(_example))
        {
            files.Add((TrainingExample.FileName, TrainingExample.Read()));
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
            : invocation.Get(_example) ? "--example"
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
