using System.CommandLine;
using System.CommandLine.Completions;
using System.Globalization;
using System.Text.Json.Serialization;
using Torchyard.CommandLine;
using Torchyard.Flows.Trust;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Text;
using Torchyard.Recipes.Reading;

namespace Torchyard.Commands;

/// <summary><c>torchyard trust</c>: which recipes may have what of this machine.</summary>
internal sealed partial class TrustCommand : Verb
{
    private const string List = "list";
    private const string Revoke = "revoke";

    private readonly Argument<string[]> _words = new("what")
    {
        Description = "A recipe to allow what it wants; 'list' (default); or 'revoke' and recipes",
        Arity = ArgumentArity.ZeroOrMore,
        HelpName = "RECIPE",
    };

    private readonly Option<bool> _all = new("--all") { Description = "With 'revoke': every recipe" };

    public TrustCommand()
        : base("trust", VerbGroup.Make, "Allow a recipe what it wants of this machine beyond its directory; list and revoke")
    {
        _words.CompletionSources.Add(_ => new[] { List, Revoke });
        _words.CompletionSources.Add(Known);
        Arguments.Add(_words);
        Options.Add(_all);
        Options.Add(GlobalOptions.Json);
        Details = """
            A recipe of somebody else is a program of somebody else. What it may always have is its own
            directory. When it wants more, 'up', 'lock' and 'build' show what, and ask; without a
            terminal they refuse. Such wishes are: mounts and files outside its directory, also through
            links, ports that other machines reach, keyrings, mirrors, indexes and repositories that
            neither this machine's settings nor everybody uses, and environment variables in credentials.

            What was allowed is remembered in your own state directory, by the recipe's path and by what
            it wanted: other changes of the recipe do not ask again, a new wish does. Presets want
            nothing. --trust of 'up', 'lock' and 'build' allows it once and remembers nothing.
            """;
        Examples =
        [
            new("torchyard trust", "the recipes that were allowed something, and what"),
            new("torchyard trust .", "show what the recipe of this directory wants, and allow it"),
            new("torchyard trust revoke ~/projects/vision", "ask again next time"),
            new("torchyard trust revoke --all", "forget everything"),
        ];
    }

    public override Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var words = invocation.Get(_words) ?? [];
        var all = invocation.Get(_all);
        switch (words)
        {
            case [] or [List] when !all:
                Show(invocation, TrustRecords.Of(invocation.Caller).All(), "no recipe was allowed anything beyond its directory");
                break;
            case [Revoke, .. var recipes] when all ? recipes.Length == 0 : recipes.Length > 0:
                RevokeAll(invocation, recipes, all);
                break;
            case [var recipe] when !all && recipe is not Revoke:
                var record = new RecipeGate(invocation.Host, allow: true).Remember(recipe);
                Show(
                    invocation,
                    record.Wishes.Count > 0 ? [record] : [],
                    $"{recipe} wants nothing beyond its directory: there is nothing to allow"
                );
                break;
            default:
                throw new TorchyardException(
                    "TY9001",
                    "'torchyard trust' does not take that",
                    "write torchyard trust, torchyard trust RECIPE, torchyard trust revoke RECIPE, or torchyard trust revoke --all"
                )
                {
                    IsUsage = true,
                };
        }

        return Task.FromResult(ExitCode.Done);
    }

    private static IEnumerable<string> Known(CompletionContext context)
    {
        try
        {
            return TrustRecords.Of(ProgramRoot.CallerOf(context)).All().Select(record => record.Recipe);
        }
        catch (TorchyardException)
        {
            // The Tab key is not a place for errors; the verb itself tells.
            return [];
        }
    }

    private static void RevokeAll(Invocation invocation, IReadOnlyList<string> recipes, bool all)
    {
        var records = TrustRecords.Of(invocation.Caller);
        var known = records.All();
        var wanted = all ? known : [.. recipes.SelectMany(recipe => Named(invocation, recipe, known)).Distinct()];
        foreach (var record in wanted)
        {
            records.Remove(record.Recipe);
        }

        invocation.Answer(Of(wanted), TrustJson.Default.Answer, found =>
        {
            foreach (var recipe in found.Recipes)
            {
                invocation.Screen.Line($"{VisibleText.Of(recipe.Recipe)} will ask again");
            }

            if (found.Recipes.Count == 0)
            {
                invocation.Screen.Line("no recipe was allowed anything");
            }
        });
    }

    /// <summary>The records of what a user names: a recipe, its directory, or a line of the list. The recipe itself may be gone.</summary>
    private static List<TrustRecord> Named(Invocation invocation, string recipe, IReadOnlyList<TrustRecord> known)
    {
        var full = Path.TrimEndingDirectorySeparator(invocation.Caller.FullPath(recipe));
        var real = RealPath.Of(full);
        string[] names = [recipe, full == "/" ? full : RecipeGate.IdentityOf(full), Path.Combine(real, RecipeReader.FileName)];
        var found = known
            .Where(record => names.Contains(record.Recipe) || record.Recipe.StartsWith(real + " (preset ", StringComparison.Ordinal))
            .ToList();
        return found.Count > 0
            ? found
            : throw new TorchyardException("TY1046", $"nothing was allowed to {recipe}", "'torchyard trust list' names the recipes")
            {
                IsUsage = true,
            };
    }

    private static void Show(Invocation invocation, IReadOnlyList<TrustRecord> records, string otherwise) =>
        invocation.Answer(Of(records), TrustJson.Default.Answer, found =>
        {
            foreach (var recipe in found.Recipes)
            {
                invocation.Screen.Line(
                    $"{VisibleText.Of(recipe.Recipe)}, allowed "
                        + $"{recipe.Allowed.ToLocalTime().ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)}, may"
                );
                foreach (var wish in recipe.Wishes)
                {
                    invocation.Screen.Line($"  {wish.Text}");
                }
            }

            if (found.Recipes.Count == 0)
            {
                invocation.Screen.Line(VisibleText.Of(otherwise));
            }
        });

    private static Answer Of(IReadOnlyList<TrustRecord> records) =>
        new([
            .. records.Select(record => new AllowedRecipe(
                record.Recipe,
                record.Allowed,
                record.Digest,
                [.. record.Wishes.Zip(record.Read() ?? [], (one, wish) => new AllowedWish(one.Kind, one.What, one.Detail, wish.Text))]
            )),
        ]);

    internal sealed record Answer(IReadOnlyList<AllowedRecipe> Recipes);

    internal sealed record AllowedRecipe(string Recipe, DateTimeOffset Allowed, string Digest, IReadOnlyList<AllowedWish> Wishes);

    internal sealed record AllowedWish(string Kind, string What, string Detail, string Text);

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
    [JsonSerializable(typeof(Answer))]
    internal sealed partial class TrustJson : JsonSerializerContext;
}
