using System.CommandLine;
using System.Text.Json.Serialization;
using Torchyard.Building;
using Torchyard.CommandLine;
using Torchyard.Platform.Text;
using Torchyard.Recipes;

namespace Torchyard.Commands;

/// <summary><c>torchyard lock</c>: answers a recipe with exact packages.</summary>
internal sealed partial class LockCommand : Verb
{
    private const int MostChangesShown = 40;

    private readonly Argument<string?> _recipe = RecipeArgument.Create();
    private readonly Option<bool> _check = new("--check") { Description = "Only say whether the lock fits the recipe; exit status 1 if not" };
    private readonly Option<bool> _upgrade = new("--upgrade") { Description = "Take the newest versions although the lock fits" };

    public LockCommand()
        : base("lock", VerbGroup.Make, "Resolve the recipe into exact packages (torchyard.lock)")
    {
        Arguments.Add(_recipe);
        Options.Add(_check);
        Options.Add(_upgrade);
        Options.Add(GlobalOptions.Json);
        Details = """
            The lock names every package with version, size, SHA-256 and where it comes from, and decides
            the digest of the image. Commit it beside the recipe. Packages of a lock that fits the
            recipe stay as they are; --upgrade resolves again against the archive as it is now.

            Of a preset the lock is kept in the store.
            """;
        Examples =
        [
            new("torchyard lock", "the recipe of this directory"),
            new("torchyard lock --check", "for CI: fails when somebody changed the recipe and did not lock"),
            new("torchyard lock --upgrade", "take security updates and newer versions"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var source = RecipeSource.Find(invocation.Get(_recipe), invocation.Caller.WorkingDirectory);
        var before = LockPlace.Read(source, invocation.Store);
        var fits = before is not null && LockFit.Fits(before, source.Recipe, source.DigestDirectory);
        if (invocation.Get(_check))
        {
            return Check(invocation, source, before, fits);
        }

        var project = new ProjectImage(invocation);
        var after = fits && !invocation.Get(_upgrade)
            ? project.WithOwnTools(source, before!)
            : await project.LockAsync(source, cancellation);
        var changes = LockChanges.Between(before, after);
        var answer = new Answer(LockPlace.Of(source, invocation.Store), true, after.Packages.Count + (after.Python?.Packages.Count ?? 0),
            after.Packages.Sum(package => package.Size) + (after.Python?.Packages.Sum(package => package.Size) ?? 0), changes, []);
        invocation.Answer(answer, LockJson.Default.Answer, found => Show(invocation, found, isNew: before is null));
        return ExitCode.Done;
    }

    private static int Check(Invocation invocation, RecipeSource source, RecipeLock? before, bool fits)
    {
        IReadOnlyList<string> reasons = fits ? []
            : before is null ? ["there is no lock"]
            : LockFit.Differences(before, source.Recipe) is { Count: > 0 } differences ? differences
            : ["the recipe changed after the lock was written"];
        var answer = new Answer(LockPlace.Of(source, invocation.Store), fits, before?.Packages.Count ?? 0, 0, [], reasons);
        invocation.Answer(answer, LockJson.Default.Answer, found =>
        {
            foreach (var reason in found.Reasons)
            {
                invocation.Screen.Line(reason);
            }

            if (found.Fits)
            {
                invocation.Screen.Line("the lock fits the recipe");
            }
            else
            {
                invocation.Screen.ErrorLine("run 'torchyard lock'");
            }
        });
        return fits ? ExitCode.Done : ExitCode.Failed;
    }

    private static void Show(Invocation invocation, Answer answer, bool isNew)
    {
        var screen = invocation.Screen;
        if (!isNew)
        {
            foreach (var change in answer.Changes.Take(MostChangesShown))
            {
                screen.Line(change switch
                {
                    { Before: null } => $"+ {change.Name} {change.After}",
                    { After: null } => $"- {change.Name} {change.Before}",
                    _ => $"  {change.Name} {change.Before} -> {change.After}",
                });
            }

            if (answer.Changes.Count > MostChangesShown)
            {
                screen.Line($"  and {answer.Changes.Count - MostChangesShown} more");
            }
        }

        var what = isNew ? "locked" : answer.Changes.Count == 0 ? "nothing changed:" : "locked again:";
        screen.Line($"{what} {answer.Packages} packages, {ByteSize.Decimal(answer.Bytes)}, in {answer.Lock}");
    }

    internal sealed record Answer(
        string Lock, bool Fits, int Packages, long Bytes, IReadOnlyList<LockChange> Changes, IReadOnlyList<string> Reasons);

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
    [JsonSerializable(typeof(Answer))]
    internal sealed partial class LockJson : JsonSerializerContext;
}
