using System.CommandLine;
using System.Globalization;

namespace Torchyard.CommandLine;

/// <summary>A manual page.</summary>
/// <param name="FileName">Name of its file, with the section: <c>torchyard-up.1</c>.</param>
/// <param name="Text">Its source in the language of man(7).</param>
internal sealed record ManualPage(string FileName, string Text);

/// <summary>
/// The manual pages: torchyard(1) and torchyard-VERB(1) for each verb, made from the same descriptions as the help texts.
/// </summary>
internal sealed class ManualPages
{
    private const string Program = "torchyard";
    private const string Section = "1";
    private readonly Command _root;
    private readonly string _footer;
    private readonly List<Verb> _verbs;

    private ManualPages(Command root, string version, DateOnly date)
    {
        _root = root;
        _footer = $"{date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)} \"{Program} {RoffText.Escape(version)}\" Torchyard";
        _verbs = [.. root.Subcommands.OfType<Verb>().Where(verb => !verb.Hidden)];
    }

    /// <summary>Writes them.</summary>
    /// <param name="root">The command with its verbs.</param>
    /// <param name="version">Version of the program, for the foot of the pages.</param>
    /// <param name="date">Date of that version; nothing else in a page depends on when it is made.</param>
    public static IReadOnlyList<ManualPage> Of(Command root, string version, DateOnly date)
    {
        var pages = new ManualPages(root, version, date);
        return [pages.OfProgram(), .. pages._verbs.Select(pages.OfVerb)];
    }

    private ManualPage OfProgram()
    {
        var page = Begin(Program, _root.Description!);
        page.Heading("SYNOPSIS");
        page.Line(
            RoffText.Bold(Program),
            " ",
            RoffText.Italic("VERB"),
            " [",
            RoffText.Italic("ARGUMENTS"),
            "] [",
            RoffText.Italic("OPTIONS"),
            "]"
        );
        page.Break();
        page.Line(RoffText.Bold($"{Program} --version"));
        page.Heading("DESCRIPTION");
        page.Words(HelpText.Summary);
        page.Paragraph();
        page.Words("Each verb has a page of its own, such as torchyard-up(1). Without a recipe, 'torchyard up' is the place to start.");
        foreach (var (group, heading) in HelpText.Headings)
        {
            var members = _verbs.Where(verb => verb.Group == group).ToList();
            if (members.Count == 0)
            {
                continue;
            }

            page.Heading(heading.ToUpperInvariant());
            foreach (var verb in members)
            {
                page.Item(RoffText.Bold(PageOf(verb)) + $"({Section})");
                page.Words($"{verb.Description}.");
            }
        }

        page.Heading("OPTIONS");
        WriteOptions(page, _root.Options, verb: null);
        page.Heading("ENVIRONMENT");
        page.Item(RoffText.Bold("TORCHYARD_STORE"));
        page.Words("Directory of the store, where --store does not name one.");
        page.Item(RoffText.Bold("NO_COLOR"));
        page.Words("No colours, also on a terminal.");
        page.Heading("FILES");
        page.Item(RoffText.Bold("torchyard.toml"));
        page.Words("The recipe of a project.");
        page.Item(RoffText.Bold("torchyard.lock"));
        page.Words("What the recipe was resolved into: every package with version, size and SHA-256.");
        page.Item(RoffText.Bold("/var/lib/torchyard"));
        page.Words("The store of root: images, packages, containers.");
        page.Item(RoffText.Bold("~/.local/share/torchyard"));
        page.Words("The store of an ordinary user.");
        page.Heading("EXIT STATUS");
        page.Words(HelpText.ExitStatus);
        page.Heading("SEE ALSO");
        page.References(_verbs.Select(PageOf).Order(StringComparer.Ordinal), Section);
        return new ManualPage($"{Program}.{Section}", page.ToString());
    }

    private ManualPage OfVerb(Verb verb)
    {
        var name = PageOf(verb);
        var page = Begin(name, verb.Description!);
        page.Heading("SYNOPSIS");
        page.Line(RoffText.Bold($"{Program} {verb.Name}"), RoffText.Escape(HelpText.Usage(verb)[verb.Name.Length..]));
        page.Heading("DESCRIPTION");
        page.Words($"{verb.Description}.");
        if (verb.Details.Length > 0)
        {
            page.Paragraph();
            page.Paragraphs(verb.Details.Trim());
        }

        var arguments = HelpText.ShownArguments(verb).ToList();
        if (arguments.Count > 0)
        {
            page.Heading("ARGUMENTS");
            foreach (var argument in arguments)
            {
                page.Item(RoffText.Italic(HelpText.NameOf(argument)));
                page.Words(argument.Description!);
            }
        }

        if (verb.Options.Any(option => !option.Hidden))
        {
            page.Heading("OPTIONS");
            WriteOptions(page, verb.Options, verb);
        }

        page.Heading("OPTIONS OF EVERY VERB");
        WriteOptions(page, _root.Options.Where(option => option.Recursive && option is not VersionOption), verb);
        if (verb.Examples.Count > 0)
        {
            page.Heading("EXAMPLES");
            foreach (var (commandLine, meaning) in verb.Examples)
            {
                page.Item(RoffText.Bold(commandLine));
                page.Words(meaning);
            }
        }

        page.Heading("EXIT STATUS");
        page.Words(HelpText.ExitStatus);
        page.Heading("SEE ALSO");
        page.References([Program], Section);
        return new ManualPage($"{name}.{Section}", page.ToString());
    }

    private RoffText Begin(string name, string summary)
    {
        var page = new RoffText();
        page.Macro($".TH {RoffText.Escape(name.ToUpperInvariant())} {Section} {_footer}");
        page.Heading("NAME");
        page.Line(RoffText.Escape(name), " \\- ", RoffText.Escape(char.ToLowerInvariant(summary[0]) + summary[1..]));
        return page;
    }

    private static void WriteOptions(RoffText page, IEnumerable<Option> options, Verb? verb)
    {
        foreach (var option in options.Where(option => !option.Hidden))
        {
            var names = string.Join(", ", HelpText.NamesOf(option, verb).Select(RoffText.Bold));
            page.Item(HelpText.ValueOf(option) is { } value ? $"{names} {RoffText.Italic(value)}" : names);
            page.Words(HelpText.DescriptionOf(option));
        }
    }

    private static string PageOf(Verb verb) => $"{Program}-{verb.Name}";
}
