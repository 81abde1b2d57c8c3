using System.CommandLine;
using System.CommandLine.Completions;
using System.Text;
using Torchyard.Platform.Text;

namespace Torchyard.CommandLine;

/// <summary>What could stand where the cursor is.</summary>
/// <param name="Label">The whole word.</param>
/// <param name="Detail">What it is; null for nothing to say.</param>
internal sealed record Candidate(string Label, string? Detail = null);

/// <summary>
/// Finds what could stand where the cursor is: verbs, options, values of options, images, containers. Where nothing is known, such as in
/// the arguments of the user's own program, there are no candidates, and the shell offers files.
/// </summary>
internal static class Completion
{
    /// <summary>The candidates for a command line up to the cursor, its first word the program.</summary>
    public static IReadOnlyList<Candidate> Of(RootCommand root, string line) =>
        // Recipes, containers and images name things, and the shell puts what is said here on the line that the user sends off with Enter.
        [
            .. Find(root, line)
                .Where(static candidate => CompletionWord.IsLiteral(candidate.Label))
                .Select(static candidate => candidate with { Detail = candidate.Detail is { } detail ? VisibleText.Of(detail) : null }),
        ];

    private static IReadOnlyList<Candidate> Find(RootCommand root, string line)
    {
        var words = Words(line);
        var typed = words[^1];
        Verb? verb = null;
        Option? awaiting = null;
        var positions = 0;
        var options = true;
        foreach (var word in words.Skip(1).SkipLast(1))
        {
            if (awaiting is not null)
            {
                awaiting = null;
            }
            else if (options && word == "--")
            {
                options = false;
            }
            else if (options && word.StartsWith('-'))
            {
                awaiting = ProgramArguments.ValueOf(root, (Command?)verb ?? root, word);
            }
            else if (verb is null)
            {
                verb = root.Subcommands.OfType<Verb>().FirstOrDefault(known => known.Name == word);
                if (verb is null)
                {
                    return [];
                }
            }
            else
            {
                positions++;
            }

            if (verb is IStartsProgram && positions > 0)
            {
                return [];
            }
        }

        if (words.Count < 2)
        {
            return [];
        }

        var context = root.Parse([.. words.Skip(1).SkipLast(1)], new ParserConfiguration { ResponseFileTokenReplacer = null })
            .GetCompletionContext();
        return awaiting is not null ? Values(awaiting, context, "", typed)
            : options
            && typed.StartsWith("--", StringComparison.Ordinal)
            && typed.IndexOf('=', StringComparison.Ordinal) is > 0 and var equals
                ? ProgramArguments.ValueOf(root, (Command?)verb ?? root, typed[..equals]) is { } option
                        ? Values(option, context, typed[..(equals + 1)], typed)
                    : []
            : options && typed.StartsWith('-') ? Options(root, verb, typed)
            : verb is null
                ? Beginning(
                    root.Subcommands.OfType<Verb>()
                        .Where(known => !known.Hidden)
                        .Select(known => new Candidate(known.Name, known.Description)),
                    typed
                )
            : Argument(verb, positions) is { } argument
                ? Beginning(argument.GetCompletions(context).Select(item => new Candidate(item.Label, item.Detail)), typed)
                    .Where(static candidate => !candidate.Label.StartsWith('-'))
                    .ToList()
            : [];
    }

    /// <summary>The value of an option on the line so far; null when it is not there.</summary>
    public static string? Given(CompletionContext context, string option) =>
        context.ParseResult.GetResult(option) is System.CommandLine.Parsing.OptionResult { Tokens: [var token, ..] } ? token.Value : null;

    private static Argument? Argument(Verb verb, int position) =>
        position < verb.Arguments.Count ? verb.Arguments[position]
        : verb.Arguments is [.., var last] && last.Arity.MaximumNumberOfValues > 1 ? last
        : null;

    private static IReadOnlyList<Candidate> Values(Option option, CompletionContext context, string before, string typed) =>
        Beginning(option.GetCompletions(context).Select(item => new Candidate(before + item.Label, item.Detail)), typed);

    // In their long form, and once a dash is typed.
    private static IReadOnlyList<Candidate> Options(RootCommand root, Verb? verb, string typed) =>
        Beginning(
            (verb?.Options ?? [])
                .Concat(root.Options.Where(option => option.Recursive || verb is null))
                .Where(option => !option.Hidden && option.Name.StartsWith("--", StringComparison.Ordinal))
                .Select(option => new Candidate(option.Name, option.Description)),
            typed
        );

    private static IReadOnlyList<Candidate> Beginning(IEnumerable<Candidate> candidates, string typed) =>
        [
            .. candidates
                .Where(candidate => candidate.Label.StartsWith(typed, StringComparison.Ordinal))
                .DistinctBy(candidate => candidate.Label),
        ];

    /// <summary>The words of a line as a shell has them, the last one as far as it is typed.</summary>
    private static List<string> Words(string line)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        var quote = '\0';
        for (var i = 0; i < line.Length; i++)
        {
            var letter = line[i];
            if (quote != '\0' && letter == quote)
            {
                quote = '\0';
            }
            else if (quote == '\0' && letter is '"' or '\'')
            {
                quote = letter;
            }
            else if (letter == '\\' && quote != '\'' && i + 1 < line.Length)
            {
                word.Append(line[++i]);
            }
            else if (quote == '\0' && char.IsWhiteSpace(letter))
            {
                words.Add(word.ToString());
                word.Clear();
                while (i + 1 < line.Length && char.IsWhiteSpace(line[i + 1]))
                {
                    i++;
                }
            }
            else
            {
                word.Append(letter);
            }
        }

        words.Add(word.ToString());
        return words;
    }
}
