using Torchyard.Flows.Hosts;
using Torchyard.Flows.Locks;
using Torchyard.Images.Store;
using Torchyard.Packages.Wishes;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Text;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Sources;
using Torchyard.Recipes.Wishes;

namespace Torchyard.Flows.Trust;

/// <summary>
/// Stands before every use of a recipe: what it wants of the machine beyond its own project was allowed before, is allowed now, or nothing
/// happens. What it looked at is what is used afterwards, because both read through the same <see cref="ProjectFiles"/>.
/// </summary>
/// <param name="host">Who asks, from where.</param>
/// <param name="allow">Consent was given on the command line, for this once.</param>
internal sealed class RecipeGate(Host host, bool allow)
{
    // An outside file may name another, which is only known once it is read.
    private const int MostRounds = 32;

    private readonly TrustRecords _records = TrustRecords.Of(host.Caller);
    private readonly RecipeSurvey _survey = Survey(host);

    /// <summary>By what it is remembered what a recipe or lock is allowed; see <see cref="RecipeSource.Identity"/>.</summary>
    /// <param name="path">Its path, absolute.</param>
    public static string IdentityOf(string path) => Path.Combine(RealPath.Of(Path.GetDirectoryName(path)!), Path.GetFileName(path));

    /// <summary>The survey for this caller.</summary>
    public static RecipeSurvey Survey(Host host)
    {
        var caller = host.Caller;
        return new RecipeSurvey(OwnPlaces.Read(caller.Variable, caller.Home), caller.Variable, caller.Home)
        {
            ImageNamed = image => new ImageStore(host.Store).TryResolve(image),
        };
    }

    /// <summary>Lets a recipe through.</summary>
    /// <exception cref="TorchyardException">TY1040: it wants what nobody allowed, and nobody can be asked; TY1041: the user said
    /// no.</exception>
    public Task<RecipeSource> OpenAsync(RecipeSource source, CancellationToken cancellation) =>
        OpenAsync(source, LockPlace.Read(source, host.Store), cancellation);

    /// <summary>As above, with the lock that will be used, or of which something will be kept; null for none.</summary>
    public async Task<RecipeSource> OpenAsync(RecipeSource source, RecipeLock? locked, CancellationToken cancellation)
    {
        await PassAsync(source.Identity, Shown(source), source.Files, () => _survey.Of(source, locked), cancellation);
        return source.Allowed();
    }

    /// <summary>Lets a lock through that is used without its recipe.</summary>
    /// <param name="path">The lock, absolute.</param>
    /// <param name="directory">Directory that its paths are relative to; null for its own.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="TorchyardException">As <see cref="OpenAsync(RecipeSource, CancellationToken)"/>; TY1020 to TY1024.</exception>
    public async Task<(RecipeLock Lock, ProjectFiles Files)> OpenLockAsync(string path, string? directory, CancellationToken cancellation)
    {
        var files = new ProjectFiles(directory ?? Path.GetDirectoryName(path)!);
        var locked = LockReader.ReadFile(path);
        await PassAsync(IdentityOf(path), path, files, () => _survey.Of(locked, files), cancellation);
        return (locked, files);
    }

    /// <summary>Remembers that a recipe, or a lock, may have what it wants.</summary>
    /// <returns>What it may have.</returns>
    public TrustRecord Remember(string? named)
    {
        if (named?.EndsWith(".lock", StringComparison.Ordinal) == true)
        {
            var path = host.Caller.FullPath(named);
            var files = new ProjectFiles(Path.GetDirectoryName(path)!);
            var locked = LockReader.ReadFile(path);
            return Write(IdentityOf(path), GrantAll(files, () => _survey.Of(locked, files)));
        }

        var source = RecipeSource.Find(named, host.Caller.WorkingDirectory);
        var beside = LockPlace.Read(source, host.Store);
        return Write(source.Identity, GrantAll(source.Files, () => _survey.Of(source, beside)));
    }

    private TrustRecord Write(string identity, IReadOnlyList<Wish> wishes)
    {
        var record = TrustRecord.Of(identity, wishes, host.Clock.GetUtcNow());
        if (wishes.Count > 0)
        {
            _records.Write(record);
        }

        return record;
    }

    private static IReadOnlyList<Wish> GrantAll(ProjectFiles files, Func<IReadOnlyList<Wish>> survey)
    {
        for (var round = 0; ; round++)
        {
            var wishes = survey();
            var more = wishes.Where(wish => !files.IsGranted(wish)).ToList();
            if (more.Count == 0)
            {
                return wishes;
            }

            more.ForEach(files.Grant);
            RequireEnd(round);
        }
    }

    private async Task PassAsync(
        string identity,
        string shown,
        ProjectFiles files,
        Func<IReadOnlyList<Wish>> survey,
        CancellationToken cancellation
    )
    {
        var before = _records.Find(identity).ToHashSet();
        var asked = false;
        for (var round = 0; ; round++)
        {
            var wishes = survey();
            var open = wishes.Where(wish => !files.IsGranted(wish)).ToList();
            if (open.Count == 0)
            {
                if (asked)
                {
                    _records.Write(TrustRecord.Of(identity, wishes, host.Clock.GetUtcNow()));
                }

                return;
            }

            var added = open.Where(wish => !before.Contains(wish)).ToList();
            if (added.Count > 0)
            {
                asked |= await AskAsync(shown, added, before.Count > 0 || asked, cancellation);
            }

            open.ForEach(files.Grant);
            RequireEnd(round);
        }
    }

    /// <summary>Asks about wishes.</summary>
    /// <returns>True when a person said yes; false for <c>--trust</c>, which is not remembered.</returns>
    private async Task<bool> AskAsync(string shown, List<Wish> wishes, bool isMore, CancellationToken cancellation)
    {
        var name = VisibleText.Of(shown);
        if (allow)
        {
            foreach (var wish in wishes)
            {
                host.Progress.Note($"{name} is allowed to {wish.Text}");
            }

            return false;
        }

        var what = $"{name} wants more of this machine than its own directory{(isMore ? ", and more than you allowed before" : "")}:";
        var lines = wishes.Select(wish => $"  {(isMore ? "+ " : "")}{wish.Text}").ToList();
        if (!host.Dialogue.CanAsk)
        {
            throw new TorchyardException(
                "TY1040",
                string.Join('\n', lines.Prepend(what)),
                $"if you know who wrote it and want that, allow it: torchyard trust {Quoted(shown)} (remembered), or --trust (this once)"
            )
            {
                IsUsage = true,
            };
        }

        host.Dialogue.Say(what);
        lines.ForEach(host.Dialogue.Say);
        return await host.Dialogue.AskAsync("Allow this? [y/N] ", cancellation)
            ? true
            : throw new TorchyardException(
                "TY1041",
                $"{name} was not allowed what it wants, so nothing was done",
                "take it out of the recipe, or run the command again and say yes"
            );
    }

    // As a shell takes it; a name that begins like an option is none.
    private static string Quoted(string text) =>
        text.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '/' or '.' or '-' or '_' or '+') && !text.StartsWith('-')
            ? text
            : VisibleText.Of($"'{(text.StartsWith('-') ? "./" : "")}{text.Replace("'", "'\\''", StringComparison.Ordinal)}'");

    private string Shown(RecipeSource source)
    {
        if (source.File is not { } file)
        {
            return source.Preset!;
        }

        var near = Path.GetRelativePath(host.Caller.WorkingDirectory, file);
        return near.StartsWith("..", StringComparison.Ordinal) ? file : near;
    }

    private static void RequireEnd(int round)
    {
        if (round > MostRounds)
        {
            throw new TorchyardException(
                "TY1045",
                "the files that the recipe names lead from one to the next without end",
                "name the files themselves in the recipe"
            )
            {
                IsUsage = true,
            };
        }
    }
}
