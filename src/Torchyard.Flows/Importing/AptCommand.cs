using Torchyard.Packages.Dockerfiles;

namespace Torchyard.Flows.Importing;

/// <summary><c>apt-get install</c> as part of a recipe.</summary>
/// <param name="import">The translation.</param>
internal sealed class AptCommand(Import import)
{
    // Options that change nothing of what is installed.
    private static readonly string[] Idle =
    [
        "--yes",
        "--assume-yes",
        "--quiet",
        "--fix-broken",
        "--fix-missing",
        "--verbose-versions",
        "--show-upgraded",
        "--no-install-recommends",
        "--no-install-suggests",
        "--no-upgrade",
        "--reinstall",
        "--allow-unauthenticated",
        "--allow-downgrades",
        "--allow-change-held-packages",
        "--force-yes",
    ];

    /// <summary>Adds what a command installs.</summary>
    /// <param name="place">File and line.</param>
    /// <param name="command">The command.</param>
    /// <param name="words">Its words without what stands before them.</param>
    public void Add(string place, ShellCommand command, List<string> words)
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
                import.Became(place, $"{word} {words.ElementAtOrDefault(++i)}", "", "how apt fetches is said by the machine");
            }
            else if (word is "-t" or "--target-release" or "--default-release")
            {
                i++;
                import.Gap(place, $"{word} {words.ElementAtOrDefault(i)}", "name the suite in base.extra-suites");
            }
            else if (!word.StartsWith('-'))
            {
                AddPackage(place, word);
            }
            else if (!Idle.Contains(word) && !OptionWord.AreFlags(word, "yqfmVu") && !word.StartsWith("-q=", StringComparison.Ordinal))
            {
                import.Gap(place, word, "this is not an option of apt that is known here");
            }
        }
    }

    private void AddPackage(string place, string word)
    {
        if (word.EndsWith(".deb", StringComparison.Ordinal))
        {
            import.Gap(place, word, "a package file: copy it into the project, then 'torchyard add' its path");
            return;
        }

        if (word.Contains('/'))
        {
            import.Gap(place, word, "a package of another suite: name one of Debian's");
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
}
