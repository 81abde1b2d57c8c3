using System.CommandLine;
using System.CommandLine.Parsing;
using Torchyard.Platform;
using Torchyard.Platform.Text;

namespace Torchyard.CommandLine;

/// <summary>Turns what the parser did not understand into one error with a cure.</summary>
internal static class CommandLineErrors
{
    /// <summary>The error for a command line that does not parse.</summary>
    public static TorchyardException From(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        var path = CommandPath(parsed.CommandResult);
        var unknown = MisreadOption(parsed) ?? (parsed.UnmatchedTokens is [var first, ..] ? first : null);
        if (unknown is null)
        {
            var message = string.Join(' ', parsed.Errors[0].Message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).TrimEnd('.');
            return Wrong(Lower(message), $"see '{path} --help'");
        }

        if (command is RootCommand && !unknown.StartsWith('-'))
        {
            return Wrong($"there is no verb '{unknown}'", Suggest(
                NearestName.Find(unknown, command.Subcommands.Where(verb => !verb.Hidden).Select(verb => verb.Name)), "torchyard"));
        }

        if (unknown.StartsWith('-') && unknown.Length > 1)
        {
            return Wrong($"'{path}' has no option '{unknown}'", Suggest(NearestName.Find(unknown, OptionNames(parsed.CommandResult)), path));
        }

        return Wrong($"'{path}' does not take '{unknown}'", $"see '{path} --help' for what it takes");
    }

    /// <summary>
    /// A word such as <c>--memry</c> that the parser took for the value of an argument, as it does with every option that it does not know;
    /// null when there is none. Behind <c>--</c> words are what they are.
    /// </summary>
    public static string? MisreadOption(ParseResult parsed)
    {
        var arguments = parsed.CommandResult.Children.OfType<ArgumentResult>();
        if (parsed.Tokens.Any(token => token.Type == TokenType.DoubleDash))
        {
            // Only the image or container of a verb that starts a program stands before the mark (ProgramArguments).
            arguments = parsed.CommandResult.Command is IStartsProgram ? arguments.Take(1) : [];
        }

        return arguments.SelectMany(argument => argument.Tokens).Select(token => token.Value).FirstOrDefault(value => value is ['-', _, ..]);
    }

    private static TorchyardException Wrong(string message, string cure) => new("TY9001", message, cure) { IsUsage = true };

    private static string Suggest(string? nearest, string path) => nearest is null
        ? $"see '{path} --help'"
        : $"did you mean '{nearest}'? '{path} --help' lists what there is";

    // The parser's own sentences start with a capital; ours follow a code and a colon.
    private static string Lower(string message) =>
        message.Length > 1 && char.IsUpper(message[0]) && char.IsLower(message[1]) ? char.ToLowerInvariant(message[0]) + message[1..] : message;

    private static IEnumerable<string> OptionNames(CommandResult result)
    {
        for (SymbolResult? level = result; level is not null; level = level.Parent)
        {
            if (level is CommandResult { Command: var command })
            {
                foreach (var option in command.Options.Where(option => !option.Hidden && (option.Recursive || level == result)))
                {
                    yield return option.Name;
                    foreach (var alias in option.Aliases)
                    {
                        yield return alias;
                    }
                }
            }
        }
    }

    private static string CommandPath(CommandResult result)
    {
        var names = new List<string>();
        for (SymbolResult? level = result; level is CommandResult { Command: var command }; level = level.Parent)
        {
            names.Insert(0, command is RootCommand ? "torchyard" : command.Name);
        }

        return string.Join(' ', names);
    }
}
