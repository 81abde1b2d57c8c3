using System.CommandLine;

namespace Torchyard.CommandLine;

/// <summary>A verb whose last argument is a program with arguments of its own, as those of <c>run</c> and <c>exec</c>.</summary>
internal interface IStartsProgram;

/// <summary>
/// Keeps the arguments of the user's program out of our own parser: after the first word that is no option, all words are the program's,
/// as docker has it. <c>torchyard run cpu ls -l</c> must not read <c>-l</c> as an option of <c>run</c>.
/// </summary>
internal static class ProgramArguments
{
    /// <summary>Puts <c>--</c> behind the image or container of such a verb.</summary>
    public static IReadOnlyList<string> Separate(RootCommand root, IReadOnlyList<string> arguments)
    {
        var verb = 0;
        while (verb < arguments.Count && arguments[verb].StartsWith('-'))
        {
            verb += TakesNext(root, root, arguments[verb]) ? 2 : 1;
        }

        if (verb >= arguments.Count || root.Subcommands.FirstOrDefault(c => c.Name == arguments[verb]) is not { } command || command is not IStartsProgram)
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

    /// <summary>True when the value of an option is the next word: <c>--name x</c> and <c>-itv x</c>, but not <c>--name=x</c> or <c>-vx</c>.</summary>
    private static bool TakesNext(RootCommand root, Command command, string word)
    {
        if (word.Contains('=', StringComparison.Ordinal))
        {
            return false;
        }

        if (Find(word) is { } whole)
        {
            return HasValue(whole);
        }

        for (var i = 1; i < word.Length && !word.StartsWith("--", StringComparison.Ordinal); i++)
        {
            if (Find("-" + word[i]) is { } letter && HasValue(letter))
            {
                return i == word.Length - 1;
            }
        }

        return false;

        Option? Find(string name) => command.Options.Concat(root.Options.Where(o => o.Recursive)).FirstOrDefault(o => o.Name == name || o.Aliases.Contains(name));
    }

    private static bool HasValue(Option option) => option.ValueType != typeof(bool) && option.Arity.MaximumNumberOfValues > 0;
}
