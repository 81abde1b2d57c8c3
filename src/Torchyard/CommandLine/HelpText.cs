using System.CommandLine;
using System.CommandLine.Help;
using Torchyard.Terminal;

namespace Torchyard.CommandLine;

/// <summary>The help texts: verbs by group for the program, usage, options and examples for a verb.</summary>
internal static class HelpText
{
    private const int Gap = 3;
    private const int WidestName = 34;
    private const int NarrowestText = 32;
    private const string Indent = "  ";
    private const string Deeper = "      ";

    /// <summary>What the program is.</summary>
    internal const string Summary = "Torchyard resolves, builds, runs and proves PyTorch environments on Linux, without Docker.";

    /// <summary>How the program and its verbs end.</summary>
    internal const string ExitStatus =
        "0 done; 1 it failed or was found broken; 2 the command line or your file is wrong. 'run' and 'exec' end with the status of your "
        + "program, and with 125 when they fail themselves.";

    /// <summary>The groups of verbs, in the order of the help text.</summary>
    internal static readonly (VerbGroup Group, string Heading)[] Headings =
    [
        (VerbGroup.Start, "The main job"),
        (VerbGroup.Make, "From recipe to image"),
        (VerbGroup.Containers, "Containers"),
        (VerbGroup.Jobs, "Jobs of a cluster"),
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
        Write(TextWrap.Words(Summary, screen.Width), "", screen);
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
                var name = verb.Name.PadRight(width + Gap);
                foreach (var line in TextWrap.Words(verb.Description!, screen.Width - Indent.Length - width - Gap))
                {
                    screen.Line(Indent + name + line);
                    name = new string(' ', width + Gap);
                }
            }
        }

        screen.Line();
        screen.Heading("Options of every verb");
        ShowOptions(root.Options, screen, verb: null);
        screen.Line();
        Write(TextWrap.Words($"Exit status: {ExitStatus}", screen.Width), "", screen);
    }

    private static void ShowVerb(Verb verb, Command root, Screen screen)
    {
        Write(TextWrap.Words($"{verb.Description}.", screen.Width), "", screen);
        screen.Line();
        screen.Heading("Usage");
        screen.Line($"  torchyard {Usage(verb)}");
        if (verb.Details.Length > 0)
        {
            screen.Line();
            Write(TextWrap.Paragraphs(verb.Details.Trim(), screen.Width).SkipLast(1), "", screen);
        }

        var arguments = ShownArguments(verb).ToList();
        if (arguments.Count > 0)
        {
            screen.Line();
            screen.Heading("Arguments");
            ShowRows(arguments.Select(argument => (NameOf(argument), argument.Description!)), screen);
        }

        if (verb.Options.Any(option => !option.Hidden))
        {
            screen.Line();
            screen.Heading("Options");
            ShowOptions(verb.Options, screen, verb);
        }

        screen.Line();
        screen.Heading("Options of every verb");
        ShowOptions(root.Options.Where(option => option.Recursive && option is not VersionOption), screen, verb);
        if (verb.Examples.Count > 0)
        {
            screen.Line();
            screen.Heading("Examples");
            foreach (var (commandLine, meaning) in verb.Examples)
            {
                Write(TextWrap.Command(commandLine, Indent, screen.Width), "", screen);
                Write(TextWrap.Words(meaning, screen.Width - Deeper.Length), Deeper, screen);
            }
        }
    }

    /// <summary>A verb and what may follow it.</summary>
    internal static string Usage(Verb verb)
    {
        var parts = new List<string> { verb.Name };
        if (verb.Options.Any(option => !option.Hidden))
        {
            parts.Add("[OPTIONS]");
        }

        parts.AddRange(
            verb.Arguments.Where(argument => !argument.Hidden)
                .Select(argument =>
                {
                    var name = NameOf(argument) + (argument.Arity.MaximumNumberOfValues > 1 ? "..." : "");
                    return argument.Arity.MinimumNumberOfValues == 0 ? $"[{name}]" : name;
                })
        );
        return string.Join(' ', parts);
    }

    // 'run -h NAME' is docker's host name.
    private static bool IsTaken(string name, Verb? verb) =>
        verb?.Options.Any(option => option is not HelpOption && option.Aliases.Contains(name)) == true;

    /// <summary>What stands for the value of an argument.</summary>
    internal static string NameOf(Argument argument) => argument.HelpName ?? argument.Name.ToUpperInvariant();

    /// <summary>The arguments that help texts explain.</summary>
    internal static IEnumerable<Argument> ShownArguments(Verb verb) =>
        verb.Arguments.Where(argument => !argument.Hidden && argument.Description is { Length: > 0 });

    private static void ShowOptions(IEnumerable<Option> options, Screen screen, Verb? verb) =>
        ShowRows(options.Where(option => !option.Hidden).Select(option => (OptionName(option, verb), DescriptionOf(option))), screen);

    /// <summary>What an option means.</summary>
    internal static string DescriptionOf(Option option) =>
        option switch
        {
            HelpOption => "Show this help",
            VersionOption => "Show the version",
            _ => option.Description ?? "",
        };

    /// <summary>Names of an option: short ones first, as GNU programs print them.</summary>
    internal static IReadOnlyList<string> NamesOf(Option option, Verb? verb) =>
        [
            .. option
                .Aliases.Append(option.Name)
                .Where(name => name.StartsWith('-') && name is not "-?" && (option is not HelpOption || !IsTaken(name, verb)))
                .OrderBy(name => name.StartsWith("--", StringComparison.Ordinal)),
        ];

    /// <summary>What stands for the value of an option; null when it takes none.</summary>
    internal static string? ValueOf(Option option) =>
        option.Arity.MaximumNumberOfValues > 0 && option.ValueType != typeof(bool) ? option.HelpName ?? "VALUE" : null;

    private static string OptionName(Option option, Verb? verb)
    {
        var names = NamesOf(option, verb);
        // Long names are aligned behind the short ones.
        var text = (names[0].StartsWith("--", StringComparison.Ordinal) ? "    " : "") + string.Join(", ", names);
        return ValueOf(option) is { } value ? $"{text} {value}" : text;
    }

    private static void ShowRows(IEnumerable<(string Name, string Text)> rows, Screen screen)
    {
        var list = rows.ToList();
        var names = Math.Min(WidestName, list.Max(row => row.Name.Length));
        var room = screen.Width - Indent.Length - names - Gap;
        foreach (var (name, text) in list)
        {
            if (room < NarrowestText)
            {
                // Too narrow for two columns: the meaning stands below the name.
                screen.Line(Indent + name.TrimStart());
                Write(TextWrap.Words(text, screen.Width - Deeper.Length), Deeper, screen);
                continue;
            }

            if (name.Length > names)
            {
                screen.Line(Indent + name);
            }

            var first = name.Length > names ? new string(' ', names) : name.PadRight(names);
            foreach (var line in TextWrap.Words(text, room))
            {
                screen.Line($"{Indent}{first}{new string(' ', Gap)}{line}".TrimEnd());
                first = new string(' ', names);
            }
        }
    }

    private static void Write(IEnumerable<string> lines, string indent, Screen screen)
    {
        foreach (var line in lines)
        {
            screen.Line((indent + line).TrimEnd());
        }
    }
}
