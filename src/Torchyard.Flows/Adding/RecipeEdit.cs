using Torchyard.Containers.State;
using Torchyard.Flows.Fitting;
using Torchyard.Flows.Hosts;
using Torchyard.Flows.Locking;
using Torchyard.Flows.Locks;
using Torchyard.Flows.Projects;
using Torchyard.Flows.Trust;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Text;
using Torchyard.Recipes.Editing;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Sources;

namespace Torchyard.Flows.Adding;

/// <summary>
/// An edit of somebody's recipe under way. The changed recipe is locked before anything is written: when it does not resolve, recipe and
/// lock are byte for byte what they were.
/// </summary>
internal sealed class RecipeEdit
{
    private const int LargestRecipe = 1 << 20;

    private readonly Host _host;
    private readonly EditRequest _request;
    private readonly byte[] _content;
    private readonly string _file;
    private readonly RecipeSource _source;
    private readonly List<string> _notes = [];

    private RecipeEdit(Host host, EditRequest request, RecipeSource source, string file, byte[] content)
    {
        (_host, _request, _source, _file, _content) = (host, request, source, file, content);
        Editor = new RecipeEditor(content, file);
    }

    /// <summary>Changes the recipe.</summary>
    public RecipeEditor Editor { get; }

    /// <summary>The recipe with the changes so far; nobody was asked yet what it may have.</summary>
    public RecipeSource Source => _source with { Recipe = Editor.Recipe };

    /// <summary>Opens the recipe that is to be changed.</summary>
    /// <exception cref="TorchyardException">TY1009: there is none; TY1053: a preset cannot be changed; TY1058: it is a link that leads out
    /// of its directory.</exception>
    public static RecipeEdit Open(Host host, EditRequest request)
    {
        var source = RecipeChoice.Find(host, request.Recipe, torch: null);
        return source.File is not { } file
            ? throw new TorchyardException(
                "TY1053",
                $"'{source.Preset}' is a preset, which cannot be changed",
                $"write it down first: torchyard init {source.Preset}"
            )
            {
                IsUsage = true,
            }
            : new RecipeEdit(host, request, source, file, Read(source, file));
    }

    private static byte[] Read(RecipeSource source, string file)
    {
        var real = RealPath.Of(file);
        return RealPath.IsWithin(real, source.Files.RealDirectory)
            ? RegularFile.ReadAllBytes(real, LargestRecipe)
            : throw new TorchyardException(
                "TY1058",
                $"{file} is a link to {VisibleText.Of(real)}, outside of its directory, and nothing is written there",
                "name the file itself with --recipe, or put a copy of it in the place of the link"
            )
            {
                IsUsage = true,
            };
    }

    /// <summary>A path of the command line as a recipe has it: relative to the recipe.</summary>
    public string RelativePath(string path)
    {
        var relative = Path.GetRelativePath(_source.Directory, _host.Caller.FullPath(path));
        return relative.StartsWith("../", StringComparison.Ordinal) || Path.IsPathRooted(relative) ? relative : "./" + relative;
    }

    /// <summary>Says something about a package, whose name a container or a recipe chose.</summary>
    public void Note(string text) => _notes.Add(VisibleText.Of(UrlText.WithoutSecrets(text)));

    /// <summary>Locks the changed recipe, then writes both.</summary>
    /// <exception cref="TorchyardException">As <see cref="RecipeGate.OpenAsync(RecipeSource, CancellationToken)"/> and
    /// <see cref="ProjectLock.LockAsync"/>; TY1054: somebody else changed the recipe meanwhile.</exception>
    public async Task<EditOutcome> FinishAsync(CancellationToken cancellation)
    {
        var before = LockPlace.Read(_source, _host.Store);
        var source = await new RecipeGate(_host, _request.Trust).OpenAsync(Source, before, cancellation);
        var options = LockOptions.None with { DryRun = true, Offline = _request.Offline };
        var locks =
            before is not null && LockFit.Fits(before, source)
                ? [new PlacedLock(LockPlace.Of(source, _host.Store), before)]
                : await new ProjectLock(_host, source.Files).LockAsync(source, before, options, cancellation);
        if (!_request.DryRun)
        {
            Write(source, locks, before);
        }

        var running = await _host
            .Containers()
            .FindByLabelAsync(ContainerLabels.Project, Project.Of(source.Directory, _host.Store).Directory, cancellation);
        return new EditOutcome
        {
            Recipe = _file,
            Lines =
            [
                .. LineChanges
                    .Between(System.Text.Encoding.UTF8.GetString(_content), System.Text.Encoding.UTF8.GetString(Editor.Content))
                    .Select(UrlText.WithoutSecrets),
            ],
            Notes = _notes,
            Lock = new LockOutcome(_request.DryRun, [.. locks.Select(one => LockSummary.Of(one, before))]) { IsNew = before is null },
            BytesBefore = before is null ? null : LockSummary.Of(new PlacedLock("", before), before).Bytes,
            IsRunning = running.Any(container => container.IsRunning),
        };
    }

    private void Write(RecipeSource source, IReadOnlyList<PlacedLock> locks, RecipeLock? before)
    {
        // The file behind a link is changed, not the link, and by no way out of the project.
        var name = Path.GetRelativePath(_source.Files.RealDirectory, RealPath.Of(_file));
        using var project = ConfinedDirectory.Open(_source.Files.RealDirectory);
        if (project.ReadBytes(name, LargestRecipe) is not { } now || !now.AsSpan().SequenceEqual(_content))
        {
            throw new TorchyardException(
                "TY1054",
                $"{_file} was changed by somebody else while this command resolved it, so nothing was written",
                "look at the file, then run the same command again"
            );
        }

        if (!Editor.Content.AsSpan().SequenceEqual(_content))
        {
            project.Replace(name, Editor.Content);
        }

        if (locks is not [{ } one] || one.Lock != before)
        {
            LockPlace.WriteAll(source, _host.Store, locks);
        }
    }
}
