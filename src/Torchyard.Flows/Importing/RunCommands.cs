using Torchyard.Packages.Dockerfiles;
using Torchyard.Packages.Python.Requirements;
using Torchyard.Platform.Errors;

namespace Torchyard.Flows.Importing;

/// <summary>Commands that install something, as part of a recipe: apt, pip, uv and conda. The rest is named.</summary>
/// <param name="import">The translation.</param>
/// <param name="shown">Name of the file.</param>
/// <param name="context">Where files of the project are.</param>
internal sealed class RunCommands(Import import, string shown, DockerContext context)
{
    /// <summary>Why a command is left out.</summary>
    public const string OwnCommand = "a command of its own: run it in the environment, or put what it makes into the project";

    // Options of pip that take a value and change nothing of what is installed.
    private static readonly string[] QuietValues =
    [
        "--timeout",
        "--default-timeout",
        "--retries",
        "--progress-bar",
        "--cache-dir",
        "--log",
        "--root-user-action",
        "--upgrade-strategy",
        "--exists-action",
        "--python",
    ];

    private static readonly string[] RequirementOptions =
    [
        "-r",
        "--requirement",
        "-c",
        "--constraint",
        "-i",
        "--index-url",
        "--extra-index-url",
        "-f",
        "--find-links",
        "--no-binary",
        "--only-binary",
        "--trusted-host",
        "-e",
        "--editable",
    ];

    private static readonly string[] CondaValues = ["-n", "--name", "-p", "--prefix", "--solver", "--experimental-solver"];

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
                    Apt(place, command, words);
                    break;
                case "pip":
                    Pip(place, command, words);
                    break;
                case "conda":
                    Conda(place, command, words);
                    break;
                case "env":
                    CondaEnvironment(place, command, words);
                    break;
                default:
                    Project(place, command.Text, []);
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

    private void Apt(string place, ShellCommand command, List<string> words)
    {
        if (command.IsDynamic)
        {
            import.Gap(place, command.Text, "what it installs depends on something that only a shell knows");
            return;
        }

        for (var i = words.IndexOf("install") + 1; i < words.Count; i++)
        {
            var word = words[i];
            if (word is "-o" or "-c" or "--option" or "--config-file")
            {
                i++;
            }
            else if (word is "-t" or "--target-release" or "--default-release")
            {
                i++;
                import.Gap(place, $"{word} {words.ElementAtOrDefault(i)}", "name the suite in base.extra-suites");
            }
            else if (!word.StartsWith('-'))
            {
                AptPackage(place, word);
            }
        }
    }

    private void AptPackage(string place, string word)
    {
        if (word.Contains('/') || word.EndsWith(".deb", StringComparison.Ordinal))
        {
            import.Gap(place, word, "a file, or a package of another suite: name one of Debian's");
            return;
        }

        var package = word.Split('=')[0];
        var name = DebianNames.Find(package.Split(':')[0]);
        if (name.Names.Count == 0)
        {
            if (name.IsNeeded)
            {
                import.Gap(place, word, name.Note ?? "Debian has no such package");
            }
            else
            {
                import.Became(place, word, "", name.Note);
            }
        }
        else if (name.Names.All(request => import.AddPackage(place, word, request)))
        {
            import.Became(place, word, string.Join(", ", name.Names), word.Contains('=') ? "the version of the Debian release" : name.Note);
            import.Draft.Ssh |= name.Names.Contains("openssh-server");
        }
    }

    private void Pip(string place, ShellCommand command, List<string> words)
    {
        var read = new ForeignRequirements(import.Files);
        var at = new SourceLocation(shown, command.Line, 1);
        for (var i = words.IndexOf("install") + 1; i < words.Count; i++)
        {
            var word = words[i];
            var (option, value) =
                word.StartsWith("--", StringComparison.Ordinal) && word.IndexOf('=') is > 0 and var equals
                    ? (word[..equals], word[(equals + 1)..])
                    : (word, null);
            if (word.StartsWith('-') && QuietValues.Contains(option))
            {
                i += value is null ? 1 : 0;
            }
            else if (word.StartsWith('-') && RequirementOptions.Contains(option))
            {
                value ??= words.ElementAtOrDefault(++i) ?? "";
                PipOption(place, command, read, at, option, value);
            }
            else if (word is "--pre" or "--no-index" or "--require-hashes")
            {
                read.ReadLine(word, at);
            }
            else if (
                word
                is "--no-deps"
                    or "--no-build-isolation"
                    or "-t"
                    or "--target"
                    or "--prefix"
                    or "--global-option"
                    or "--config-settings"
            )
            {
                i += value is null && word is "-t" or "--target" or "--prefix" or "--global-option" or "--config-settings" ? 1 : 0;
                import.Gap(place, word, "packages are installed with what they need, as they are built for everybody");
            }
            else if (!word.StartsWith('-'))
            {
                PipPackage(place, command, read, at, word);
            }
        }

        import.AddRequirements(read, place);
    }

    private void PipOption(string place, ShellCommand command, ForeignRequirements read, SourceLocation at, string option, string value)
    {
        if (option is "-r" or "--requirement")
        {
            if (FindFile(value) is { } path)
            {
                RequirementsImport.Add(import, path);
            }
            else
            {
                import.Gap(place, $"{option} {value}", "there is no such file in the project");
            }
        }
        else if (option is "-e" or "--editable" && !value.Contains("://", StringComparison.Ordinal))
        {
            Project(place, $"pip install {option} {value}", ExtrasOf(value), value);
        }
        else if (command.IsDynamic && value.Contains('$'))
        {
            import.Gap(place, $"{option} {value}", "it depends on something that only a shell knows");
        }
        else
        {
            // A line of a requirement file, in which blanks and quotes count.
            read.ReadLine(value.Any(char.IsWhiteSpace) ? $"{option} '{value}'" : $"{option} {value}", at);
        }
    }

    private void PipPackage(string place, ShellCommand command, ForeignRequirements read, SourceLocation at, string word)
    {
        if (
            word is "pip" or "pip3"
            || word.StartsWith("pip=", StringComparison.Ordinal)
            || word.StartsWith("pip<", StringComparison.Ordinal)
            || word.StartsWith("pip>", StringComparison.Ordinal)
        )
        {
            import.Became(place, word, "", "every environment has pip");
        }
        else if (
            word == "."
            || word.StartsWith(".[", StringComparison.Ordinal)
            || (word.StartsWith('.') || word.StartsWith('/')) && IsDirectory(word)
        )
        {
            Project(place, $"pip install {word}", ExtrasOf(word), word);
        }
        else if (command.IsDynamic && word.AsSpan().IndexOfAny("$`*?") >= 0)
        {
            import.Gap(place, word, "it depends on something that only a shell knows");
        }
        else
        {
            read.ReadLine(word, at);
        }
    }

    private void Conda(string place, ShellCommand command, List<string> words)
    {
        var specifications = new List<(string, string)>();
        for (var i = 2; i < words.Count; i++)
        {
            var word = words[i];
            if (word is "-c" or "--channel" && i + 1 < words.Count)
            {
                import.Became(place, $"channel {words[++i]}", "", "packages come from Debian and Python's index instead");
            }
            else if (word is "-f" or "--file" && i + 1 < words.Count)
            {
                File(place, words[++i]);
            }
            else if (CondaValues.Contains(word))
            {
                i++;
            }
            else if (!word.StartsWith('-'))
            {
                specifications.Add((place, word));
            }
        }

        if (command.IsDynamic && specifications.Any(one => one.Item2.Contains('$')))
        {
            import.Gap(place, command.Text, "what it installs depends on something that only a shell knows");
            return;
        }

        CondaImport.AddAll(import, specifications);
    }

    private void CondaEnvironment(string place, ShellCommand command, List<string> words)
    {
        var at = words.FindIndex(word =>
            word is "-f" or "--file"
            || word.StartsWith("--file=", StringComparison.Ordinal)
            || word.StartsWith("-f=", StringComparison.Ordinal)
        );
        var value =
            at < 0 ? "environment.yml"
            : words[at].Contains('=') ? words[at].Split('=', 2)[1]
            : words.ElementAtOrDefault(at + 1) ?? "";
        if (FindFile(value) is { } path)
        {
            CondaImport.Add(import, path);
        }
        else
        {
            import.Gap(place, command.Text, "there is no such file in the project");
        }
    }

    private void File(string place, string value)
    {
        if (FindFile(value) is not { } path)
        {
            import.Gap(place, $"--file {value}", "there is no such file in the project");
        }
        else if (path.EndsWith(".yml", StringComparison.Ordinal) || path.EndsWith(".yaml", StringComparison.Ordinal))
        {
            CondaImport.Add(import, path);
        }
        else
        {
            import.Gap(place, $"--file {value}", "a list of conda's packages: name an environment.yml");
        }
    }

    /// <summary>The project itself is installed: what it needs becomes part of the recipe.</summary>
    private void Project(string place, string text, IReadOnlyList<string> extras, string directory = ".")
    {
        var bare = directory.Split('[')[0];
        var inProject = context.SourceOf(bare) ?? (bare is "." or "./" ? "." : bare.TrimStart('/'));
        var file = Path.Combine(import.Files.Directory, inProject, "pyproject.toml");
        if (!import.Files.IsOutside(file) && System.IO.File.Exists(file))
        {
            import.Became(place, text, "python.pyproject", "what the project needs; it is itself in /workspace");
            ProjectImport.Add(import, file, extras);
        }
        else
        {
            import.Gap(
                place,
                text,
                "the project itself is in /workspace, and a setup.py is not run: name what it needs in python.packages, and run "
                    + "'pip install -e .' in the environment"
            );
        }
    }

    private static string[] ExtrasOf(string text) =>
        text.EndsWith(']') && text.IndexOf('[') is >= 0 and var open
            ? text[(open + 1)..^1].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            : [];

    private bool IsDirectory(string word)
    {
        var path = Path.Combine(import.Files.Directory, context.SourceOf(word) ?? word.TrimStart('/'));
        return !import.Files.IsOutside(path) && Directory.Exists(path);
    }

    /// <summary>The file of the project that a command inside reads; null where there is none.</summary>
    private string? FindFile(string inside)
    {
        foreach (var candidate in new[] { context.SourceOf(inside), inside.TrimStart('/'), Path.GetFileName(inside) })
        {
            if (string.IsNullOrEmpty(candidate))
            {
                continue;
            }

            var path = Path.GetFullPath(candidate, import.Files.Directory);
            if (!import.Files.IsOutside(path) && System.IO.File.Exists(path))
            {
                return path;
            }
        }

        return null;
    }
}
