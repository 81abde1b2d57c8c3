using Torchyard.Packages.Dockerfiles;
using Torchyard.Packages.Python.Requirements;
using Torchyard.Platform.Errors;

namespace Torchyard.Flows.Importing;

/// <summary><c>pip install</c> as part of a recipe.</summary>
/// <param name="import">The translation.</param>
/// <param name="shown">Name of the file.</param>
/// <param name="files">Files that it names.</param>
internal sealed class PipCommand(Import import, string shown, InsideFiles files)
{
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

    // Those without one.
    private static readonly string[] Idle =
    [
        "--no-cache-dir",
        "--no-cache",
        "--upgrade",
        "--quiet",
        "--verbose",
        "--yes",
        "--user",
        "--system",
        "--break-system-packages",
        "--no-compile",
        "--compile",
        "--no-input",
        "--no-warn-script-location",
        "--no-warn-conflicts",
        "--no-python-version-warning",
        "--disable-pip-version-check",
        "--prefer-binary",
        "--ignore-installed",
        "--force-reinstall",
        "--reinstall",
        "--no-clean",
        "--no-progress",
        "--no-color",
        "--use-pep517",
        "--check-build-dependencies",
    ];

    /// <summary>Adds what a command installs.</summary>
    /// <param name="place">File and line.</param>
    /// <param name="command">The command.</param>
    /// <param name="words">Its words without what stands before them.</param>
    public void Add(string place, ShellCommand command, List<string> words)
    {
        var read = new ForeignRequirements(import.Files);
        var at = new SourceLocation(shown, command.Line, 1);
        var install = words.IndexOf("install");
        for (var i = 1; i < words.Count; i++)
        {
            var word = words[i];
            if (i == install)
            {
                continue;
            }

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
                AddOption(place, command, read, at, option, value);
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
            else if (word.StartsWith('-') && !Idle.Contains(option) && !OptionWord.AreFlags(word, "UqvyI"))
            {
                import.Gap(place, word, "this is not an option of pip that is known here");
            }
            else if (!word.StartsWith('-') && i > install)
            {
                AddPackage(place, command, read, at, word);
            }
        }

        import.AddRequirements(read, place);
    }

    private void AddOption(string place, ShellCommand command, ForeignRequirements read, SourceLocation at, string option, string value)
    {
        if (option is "-r" or "--requirement")
        {
            if (files.Find(value) is { } path)
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
            files.AddProject(place, $"pip install {option} {value}", InsideFiles.ExtrasOf(value), value);
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

    private void AddPackage(string place, ShellCommand command, ForeignRequirements read, SourceLocation at, string word)
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
            || (word.StartsWith('.') || word.StartsWith('/')) && files.IsDirectory(word)
        )
        {
            files.AddProject(place, $"pip install {word}", InsideFiles.ExtrasOf(word), word);
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
}
