using Torchyard.Platform.Errors;
using Torchyard.Recipes.Locks;

namespace Torchyard.Packages.Python.Sources;

/// <summary>
/// History of a repository: its commits, directories and tags without the content of files, and what <c>git describe</c> in a build needs
/// of it. Projects take their version from it (setuptools-scm, hatch-vcs, versioningit, versioneer, poetry-dynamic-versioning), and what
/// belongs in their wheel.
/// </summary>
/// <param name="session">Runs git.</param>
/// <param name="history">Directory in the store; the caller holds the lock of the repository's copy.</param>
internal sealed class GitHistory(GitSession session, string history)
{
    // Newest first. A project with more of them looks for its version among its newest.
    private const int TagLimit = 256;

    /// <summary>Makes sure that the history of a commit is there.</summary>
    /// <param name="commit">The commit.</param>
    /// <param name="known">Tags that a lock has for it; null to take those that the repository has now.</param>
    /// <returns>Tags of the commit's history, by name.</returns>
    /// <exception cref="TorchyardException">TY2520 offline, TY2522: it cannot be fetched, or a tag of the lock is gone.</exception>
    public async Task<IReadOnlyList<LockedTag>> FetchAsync(string commit, IReadOnlyList<LockedTag>? known)
    {
        await PrepareAsync();
        if (known is not null)
        {
            var wanted = known.Select(tag => tag.Object).Append(commit).ToList();
            if (await LacksAsync(wanted) is not null)
            {
                session.AskFirst();
                // Without the tags' names: one that moved is asked for as what it was.
                if (!await TryFetchAsync([.. wanted.Distinct(StringComparer.Ordinal)]) || await LacksAsync(wanted) is not null)
                {
                    await FetchAllAsync();
                }
            }

            return await LacksAsync(wanted) is not { } gone
                ? known
                : throw SourceProblem.TagGone(session.Source, known.FirstOrDefault(tag => tag.Object == gone)?.Name ?? commit);
        }

        if (!session.IsOffline)
        {
            // A tag that moved or went is not kept.
            if (!await TryFetchAsync(["+refs/tags/*:refs/tags/*", commit], prune: true) || await LacksAsync([commit]) is not null)
            {
                await FetchAllAsync();
            }
        }
        else if (await LacksAsync([commit]) is not null)
        {
            session.AskFirst();
        }

        var listed = await RequireAsync([
            "for-each-ref",
            $"--merged={commit}",
            "--sort=-creatordate",
            $"--count={TagLimit}",
            "--format=%(objectname) %(refname:lstrip=2)",
            "refs/tags",
        ]);
        return
        [
            .. listed
                .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => LockedTag.TryParse(line, out var tag) ? tag : null)
                .OfType<LockedTag>()
                .OrderBy(tag => tag.Name, StringComparer.Ordinal),
        ];
    }

    /// <summary>
    /// Writes the repository that a build sees, the same for everybody: commits, directories and tags of the commit's history, the files of
    /// the commit itself, and nothing else, since git shortens hashes by the number of objects. It is what pip's own clone has of that
    /// history (<c>--filter=blob:none</c>). No file of it comes from the repository.
    /// </summary>
    /// <param name="copy">Has the commit's content.</param>
    /// <param name="commit">The commit.</param>
    /// <param name="tags">Tags of its history.</param>
    /// <param name="directory">Where it is made.</param>
    public async Task WriteAsync(GitCopy copy, string commit, IReadOnlyList<LockedTag> tags, string directory)
    {
        var packs = Directory.CreateDirectory(Path.Combine(directory, "objects/pack")).FullName;
        Directory.CreateDirectory(Path.Combine(directory, "refs"));
        var commits = await RequireAsync([
            "rev-list",
            "--objects",
            "--no-object-names",
            "--filter=blob:none",
            commit,
            .. tags.Select(tag => tag.Object),
        ]);
        await session.RequireAsync(history, ["pack-objects", "--quiet", Path.Combine(packs, "pack")], commits);
        await copy.PackAsync(await copy.ObjectsAsync(commit), packs);

        // A revision that is neither hash nor tag is a branch; pip stands on it, and else on no branch.
        var branch =
            session.Source.Revision is { } name
            && !name.All(char.IsAsciiHexDigitLower)
            && !name.StartsWith("refs/", StringComparison.Ordinal)
            && tags.All(tag => tag.Name != name)
                ? $"refs/heads/{name}"
                : null;
        var references = tags.Select(tag => (Name: "refs/tags/" + tag.Name, tag.Object))
            .Concat(branch is null ? [] : [(branch, commit)])
            .OrderBy(reference => reference.Name, StringComparer.Ordinal);
        await File.WriteAllTextAsync(
            Path.Combine(directory, "packed-refs"),
            string.Concat(references.Select(reference => $"{reference.Object} {reference.Name}\n"))
        );
        await File.WriteAllTextAsync(Path.Combine(directory, "HEAD"), branch is null ? commit + "\n" : $"ref: {branch}\n");
        await File.WriteAllTextAsync(
            Path.Combine(directory, "config"),
            $"""
            [core]
            repositoryformatversion = 0
            filemode = true
            bare = false
            [gc]
            auto = 0
            [remote "origin"]
            url = {Quoted(session.Source.PublicUrl)}
            fetch = +refs/heads/*:refs/remotes/origin/*

            """
        );
        // The files have no times in it, so git compares their content.
        await session.RequireAsync(directory, ["read-tree", commit]);
    }

    private static string Quoted(string text) =>
        $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    private Task<string> RequireAsync(IReadOnlyList<string> arguments) => session.RequireAsync(history, arguments);

    /// <summary>The first of some objects that is not there; null when all are.</summary>
    private async Task<string?> LacksAsync(IReadOnlyList<string> objects)
    {
        // Git fetches what such a copy lacks where it is asked for it; here it must not.
        var found = await session.RunAsync(
            history,
            ["cat-file", "--batch-check=%(objecttype)"],
            string.Join('\n', objects) + "\n",
            new Dictionary<string, string> { ["GIT_ALLOW_PROTOCOL"] = "none" }
        );
        var types = found.Output.Split('\n');
        return objects.Where((_, at) => at >= types.Length || types[at] is not ("commit" or "tag")).FirstOrDefault();
    }

    private async Task PrepareAsync()
    {
        if (!Directory.Exists(Path.Combine(history, "objects")))
        {
            await RequireAsync(["init", "--quiet", "--bare", "--template=", history]);
        }
    }

    /// <summary>History without the content of files, where the server can; a repository on this disk gives all it has.</summary>
    private async Task<bool> TryFetchAsync(IReadOnlyList<string> wanted, bool prune = false)
    {
        if (!await SpeaksGitAsync())
        {
            // Such a copy would ask this server for what it lacks, and for that again, without end.
            if (Directory.Exists(history))
            {
                Directory.Delete(history, recursive: true);
            }

            await PrepareAsync();
            return false;
        }

        return (
                await session.RunAsync(
                    history,
                    [
                        "fetch",
                        "--quiet",
                        "--force",
                        "--no-tags",
                        "--no-recurse-submodules",
                        .. prune ? ["--prune"] : (string[])[],
                        .. session.Source.Url.IsFile ? [] : (string[])["--filter=blob:none"],
                        "--",
                        session.Address,
                        .. wanted,
                    ]
                )
            ).ExitCode == 0;
    }

    /// <summary>False for a server of plain files, which git reads over http too (gitprotocol-http(5), "Dumb Server Response").</summary>
    private async Task<bool> SpeaksGitAsync()
    {
        if (session.Source.Url.Scheme is not ("https" or "http"))
        {
            return true;
        }

        var asked = await session.RunAsync(
            history,
            ["ls-remote", "--quiet", "--", session.Address, "HEAD"],
            changes: new Dictionary<string, string> { ["GIT_TRACE_PACKET"] = "1" }
        );
        return asked.Error.Contains("packet:", StringComparison.Ordinal);
    }

    // A server that gives no single commits, or one without a protocol of its own.
    private Task<string> FetchAllAsync() =>
        RequireAsync([
            "fetch",
            "--quiet",
            "--force",
            "--no-recurse-submodules",
            "--",
            session.Address,
            "+refs/heads/*:refs/heads/*",
            "+refs/tags/*:refs/tags/*",
        ]);
}
