using System.CommandLine;

namespace Torchyard.CommandLine;

/// <summary>A verb whose last argument is a program with arguments of its own, as those of <c>run</c> and <c>exec</c>.</summary>
internal interface IStartsProgram;

/// <summary>One that ends with that program's status, from which its own failures must be told: 125, as docker has it.</summary>
internal interface IEndsAsProgram : IStartsProgram;

/// <summary>
/// Keeps the arguments of the user's program out of our own parser: after the first word that is not an option, all words are the
/// program's, as docker has it. <c>torchyard run cpu ls -l</c> must not read <c>-l</c> as an option of <c>run</c>.
/// </summary>
internal static class ProgramArguments
{
    /// <summary>
    /// Puts <c>--</c> behind the image or container of such a verb, and gives <c>--name=</c> the empty value that it names.
    /// </summary>
    public static IReadOnlyList<string> Separate(RootCommand root, IReadOnlyList<string> arguments)
    {
        arguments = WithEmptyValues(root, arguments);
        var (verb, command) = VerbOf(root, arguments);
        if (command is not IStartsProgram)
        {
            return arguments;
        }

        for (var i = verb + 1; i < arguments.Count; i++)
        {
            if (arguments[i] == "--")
            {
                return arguments;
            }

            if (!arguments[i].StartsWith('-'))
            {
                return i + 1 < arguments.Count && arguments[i + 1] != "--"
                    ? [.. arguments.Take(i + 1), "--", .. arguments.Skip(i + 1)]
                    : arguments;
            }

            if (TakesNext(root, command, arguments[i]))
            {
                i++;
            }
        }

        return arguments;
    }

    /// <summary>
    /// A bunch of letters such as <c>-itP</c> in which one is not an option: the parser takes the rest for an argument. Null when there is
    /// none.
    /// </summary>
    public static string? UnknownBunch(RootCommand root, IReadOnlyList<string> arguments)
    {
        var (verb, command) = VerbOf(root, arguments);
        if (command is null)
        {
            return null;
        }

        for (var i = verb + 1; i < arguments.Count && arguments[i] != "--"; i++)
        {
            var word = arguments[i];
            if (word is ['-', not '-', _, ..] && Find(root, command, word) is null)
            {
                foreach (var letter in word.Split('=', 2)[0].Skip(1))
                {
                    if (Find(root, command, "-" + letter) is not { } option)
                    {
                        return word;
                    }

                    if (HasValue(option))
                    {
                        break;
                    }
                }
            }

            i += TakesNext(root, command, word) ? 1 : 0;
        }

        return null;
    }

    private static (int Place, Command? Command) VerbOf(RootCommand root, IReadOnlyList<string> arguments)
    {
        var place = 0;
        while (place < arguments.Count && arguments[place].StartsWith('-'))
        {
            place += TakesNext(root, root, arguments[place]) ? 2 : 1;
        }

        return (place, place < arguments.Count ? root.Subcommands.FirstOrDefault(c => c.Name == arguments[place]) : null);
    }

    /// <summary>The parser takes the next word for the value of <c>--name=</c>.</summary>
    private static List<string> WithEmptyValues(RootCommand root, IReadOnlyList<string> arguments)
    {
        var (verb, command) = VerbOf(root, arguments);
        var result = new List<string>(arguments.Count + 1);
        var own = true;
        for (var i = 0; i < arguments.Count; i++)
        {
            var word = arguments[i];
            own &= word != "--" && (command is not IStartsProgram || i <= verb || word.StartsWith('-'));
            if (
                own
                && word.EndsWith('=')
                && word.StartsWith("--", StringComparison.Ordinal)
                && ValueOf(root, command ?? root, word[..^1]) is not null
            )
            {
                result.Add(word[..^1]);
                result.Add("");
                continue;
            }

            result.Add(word);
            if (own && i != verb && TakesNext(root, command ?? root, word) && i + 1 < arguments.Count)
            {
                result.Add(arguments[++i]);
            }
        }

        return result;
    }

    private static Option? Find(RootCommand root, Command command, string name) =>
        command.Options.Concat(root.Options.Where(o => o.Recursive)).FirstOrDefault(o => o.Name == name || o.Aliases.Contains(name));

    /// <summary>
    /// The option whose value is the next word: <c>--name x</c> and <c>-itv x</c>, but not <c>--name=x</c> or <c>-vx</c>; null for none.
    /// </summary>
    internal static Option? ValueOf(RootCommand root, Command command, string word)
    {
        if (!word.StartsWith('-') || word.Contains('=', StringComparison.Ordinal))
        {
            return null;
        }

        if (Find(root, command, word) is { } whole)
        {
            return HasValue(whole) ? whole : null;
        }

        for (var i = 1; i < word.Length && !word.StartsWith("--", StringComparison.Ordinal); i++)
        {
            if (Find(root, command, "-" + word[i]) is { } letter && HasValue(letter))
            {
                return i == word.Length - 1 ? letter : null;
            }
        }

        return null;
    }

    private static bool TakesNext(RootCommand root, Command command, string word) => ValueOf(root, command, word) is not null;

    private static bool HasValue(Option option) => option.ValueType != typeof(bool) && option.Arity.MaximumNumberOfValues > 0;
}
