using Torchyard.Packages.Dockerfiles;

namespace Torchyard.Flows.Importing;

/// <summary>Commands that install something, as part of a recipe: apt, pip, uv and conda. The rest is named.</summary>
/// <param name="import">The translation.</param>
/// <param name="shown">Name of the file.</param>
/// <param name="context">Where files of the project are.</param>
internal sealed class RunCommands(Import import, string shown, DockerContext context)
{
    /// <summary>Why a command is left out.</summary>
    public const string OwnCommand = "a command of its own: write it below [[run]] where it needs no network, or run it in the environment";

    private static readonly string[] IdleOfProject =
    [
        "--frozen",
        "--locked",
        "--no-dev",
        "--no-cache",
        "--no-root",
        "--no-install-project",
        "--no-editable",
        "--compile-bytecode",
        "--no-interaction",
        "--no-ansi",
        "--only=main",
        "--only",
        "main",
        "-n",
        "-q",
        "--quiet",
        "--sync",
        "--no-directory",
    ];

    private readonly InsideFiles _files = new(import, context);

    /// <summary>Adds a command.</summary>
    public void Add(ShellCommand command)
    {
        var words = Plain(command.Words);
        if (words.Count == 0)
        {
            return;
        }

        var place = $"{shown}:{command.Line}";
        if (IsNotNeeded(words))
        {
            import.Became(place, command.Text, "", "nothing has to be done for it");
        }
        else if (Installs(words) is not { } tool)
        {
            import.Gap(place, command.Text, OwnCommand);
        }
        else if (command.IsPart)
        {
            import.Gap(place, command.Text, "it depends on a condition, a loop or another command");
        }
        else
        {
            switch (tool)
            {
                case "apt":
                    new AptCommand(import).Add(place, command, words);
                    break;
                case "pip":
                    new PipCommand(import, shown, _files).Add(place, command, words);
                    break;
                case "conda":
                    new CondaCommand(import, _files).Add(place, command, words);
                    break;
                case "env":
                    new CondaCommand(import, _files).AddEnvironment(place, command, words);
                    break;
                default:
                    AddProject(place, command, words);
                    break;
            }
        }
    }

    /// <summary>The command without what stands before it: assignments, sudo, a shell's or Python's own front.</summary>
    private static List<string> Plain(IReadOnlyList<string> words)
    {
        var rest = words.ToList();
        while (rest.Count > 0 && (rest[0] is "sudo" or "-E" or "exec" or "time" or "env" or "command" or "@" || IsAssignment(rest[0])))
        {
            rest.RemoveAt(0);
        }

        if (rest.Count == 0)
        {
            return rest;
        }

        rest[0] = Path.GetFileName(rest[0]);
        if (rest.Count > 2 && rest[0].StartsWith("python", StringComparison.Ordinal) && rest[1] == "-m")
        {
            rest.RemoveRange(0, 2);
        }

        if (rest.Count > 1 && rest[0] == "uv" && rest[1] == "pip")
        {
            rest.RemoveAt(0);
        }

        if (rest.Count > 3 && rest[0] is "conda" or "mamba" or "micromamba" && rest[1] == "run")
        {
            // conda run [-n NAME] COMMAND
            var at = 2;
            while (at < rest.Count && rest[at].StartsWith('-'))
            {
                at += rest[at] is "-n" or "--name" or "-p" or "--prefix" ? 2 : 1;
            }

            rest = rest[Math.Min(at, rest.Count)..];
        }

        return rest;
    }

    private static bool IsAssignment(string word) =>
        word.IndexOf('=', StringComparison.Ordinal) is > 0 and var at
        && word[..at].All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '_');

    private static bool IsNotNeeded(List<string> words) =>
        words switch
        {
            ["apt-get" or "apt", .. var rest] => rest.Find(word => !word.StartsWith('-'))
                is "update"
                    or "clean"
                    or "autoclean"
                    or "autoremove"
                    or "upgrade"
                    or "dist-upgrade"
                    or "purge"
                    or "remove",
            ["rm", ..] => words
                .Skip(1)
                .Where(word => !word.StartsWith('-'))
                .All(word =>
                    word.StartsWith("/var/lib/apt", StringComparison.Ordinal)
                    || word.StartsWith("/var/cache", StringComparison.Ordinal)
                    || word.StartsWith("/tmp", StringComparison.Ordinal)
                    || word.StartsWith("/var/tmp", StringComparison.Ordinal)
                    || word.StartsWith("/root/.cache", StringComparison.Ordinal)
                    || word.StartsWith("~/.cache", StringComparison.Ordinal)
                ),
            ["pip" or "pip3", "cache", ..] => true,
            ["conda" or "mamba" or "micromamba", "clean" or "init" or "config" or "activate", ..] => true,
            ["set" or "true" or ":" or "ldconfig" or "update-ca-certificates", ..] => true,
            ["ln", ..] => Path.GetFileName(words[^1]) is "python" or "python3" or "pip",
            ["update-alternatives", ..] => words.Exists(word => Path.GetFileName(word) is "python" or "python3"),
            ["ensurepip", ..] => true,
            ["venv", ..] => true,
            ["uv", "venv", ..] => true,
            _ => false,
        };

    private static string? Installs(List<string> words) =>
        words switch
        {
            ["apt-get" or "apt" or "aptitude", .. var rest] when rest.Contains("install") => "apt",
            ["conda" or "mamba" or "micromamba", "env", "create" or "update", ..] => "env",
            ["conda" or "mamba" or "micromamba", "install" or "create", ..] => "conda",
            ["uv", "sync", ..] or ["poetry", "install", ..] => "project",
            [var pip, .. var rest] when pip.StartsWith("pip", StringComparison.Ordinal) && pip.Length <= 7 && rest.Contains("install") =>
                "pip",
            _ => null,
        };

    /// <summary><c>uv sync --extra gpu</c>, <c>poetry install --extras "a b"</c>.</summary>
    private void AddProject(string place, ShellCommand command, List<string> words)
    {
        var extras = new List<string>();
        for (var i = 2; i < words.Count; i++)
        {
            var (option, value) = words[i].IndexOf('=') is > 0 and var equals
                ? (words[i][..equals], words[i][(equals + 1)..])
                : (words[i], null);
            if (option is "--extra" or "-E" or "--extras")
            {
                value ??= words.ElementAtOrDefault(++i) ?? "";
                extras.AddRange(value.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries));
            }
            else if (!IdleOfProject.Contains(option))
            {
                import.Gap(place, words[i], "this is not translated: name what it adds in python.packages, or in python.pyproject-groups");
            }
        }

        _files.AddProject(place, command.Text, extras);
    }
}
