using System.CommandLine;
using System.Text;
using Torchyard.CommandLine;
using Torchyard.Commands;

namespace Torchyard.Tests.Documentation;

/// <summary>docs/cli.md as the command tree gives it.</summary>
internal static class CommandReference
{
    public static string Write()
    {
        var options = new GlobalOptions();
        var root = CommandTree.Build(options);
        var text = new StringBuilder(
            """
            # The command line

            `torchyard VERB --help` says the same. Exit status: 0 done; 1 the thing asked for failed or was found broken; 2 the command line or a file that you wrote is wrong; 130 after Ctrl-C. Verbs that run your program end with its status; when they fail themselves, `run` and `exec` end with 125, or with 126 and 127 when your program cannot be executed or is not there.

            Results go to standard output; progress, notes, warnings and errors to standard error.

            Options of every verb:


            """
        );
        Options(text, root.Options.Where(option => option.Recursive && option is not VersionOption));
        foreach (var verb in root.Subcommands.OfType<Verb>().Where(verb => !verb.Hidden).OrderBy(verb => verb.Group))
        {
            text.Append($"\n## torchyard {verb.Name}\n\n{verb.Description}.\n");
            if (verb.Details.Length > 0)
            {
                text.Append('\n').Append(verb.Details.Trim()).Append('\n');
            }

            var arguments = verb.Arguments.Where(argument => !argument.Hidden && argument.Description is { Length: > 0 }).ToList();
            if (arguments.Count > 0)
            {
                text.Append("\n| Argument | Meaning |\n|---|---|\n");
                foreach (var argument in arguments)
                {
                    text.Append($"| `{argument.HelpName ?? argument.Name.ToUpperInvariant()}` | {Cell(argument.Description!)} |\n");
                }
            }

            if (verb.Options.Any(option => !option.Hidden))
            {
                text.Append('\n');
                Options(text, verb.Options);
            }

            text.Append('\n');
            foreach (var (commandLine, meaning) in verb.Examples)
            {
                text.Append($"    {commandLine}\n        {meaning}\n");
            }
        }

        return text.ToString();
    }

    private static void Options(StringBuilder text, IEnumerable<Option> options)
    {
        text.Append("| Option | Meaning |\n|---|---|\n");
        foreach (var option in options.Where(option => !option.Hidden))
        {
            var names = string.Join(
                ", ",
                option
                    .Aliases.Append(option.Name)
                    .Where(name => name.StartsWith('-') && name != "-?")
                    .OrderBy(name => name.Length)
                    .Select(name => $"`{name}`")
            );
            var value = option.Arity.MaximumNumberOfValues > 0 && option.ValueType != typeof(bool) ? $" {option.HelpName ?? "VALUE"}" : "";
            var does = option is System.CommandLine.Help.HelpOption ? "Show the help of the verb" : option.Description ?? "";
            text.Append($"| {names}{value} | {Cell(does)} |\n");
        }
    }

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);
}
