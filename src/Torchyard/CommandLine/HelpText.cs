using System.CommandLine;
using System.CommandLine.Help;
using Torchyard.Terminal;

namespace Torchyard.CommandLine;

/// <summary>The help texts: verbs by group for the program, usage, options and examples for a verb.</summary>
internal static class HelpText
{
    private const int Gap = 3;

    private static readonly (VerbGroup Group, string Heading)[] Headings =
    [
        (VerbGroup.Start, "The main job"),
        (VerbGroup.Make, "From recipe to image"),
        (VerbGroup.Containers, "Containers"),
        (VerbGroup.Store, "Images and the store"),
        (VerbGroup.Machine, "GPUs and this machine"),
        (VerbGroup.Program, "The program"),
    ];

    /// <summary>Writes the help of a command to standard output.</summary>
    public static void Show(Command command, Command root, Screen screen)
    {
        if (command is Verb verb)
        {
            ShowVerb(verb, root, screen);
        }
        else
        {
            ShowProgram(root, screen);
        }
    }

    private static void ShowProgram(Command root, Screen screen)
    {
        screen.Line("Torchyard resolves, builds, runs and proves PyTorch environments on Linux, without Docker.");
        screen.Line();
        screen.Heading("Usage");
        screen.Line("  torchyard VERB [ARGUMENTS] [OPTIONS]");
        screen.Line("  torchyard VERB --help");
        var verbs = root.Subcommands.OfType<Verb>().Where(verb => !verb.Hidden).ToList();
        var width = verbs.Max(verb => verb.Name.Length);
        foreach (var (group, heading) in Headings)
        {
            var members = verbs.Where(verb => verb.Group == group).ToList();
            if (members.Count == 0)
            {
                continue;
            }

            screen.Line();
            screen.Heading(heading);
            foreach (var verb in members)
            {
                screen.Line($"  {verb.Name.PadRight(width + Gap)}{verb.Description}");
            }
        }

        screen.Line();
        screen.Heading("Options of every verb");
        ShowOptions(root.Options, screen);
        screen.Line();
        screen.Line("Exit status: 0 done; 1 it failed or was found broken; 2 the command line or your file is wrong.");
    }

    private static void ShowVerb(Verb verb, Command root, Screen screen)
    {
        screen.Line($"{verb.Description}.");
        screen.Line();
        screen.Heading("Usage");
        screen.Line($"  torchyard {Usage(verb)}");
        if (verb.Details.Length > 0)
        {
            screen.Line();
            screen.Line(verb.Details.TrimEnd());
        }

        var arguments = verb.Arguments.Where(argument => !argument.Hidden && argument.Description is { Length: > 0 }).ToList();
        if (arguments.Count > 0)
        {
            screen.Line();
            screen.Heading("Arguments");
            ShowRows(arguments.Select(argument => (ArgumentName(argument), argument.Description!)), screen);
        }

        if (verb.Options.Any(option => !option.Hidden))
        {
            screen.Line();
            screen.Heading("Options");
            ShowOptions(verb.Options, screen);
        }

        screen.Line();
        screen.Heading("Options of every verb");
        ShowOptions(root.Options.Where(option => option.Recursive && option is not VersionOption), screen);
        if (verb.Examples.Count > 0)
        {
            screen.Line();
            screen.Heading("Examples");
            foreach (var (commandLine, meaning) in verb.Examples)
            {
                screen.Line($"  {commandLine}");
                screen.Line($"      {meaning}");
            }
        }
    }

    private static string Usage(Verb verb)
    {
        var parts = new List<string> { verb.Name };
        if (verb.Options.Any(option => !option.Hidden))
        {
            parts.Add("[OPTIONS]");
        }

        parts.AddRange(verb.Arguments.Where(argument => !argument.Hidden).Select(argument =>
        {
            var name = ArgumentName(argument) + (argument.Arity.MaximumNumberOfValues > 1 ? "..." : "");
            return argument.Arity.MinimumNumberOfValues == 0 ? $"[{name}]" : name;
        }));
        return string.Join(' ', parts);
    }

    private static string ArgumentName(Argument argument) => argument.HelpName ?? argument.Name.ToUpperInvariant();

    private static void ShowOptions(IEnumerable<Option> options, Screen screen) =>
        ShowRows(options.Where(option => !option.Hidden).Select(option => (OptionName(option), DescriptionOf(option))), screen);

    private static string DescriptionOf(Option option) => option switch
    {
        HelpOption => "Show this help",
        VersionOption => "Show the version",
        _ => option.Description ?? "",
    };

    private static string OptionName(Option option)
    {
        // Short names first, long ones aligned behind them, as GNU programs print them.
        var names = option.Aliases.Append(option.Name)
            .Where(name => name.StartsWith('-') && name is not "-?")
            .OrderBy(name => name.StartsWith("--", StringComparison.Ordinal))
            .ToList();
        var text = string.Join(", ", names);
        if (names[0].StartsWith("--", StringComparison.Ordinal))
        {
            text = "    " + text;
        }

        var takesValue = option.Arity.MaximumNumberOfValues > 0 && option.ValueType != typeof(bool);
        return takesValue ? $"{text} {option.HelpName ?? "VALUE"}" : text;
    }

    private static void ShowRows(IEnumerable<(string Name, string Text)> rows, Screen screen)
    {
        var list = rows.ToList();
        var width = Math.Min(34, list.Max(row => row.Name.Length));
        foreach (var (name, text) in list)
        {
            if (name.Length > width)
            {
                screen.Line($"  {name}");
            }

            var first = name.Length > width ? new string(' ', width) : name.PadRight(width);
            foreach (var line in Wrap(text, Math.Max(40, 100 - width - Gap)))
            {
                screen.Line($"  {first}{new string(' ', Gap)}{line}".TrimEnd());
                first = new string(' ', width);
            }
        }
    }

    private static IEnumerable<string> Wrap(string text, int width)
    {
        var line = "";
        foreach (var word in text.Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                yield return line;
                line = word;
            }
            else
            {
                line = line.Length == 0 ? word : $"{line} {word}";
            }
        }

        yield return line;
    }
}
