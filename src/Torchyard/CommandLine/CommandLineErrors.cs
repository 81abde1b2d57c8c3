using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Parsing;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Text;

namespace Torchyard.CommandLine;

/// <summary>Turns what the parser did not understand into one error with a cure.</summary>
internal static class CommandLineErrors
{
    /// <summary>The error for a command line that does not parse.</summary>
    /// <param name="parsed">What the parser made of it.</param>
    /// <param name="bunch">A bunch of letters with one that is not an option; null for none.</param>
    public static TorchyardException From(ParseResult parsed, string? bunch)
    {
        var command = parsed.CommandResult.Command;
        var path = CommandPath(parsed.CommandResult);
        var unknown = bunch ?? MisreadOption(parsed) ?? (parsed.UnmatchedTokens is [var first, ..] ? first : null);
        if (unknown is null)
        {
            // What is wrong with an option says more than that a verb is missing behind it.
            var error = parsed.Errors.FirstOrDefault(error => error.SymbolResult is OptionResult) ?? parsed.Errors[0];
            return FromParser(error, path);
        }

        if (command is RootCommand && !unknown.StartsWith('-'))
        {
            return NoVerb(unknown, command);
        }

        if (unknown.StartsWith('-') && unknown.Length > 1)
        {
            var option = unknown.Split('=', 2)[0];
            var cure = EngineOptions.Instead(command.Name, unknown)
                // Of a single letter every other letter is as near.
                ?? Suggest(option.Length > 2 ? NearestName.Find(option, OptionNames(parsed.CommandResult)) : null, path);
            return Wrong($"'{path}' has no option '{option}'", cure);
        }

        return Wrong($"'{path}' does not take '{unknown}'", $"see '{path} --help' for what it takes");
    }

    /// <summary>The error for a verb that there is not.</summary>
    /// <param name="verb">The word.</param>
    /// <param name="root">The program.</param>
    public static TorchyardException NoVerb(string verb, Command root) =>
        Wrong(
            $"there is no verb '{verb}'",
            EngineVerbs.Instead(verb)
                ?? Suggest(NearestName.Find(verb, root.Subcommands.Where(known => !known.Hidden).Select(known => known.Name)), "torchyard")
        );

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

        return arguments
            .SelectMany(argument => argument.Tokens)
            .Select(token => token.Value)
            .FirstOrDefault(value => value is ['-', _, ..]);
    }

    // The parser's own sentences name types of .NET.
    private static TorchyardException FromParser(ParseError error, string path)
    {
        switch (error.SymbolResult)
        {
            case OptionResult { Tokens: [] } option:
                return Wrong($"the option '{option.Option.Name}' needs a value", $"see '{path} --help'");
            case OptionResult { Tokens: [.., var last] } option:
                return Wrong($"{option.Option.Name} '{last.Value}' cannot be used", Values(option.Option) ?? $"see '{path} --help'");
            case ArgumentResult { Tokens: [] } argument:
                return Wrong($"'{path}' needs {Name(argument.Argument)}", $"see '{path} --help'");
            case ArgumentResult { Tokens: [.., var last] } argument:
                return Wrong(
                    $"'{path}' does not take '{last.Value}'",
                    Values(argument.Argument) ?? $"see '{path} --help' for what it takes"
                );
            case CommandResult result
                when result
                    .Children.OfType<ArgumentResult>()
                    .FirstOrDefault(argument => argument.Tokens.Count < argument.Argument.Arity.MinimumNumberOfValues)
                    is { } missing:
                return Wrong($"'{path}' needs {Name(missing.Argument)}", $"see '{path} --help'");
            case CommandResult { Command: RootCommand }:
                return Wrong("there is no verb", $"see '{path} --help' for the verbs");
            default:
                var message = string.Join(' ', error.Message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).TrimEnd('.');
                return Wrong(Lower(message), $"see '{path} --help'");
        }
    }

    private static string Name(Argument argument) => argument.HelpName ?? argument.Name.ToUpperInvariant();

    private static string? Values(Symbol symbol)
    {
        var type = symbol is Option option ? option.ValueType : ((Argument)symbol).ValueType;
        type = Nullable.GetUnderlyingType(type) ?? type;
        var names = symbol is Option of
            ? of.GetCompletions(CompletionContext.Empty).Select(item => item.Label)
            : ((Argument)symbol).GetCompletions(CompletionContext.Empty).Select(item => item.Label);
        var known = names.ToList();
        return known.Count > 1 ? $"write {string.Join(", ", known.SkipLast(1))} or {known[^1]}"
            : type == typeof(int) || type == typeof(long) ? "write a whole number"
            : type == typeof(double) ? "write a number"
            : null;
    }

    private static TorchyardException Wrong(string message, string cure) => new("TY9001", message, cure) { IsUsage = true };

    private static string Suggest(string? nearest, string path) =>
        nearest is null ? $"see '{path} --help'" : $"did you mean '{nearest}'? '{path} --help' lists what there is";

    // The parser's own sentences start with a capital; ours follow a code and a colon.
    private static string Lower(string message) =>
        message.Length > 1 && char.IsUpper(message[0]) && char.IsLower(message[1])
            ? char.ToLowerInvariant(message[0]) + message[1..]
            : message;

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
