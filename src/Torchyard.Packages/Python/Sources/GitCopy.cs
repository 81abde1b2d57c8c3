using Torchyard.Packages.Python.Requirements;
using Torchyard.Platform.Files;
using Torchyard.Platform.Processes;

namespace Torchyard.Packages.Python.Sources;

/// <summary>The store's bare copy of a repository: content of single commits, no history.</summary>
/// <param name="session">Runs git.</param>
/// <param name="repository">Its directory; the caller holds its lock.</param>
internal sealed class GitCopy(GitSession session, string repository)
{
    // What a checkout has, whatever the machine's or the repository's attributes leave out of archives, expand in them or pass through a
    // program.
    private const string Attributes = "* -export-ignore -export-subst -filter\n";

    private bool _asked;

    /// <summary>Makes it, where there is none.</summary>
    public async Task PrepareAsync()
    {
        session.RequireTransport();
        var attributes = Path.Combine(repository, "info/attributes");
        if (!File.Exists(attributes))
        {
            await RequireAsync("init", "--quiet", "--bare", "--template=", repository);
            Directory.CreateDirectory(Path.Combine(repository, "info"));
        }

        if (!File.Exists(attributes) || await File.ReadAllTextAsync(attributes) != Attributes)
        {
            AtomicFile.WriteText(attributes, Attributes);
        }
    }

    /// <summary>Full hash of the commit that the source's revision is now.</summary>
    public async Task<string> ResolveAsync()
    {
        var revision = session.Source.Revision;
        if (revision is not null && GitUrl.IsCommit(revision))
        {
            return revision;
        }

        // Branches come before tags, as for pip.
        string[] wanted =
            revision is null ? ["HEAD"]
            : revision.StartsWith("refs/", StringComparison.Ordinal) ? [revision + "^{}", revision]
            : [$"refs/heads/{revision}", $"refs/tags/{revision}^{{}}", $"refs/tags/{revision}"];
        session.AskFirst();
        var listed = (await RequireAsync(["ls-remote", "--quiet", "--", session.Address, .. wanted]))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split('\t'))
            .Where(line => line.Length == 2 && GitUrl.IsCommit(line[0]))
            .DistinctBy(line => line[1], StringComparer.Ordinal)
            .ToDictionary(line => line[1], line => line[0], StringComparer.Ordinal);
        if (wanted.FirstOrDefault(listed.ContainsKey) is { } name)
        {
            return listed[name];
        }

        if (revision is { Length: >= 7 } && revision.All(char.IsAsciiHexDigitLower))
        {
            await FetchAllAsync();
            var found = await RunAsync("rev-parse", "--verify", "--quiet", "--end-of-options", revision + "^{commit}");
            if (found.ExitCode == 0 && GitUrl.IsCommit(found.Output.Trim()))
            {
                return found.Output.Trim();
            }
        }

        throw SourceProblem.Git(
            session.Source.Shown,
            revision is null ? "the repository has no HEAD" : $"the repository has no branch, tag or commit '{revision}'"
        );
    }

    /// <summary>Makes sure that the copy has a commit.</summary>
    public async Task FetchAsync(string commit)
    {
        if (await HasAsync(commit))
        {
            return;
        }

        session.AskFirst();
        var one = await RunAsync("fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--depth=1", "--", session.Address, commit);
        if (one.ExitCode != 0 || !await HasAsync(commit))
        {
            // A server that gives no single commits, or one without a protocol of its own.
            await FetchAllAsync();
        }

        if (!await HasAsync(commit))
        {
            throw SourceProblem.Git(session.Source.Shown, $"the repository has no commit {commit}");
        }
    }

    /// <summary>Path, address and commit of each submodule (gitmodules(5)).</summary>
    public async Task<IReadOnlyList<(string Path, string Address, string Commit)>> SubmodulesAsync(string commit)
    {
        var links = (await RequireAsync("ls-tree", "-r", "-z", "--full-tree", commit))
            .Split('\0', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => line.StartsWith("160000 commit ", StringComparison.Ordinal))
            .Select(line => line["160000 commit ".Length..].Split('\t', 2))
            .ToList();
        if (links.Count == 0)
        {
            return [];
        }

        var settings = new Dictionary<string, string>(StringComparer.Ordinal);
        var listed = await RunAsync("config", "-z", "--blob", $"{commit}:.gitmodules", "--get-regexp", @"^submodule\..*\.(path|url)$");
        foreach (var entry in listed.Output.Split('\0', StringSplitOptions.RemoveEmptyEntries))
        {
            var end = entry.IndexOf('\n', StringComparison.Ordinal);
            settings[end < 0 ? entry : entry[..end]] = end < 0 ? "" : entry[(end + 1)..];
        }

        var result = new List<(string, string, string)>();
        foreach (var link in links)
        {
            var (hash, path) = (link[0], link[1]);
            var name = settings.FirstOrDefault(pair => pair.Key.EndsWith(".path", StringComparison.Ordinal) && pair.Value == path).Key;
            if (name is null || !settings.TryGetValue(name[..^".path".Length] + ".url", out var address))
            {
                throw SourceProblem.Git(session.Source.Shown, $".gitmodules does not say where the submodule '{path}' is");
            }

            result.Add((path, address, hash));
        }

        return result;
    }

    /// <summary>Objects of a commit: itself, its directories and files.</summary>
    public async Task<string> ObjectsAsync(string commit) =>
        await RequireAsync("rev-list", "--objects", "--no-object-names", "--no-walk", commit);

    /// <summary>Runs git on it and refuses failure.</summary>
    public Task<string> RequireAsync(params string[] arguments) => session.RequireAsync(repository, arguments);

    /// <summary>Packs objects of it into a directory.</summary>
    public Task PackAsync(string objects, string directory) =>
        session.RequireAsync(repository, ["pack-objects", "--quiet", Path.Combine(directory, "pack")], objects);

    private Task<CommandResult> RunAsync(params string[] arguments) => session.RunAsync(repository, arguments);

    private async Task<bool> HasAsync(string commit) => (await RunAsync("cat-file", "-e", commit + "^{commit}")).ExitCode == 0;

    private async Task FetchAllAsync()
    {
        if (_asked)
        {
            return;
        }

        session.AskFirst();
        _asked = true;
        string[] whole = File.Exists(Path.Combine(repository, "shallow")) ? ["--unshallow"] : [];
        await RequireAsync([
            "fetch",
            "--quiet",
            "--force",
            "--no-recurse-submodules",
            .. whole,
            "--",
            session.Address,
            "+refs/heads/*:refs/heads/*",
            "+refs/tags/*:refs/tags/*",
        ]);
    }
}
