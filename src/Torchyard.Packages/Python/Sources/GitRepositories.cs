using System.Text;
using Torchyard.Packages.Python.Indexes;
using Torchyard.Packages.Python.Requirements;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Processes;
using Torchyard.Platform.Text;
using Torchyard.Recipes.Locks;

namespace Torchyard.Packages.Python.Sources;

/// <summary>What a commit gave for a build.</summary>
/// <param name="Commit">Its full hash.</param>
/// <param name="Tags">Tags of its history.</param>
/// <param name="Parts">Its content and that of its submodules, as archives.</param>
/// <param name="Repository">Directory that the build sees as <c>.git</c>.</param>
internal sealed record GitExport(string Commit, IReadOnlyList<LockedTag> Tags, IReadOnlyList<SourcePart> Parts, string Repository);

/// <summary>Starts git with arguments, changes to the environment and text for its standard input.</summary>
public delegate Task<CommandResult> GitProgram(
    IReadOnlyList<string> arguments,
    IReadOnlyDictionary<string, string?> environment,
    string? input,
    CancellationToken cancellation
);

/// <summary>
/// Repositories as this machine reaches them: the user's own git fetches, with its settings for proxies and keys. A bare copy of each stays
/// in the store, so that a commit is fetched once. Nothing of a repository runs: there is no working tree, no hook and no filter; its
/// content comes out as tar archives (git-archive(1)), of submodules too, and its history as a repository of objects alone
/// (<see cref="GitHistory"/>).
/// </summary>
/// <param name="store">Keeps the copies.</param>
/// <param name="transport">Says which hosts may be asked without TLS, and whether any.</param>
/// <param name="git">Starts git; null for the machine's.</param>
public sealed class GitRepositories(StorePaths store, IndexTransport transport, GitProgram? git = null)
{
    /// <summary>Refuses the real path of a repository on this machine's disk that nobody allowed, a submodule's too.</summary>
    public Action<string> RequireLocal { get; init; } = static _ => { };

    private const int SubmoduleDepth = 8;
    private const int SubmoduleLimit = 256;

    private readonly GitProgram _git = git
        ?? (
            static (arguments, environment, input, cancellation) =>
                HostCommand.RunAsync(
                    HostProgram.Require("git"),
                    arguments,
                    changes: environment,
                    input: input,
                    bounds: ProgramBounds.Transfer,
                    cancellation: cancellation
                )
        );

    /// <summary>Finds the commit of a source and writes its content as archives, and its history as a repository.</summary>
    /// <param name="source">The source; its commit counts before its revision, its tags before those of the repository.</param>
    /// <param name="directory">Gets archives and repository.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="TorchyardException">TY2505 plain HTTP, TY2514 a submodule that may not be fetched, TY2520 offline, TY2521 no git,
    /// TY2522 git failed.</exception>
    internal async Task<GitExport> ExportAsync(SourceReference source, string directory, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(source);
        var parts = new List<SourcePart>();
        var (place, session) = (PlaceOf(source), new GitSession(_git, transport, source, cancellation));
        using var held = await FileLock.AcquireAsync(place + ".lock", exclusive: true, cancellation);
        var copy = new GitCopy(session, place);
        var commit = await ExportAsync(copy, source, "", [place], directory, parts, cancellation);
        var history = new GitHistory(session, place + ".history");
        var tags = await history.FetchAsync(commit, source.Tags);
        var repository = Path.Combine(directory, "repository");
        await history.WriteAsync(copy, commit, tags, repository);
        return new GitExport(commit, tags, parts, repository);
    }

    private async Task<string> ExportAsync(
        GitCopy copy,
        SourceReference source,
        string prefix,
        IReadOnlyList<string> open,
        string directory,
        List<SourcePart> parts,
        CancellationToken cancellation
    )
    {
        if (source.Url.IsFile)
        {
            RequireLocal(RealPath.Of(Path.GetFullPath(source.Url.LocalPath)));
        }

        await copy.PrepareAsync();
        var commit = source.Commit ?? await copy.ResolveAsync();
        await copy.FetchAsync(commit);
        var file = Path.Combine(directory, $"{parts.Count}.tar");
        await copy.RequireAsync("archive", "--format=tar", "-o", file, commit);
        parts.Add(new SourcePart(file, "source.tar", prefix));
        foreach (var (path, address, pinned) in await copy.SubmodulesAsync(commit))
        {
            if (open.Count > SubmoduleDepth || parts.Count == SubmoduleLimit)
            {
                throw SourceProblem.Git(
                    source.Shown,
                    $"more than {SubmoduleLimit} submodules, or {SubmoduleDepth} of them inside each other"
                );
            }

            var module = new SourceReference { Url = Submodule(source, path, address), Commit = pinned };
            var place = PlaceOf(module);
            // A repository may be a submodule of itself, at another commit.
            using var held = open.Contains(place) ? null : await FileLock.AcquireAsync(place + ".lock", exclusive: true, cancellation);
            var inner = new GitCopy(new GitSession(_git, transport, module, cancellation), place);
            await ExportAsync(inner, module, $"{prefix}{path}/", [.. open, place], directory, parts, cancellation);
        }

        return commit;
    }

    private string PlaceOf(SourceReference source)
    {
        var place = Path.Combine(store.Packages, "git", Digest.Of(Encoding.UTF8.GetBytes(source.PublicUrl)).Hex[..32]);
        Directory.CreateDirectory(Path.GetDirectoryName(place)!);
        return place;
    }

    /// <summary>
    /// Address of a submodule, which the repository's author wrote: held to the same rules as the user's, and no file unless the repository
    /// is one.
    /// </summary>
    private static Uri Submodule(SourceReference parent, string path, string address)
    {
        var scp = address.IndexOf(':', StringComparison.Ordinal);
        var url =
            address.StartsWith("./", StringComparison.Ordinal) || address.StartsWith("../", StringComparison.Ordinal)
                ? (UrlText.TryRead(new Uri(parent.PublicUrl.TrimEnd('/') + "/"), address, out var beside) ? beside : null)
            : address.Contains("://", StringComparison.Ordinal) ? (UrlText.TryRead(address, out var absolute) ? absolute : null)
            // git@host:path, which only ssh knows; two colons name a program (gitremote-helpers(7)).
            : scp > 0
            && !address.Contains("::", StringComparison.Ordinal)
            && !address[..scp].Contains('/', StringComparison.Ordinal)
            && UrlText.TryRead($"ssh://{address[..scp]}/{address[(scp + 1)..]}", out var ssh)
                ? ssh
            : null;
        var why = url is null
            ? "it is not a URL that is followed"
            : GitUrl.Why(url) ?? (url.IsFile && !parent.Url.IsFile ? "it is on this machine's disk, and the repository is not" : null);
        return why is null ? url! : throw RequirementProblemOf(parent, path, address, why);
    }

    private static TorchyardException RequirementProblemOf(SourceReference parent, string path, string address, string why) =>
        new(
            "TY2514",
            $"{parent.Shown} has a submodule '{path}' at '{address}': {why}",
            "build the wheel once on a machine that you trust with it, and name the wheel"
        );
}
