using System.Text.Json;
using Torchyard.Packages.Dockerfiles;
using Torchyard.Platform.Files;
using Torchyard.Platform.Text;
using Torchyard.Recipes.Drafts;

namespace Torchyard.Flows.Importing;

/// <summary>
/// A Dockerfile as part of a recipe: its last stage and those that it stands on. Installations by apt, pip and conda become packages,
/// variables become variables; commands of its own, which a recipe has no place for, are named.
/// </summary>
internal sealed class DockerfileImport
{
    private readonly Import _import;
    private readonly string _shown;
    private readonly Dictionary<string, string> _arguments = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _variables = new(StringComparer.Ordinal);
    private readonly DockerContext _context = new();
    private readonly RunCommands _commands;

    private DockerfileImport(Import import, string shown)
    {
        (_import, _shown) = (import, shown);
        _commands = new RunCommands(import, shown, _context);
    }

    /// <summary>Adds a file.</summary>
    /// <param name="import">The translation.</param>
    /// <param name="path">Absolute path.</param>
    public static void Add(Import import, string path)
    {
        var shown = Path.GetRelativePath(import.Files.Directory, path);
        new DockerfileImport(import, shown).Add(Dockerfile.Parse(import.Files.Read(path, Dockerfile.LargestFile), shown));
    }

    private void Add(IReadOnlyList<DockerInstruction> instructions)
    {
        // Only ARGs before the first FROM count in FROM.
        foreach (var argument in instructions.TakeWhile(instruction => instruction.Name == "ARG"))
        {
            SetArgument(argument);
        }

        var stages = Stages(instructions);
        var chain = Chain(stages);
        foreach (var other in stages.Where(stage => !chain.Contains(stage)))
        {
            _import.Gap(
                At(other.From),
                $"FROM {other.From.Text}",
                "a stage that the last one does not stand on: what it copies from there is not in the recipe"
            );
        }

        foreach (var stage in chain)
        {
            foreach (var instruction in stage.Instructions)
            {
                Add(instruction);
            }
        }
    }

    private void Add(DockerInstruction instruction)
    {
        switch (instruction.Name)
        {
            case "RUN":
                Run(instruction);
                break;
            case "ENV":
                Environment(instruction);
                break;
            case "ARG":
                SetArgument(instruction);
                break;
            case "WORKDIR":
                _context.WorkingDirectory = Path.GetFullPath(Replaced(instruction.Text), _context.WorkingDirectory);
                _import.Became(
                    At(instruction),
                    $"WORKDIR {instruction.Text}",
                    EnvironmentPlaces.Workspace,
                    "the project is there, and programs start there"
                );
                break;
            case "COPY" or "ADD":
                Copy(instruction);
                break;
            case "LABEL" or "MAINTAINER":
                Label(instruction);
                break;
            case "EXPOSE":
                Expose(instruction);
                break;
            case "USER":
                _import.Became(At(instruction), $"USER {instruction.Text}", "", "programs run as 'trainer', an ordinary user");
                break;
            case "CMD" or "ENTRYPOINT":
                _import.Gap(
                    At(instruction),
                    $"{instruction.Name} {instruction.Text}",
                    "an environment stays up and runs what you tell it: torchyard exec NAME COMMAND"
                );
                break;
            case "VOLUME":
                _import.Gap(At(instruction), $"VOLUME {instruction.Text}", "write a [[mounts]] with the directory of the host for it");
                break;
            case "SHELL" or "STOPSIGNAL" or "HEALTHCHECK" or "ONBUILD":
                _import.Gap(At(instruction), $"{instruction.Name} {instruction.Text}", "a recipe has nothing of that kind");
                break;
            default:
                _import.Gap(At(instruction), $"{instruction.Name} {instruction.Text}", "this is not an instruction that is known here");
                break;
        }
    }

    private void Run(DockerInstruction instruction)
    {
        foreach (
            var flag in instruction.Flags.Where(flag =>
                flag.Contains("type=secret", StringComparison.Ordinal) || flag.Contains("type=ssh", StringComparison.Ordinal)
            )
        )
        {
            _import.Gap(
                At(instruction),
                $"RUN {flag}",
                "nothing is given a secret here: keep the login in pip's configuration or ~/.netrc"
            );
        }

        if (instruction.Documents.Count > 0)
        {
            // RUN <<EOF is a script; "RUN cat <<EOF > file" is not.
            if (instruction.Text.StartsWith("<<", StringComparison.Ordinal) && !instruction.Text.Contains(' '))
            {
                foreach (var (script, line) in instruction.Documents)
                {
                    Add(ShellLine.Parse(script, at => line + script.AsSpan(0, Math.Min(at, script.Length)).Count('\n'), Variable));
                }
            }
            else
            {
                _import.Gap(At(instruction), $"RUN {instruction.Text}", RunCommands.OwnCommand);
            }

            return;
        }

        if (instruction.Text.StartsWith('['))
        {
            if (Words(instruction.Text) is { } words)
            {
                Add([new ShellCommand(words, instruction.Line, string.Join(' ', words))]);
            }
            else
            {
                _import.Gap(At(instruction), $"RUN {instruction.Text}", "this cannot be read as a command");
            }

            return;
        }

        Add(ShellLine.Parse(instruction.Text, instruction.LineAt, Variable));
    }

    private void Add(IReadOnlyList<ShellCommand> commands)
    {
        foreach (var command in commands)
        {
            _commands.Add(command);
        }
    }

    private void Environment(DockerInstruction instruction)
    {
        foreach (var (name, written) in Pairs(instruction.Text, isEnvironment: true))
        {
            var place = At(instruction);
            if (name is "PATH" or "LD_LIBRARY_PATH" or "PYTHONHOME" or "CUDA_HOME" or "CUDA_PATH" or "LIBRARY_PATH")
            {
                _import.Gap(place, Shown(name, written), "it names places of that image, which are others here");
                continue;
            }

            if (DockerVariables.Replace(written, Variable) is not { } value || value.Contains("$(", StringComparison.Ordinal))
            {
                _import.Gap(place, Shown(name, written), "a variable in it is not known");
                continue;
            }

            _variables[name] = value;
            if (name is "DEBIAN_FRONTEND" or "PIP_NO_CACHE_DIR" or "PIP_DISABLE_PIP_VERSION_CHECK" or "CONDA_DIR" or "LANG" or "LC_ALL")
            {
                _import.Became(place, $"ENV {name}", "", "only for building the image, or so anyway");
            }
            else
            {
                _import.SetVariable(place, $"ENV {name}", name, value);
            }
        }
    }

    private static string Shown(string name, string written) =>
        $"ENV {name}={(RecipeDraft.IsSecret(name, written) ? UrlText.Hidden : written)}";

    private void SetArgument(DockerInstruction instruction)
    {
        foreach (var (name, value) in Pairs(instruction.Text, isEnvironment: false))
        {
            if (value.Length > 0 && DockerVariables.Replace(value, Variable) is { } known)
            {
                _arguments[name] = known;
                _import.Became(At(instruction), $"ARG {name}", "", "put in where it is used");
            }
            else if (value.Length > 0)
            {
                _import.Gap(
                    At(instruction),
                    $"ARG {name}",
                    "a variable in its value is not known, so that what depends on it is not either"
                );
            }
            else if (!_arguments.ContainsKey(name))
            {
                _import.Gap(At(instruction), $"ARG {name}", "it has no value, so that what depends on it is not known");
            }
        }
    }

    private void Copy(DockerInstruction instruction)
    {
        var text = $"{instruction.Name} {instruction.Text}";
        if (instruction.Flag("from") is { } stage)
        {
            _import.Gap(
                At(instruction),
                $"{instruction.Name} --from={stage} {instruction.Text}",
                "what another stage or image makes is not in the recipe"
            );
            return;
        }

        if (instruction.Documents.Count > 0)
        {
            _import.Gap(At(instruction), text, "put the file into the project");
            return;
        }

        var words = instruction.Text.StartsWith('[')
            ? Words(instruction.Text)
            : [.. Replaced(instruction.Text).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)];
        if (
            words is not { Count: > 1 }
            || words.Any(word => word.Contains("://", StringComparison.Ordinal) || word.StartsWith("git@", StringComparison.Ordinal))
        )
        {
            _import.Gap(At(instruction), text, "fetch the file into the project");
            return;
        }

        _context.Copy([.. words.SkipLast(1)], words[^1]);
        _import.Became(At(instruction), text, EnvironmentPlaces.Workspace, "the project is there as it is");
    }

    private void Label(DockerInstruction instruction)
    {
        var pairs = instruction.Name == "MAINTAINER" ? [("maintainer", instruction.Text)] : Pairs(instruction.Text, isEnvironment: true);
        foreach (var (name, written) in pairs)
        {
            var why = DockerVariables.Replace(written, Variable) is { } value
                ? _import.Draft.SetLabel(name, value)
                : "a variable in it is not known";
            if (why is null)
            {
                _import.Became(At(instruction), $"{instruction.Name} {name}", "image.labels");
            }
            else
            {
                _import.Gap(At(instruction), $"{instruction.Name} {name}", why);
            }
        }
    }

    private void Expose(DockerInstruction instruction)
    {
        foreach (var port in Replaced(instruction.Text).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            if (port.Split('/')[0] is "8888")
            {
                _import.Became(At(instruction), $"EXPOSE {port}", "services.jupyter", "where a package brings Jupyter");
            }
            else
            {
                _import.Gap(
                    At(instruction),
                    $"EXPOSE {port}",
                    "an environment shares the ports of the machine: a program listens, and is reached"
                );
            }
        }
    }

    private string? Variable(string name) => _variables.GetValueOrDefault(name) ?? _arguments.GetValueOrDefault(name);

    private string Replaced(string text) => DockerVariables.Replace(text, Variable) ?? text;

    private string At(DockerInstruction instruction) => $"{_shown}:{instruction.Line}";

    private static List<string>? Words(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 4 });
            return
                document.RootElement.ValueKind == JsonValueKind.Array
                && document.RootElement.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String)
                ? [.. document.RootElement.EnumerateArray().Select(item => item.GetString()!)]
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // "A=b C='d e'", and "A b" of old.
    private static IEnumerable<(string Name, string Value)> Pairs(string text, bool isEnvironment)
    {
        var first = text.IndexOfAny([' ', '\t', '=']);
        if (isEnvironment && first > 0 && text[first] != '=')
        {
            return [(text[..first], text[first..].Trim())];
        }

        // Variables are replaced later, each where it is known.
        return
        [
            .. DockerVariables.Words(text).Select(word => word.Split('=', 2)).Select(pair => (pair[0], pair.Length > 1 ? pair[1] : "")),
        ];
    }

    private static List<DockerStage> Stages(IReadOnlyList<DockerInstruction> instructions)
    {
        var stages = new List<DockerStage>();
        foreach (var instruction in instructions)
        {
            if (instruction.Name == "FROM")
            {
                stages.Add(new DockerStage(instruction, []));
            }
            else if (stages.Count > 0)
            {
                stages[^1].Instructions.Add(instruction);
            }
        }

        return stages;
    }

    /// <summary>The last stage and those that it stands on, first to last; the image that they begin with is added.</summary>
    private List<DockerStage> Chain(List<DockerStage> stages)
    {
        var chain = new List<DockerStage>();
        var index = stages.Count - 1;
        while (true)
        {
            var stage = stages[index];
            chain.Insert(0, stage);
            var words = stage.From.Text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (
                stage.From.Flag("platform") is { } platform
                && !platform.EndsWith("amd64", StringComparison.Ordinal)
                && !platform.Contains('$')
            )
            {
                _import.Gap(At(stage.From), $"--platform={platform}", "an environment is for the machine's own kind of processor, amd64");
            }

            var image = words.Length > 0 ? DockerVariables.Replace(words[0], Variable) : "";
            // A stage may stand on an earlier one alone.
            var before = stages.FindLastIndex(index, other =>
                other != stage && NameOf(other) is { } name && name.Equals(image, StringComparison.OrdinalIgnoreCase)
            );
            if (before >= 0 && before < index)
            {
                index = before;
                continue;
            }

            if (string.IsNullOrEmpty(image))
            {
                _import.Gap(At(stage.From), $"FROM {stage.From.Text}", "which image it is depends on a variable that is not known");
            }
            else
            {
                ContainerImages.Add(_import, At(stage.From), image);
            }

            return chain;
        }
    }

    private static string? NameOf(DockerStage stage)
    {
        var words = stage.From.Text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return words.Length == 3 && words[1].Equals("AS", StringComparison.OrdinalIgnoreCase) ? words[2] : null;
    }

    private sealed record DockerStage(DockerInstruction From, List<DockerInstruction> Instructions);
}
