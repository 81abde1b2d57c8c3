using Torchyard.Packages.Dockerfiles;

namespace Torchyard.Flows.Importing;

/// <summary><c>conda install</c> and <c>conda env create</c> as part of a recipe.</summary>
/// <param name="import">The translation.</param>
/// <param name="files">Files that it names.</param>
internal sealed class CondaCommand(Import import, InsideFiles files)
{
    // Options that take a value and change nothing of what is installed.
    private static readonly string[] Valued = ["-n", "--name", "-p", "--prefix", "--solver", "--experimental-solver"];

    // Those without one.
    private static readonly string[] Idle =
    [
        "--yes",
        "--quiet",
        "--verbose",
        "--override-channels",
        "--strict-channel-priority",
        "--no-channel-priority",
        "--freeze-installed",
        "--no-update-deps",
        "--update-deps",
        "--update-all",
        "--all",
        "--copy",
        "--no-pin",
        "--force-reinstall",
        "--no-default-packages",
        "--no-rc",
        "--json",
    ];

    /// <summary>Adds what a command installs.</summary>
    /// <param name="place">File and line.</param>
    /// <param name="command">The command.</param>
    /// <param name="words">Its words without what stands before them.</param>
    public void Add(string place, ShellCommand command, List<string> words)
    {
        var specifications = new List<(string, string)>();
        for (var i = 2; i < words.Count; i++)
        {
            var (option, value) =
                words[i].StartsWith("--", StringComparison.Ordinal) && words[i].IndexOf('=') is > 0 and var equals
                    ? (words[i][..equals], words[i][(equals + 1)..])
                    : (words[i], null);
            if (option is "-c" or "--channel")
            {
                import.Became(
                    place,
                    $"channel {value ?? words.ElementAtOrDefault(++i)}",
                    "",
                    "packages come from Debian and Python's index instead"
                );
            }
            else if (option is "-f" or "--file")
            {
                AddFile(place, value ?? words.ElementAtOrDefault(++i) ?? "");
            }
            else if (Valued.Contains(option))
            {
                i += value is null ? 1 : 0;
            }
            else if (!option.StartsWith('-'))
            {
                specifications.Add((place, option));
            }
            else if (!Idle.Contains(option) && !OptionWord.AreFlags(option, "yqv"))
            {
                import.Gap(place, words[i], "this is not an option of conda that is known here");
            }
        }

        if (command.IsDynamic && specifications.Any(one => one.Item2.Contains('$')))
        {
            import.Gap(place, command.Text, "what it installs depends on something that only a shell knows");
            return;
        }

        CondaImport.AddAll(import, specifications);
    }

    /// <summary>Adds the file of a command that makes an environment.</summary>
    /// <param name="place">File and line.</param>
    /// <param name="command">The command.</param>
    /// <param name="words">Its words without what stands before them.</param>
    public void AddEnvironment(string place, ShellCommand command, List<string> words)
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
        if (files.Find(value) is { } path)
        {
            CondaImport.Add(import, path);
        }
        else
        {
            import.Gap(place, command.Text, "there is no such file in the project");
        }
    }

    private void AddFile(string place, string value)
    {
        if (files.Find(value) is not { } path)
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
}
