using System.ComponentModel;
using System.Text;
using Torchyard.Packages.Python.Indexes;
using Torchyard.Packages.Python.Settings;
using Torchyard.Platform;
using Torchyard.Platform.Files;
using Torchyard.Platform.Processes;

namespace Torchyard.Packages.Python.Sources;

/// <summary>Starts git with arguments and changes to the environment.</summary>
public delegate Task<CommandResult> GitProgram(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string?> environment, CancellationToken cancellation);

/// <summary>
/// Repositories as this machine reaches them: the user's own git fetches, with its settings for proxies and keys. A bare copy of each stays in
/// the store, so that a commit is fetched once. Nothing of a repository runs: there is no working tree, no hook and no filter; its content
/// comes out as tar archives (git-archive(1)), of submodules too.
/// </summary>
/// <param name="store">Keeps the copies.</param>
/// <param name="transport">Says which hosts may be asked without TLS, and whether any.</param>
/// <param name="git">Starts git; null for the machine's.</param>
public sealed class GitRepositories(StorePaths store, IndexTransport transport, GitProgram? git = null)
{
    private const int SubmoduleDepth = 8;
    private const int SubmoduleLimit = 256;

    // Everything that is in the commit, whatever the machine's or the repository's attributes leave out or pass through a program.
    private const string Attributes = "* -export-ignore -filter\n";

    private readonly GitProgram _git = git ?? (static (arguments, environment, cancellation) =>
        HostCommand.RunAsync("git", arguments, changes: environment, cancellation: cancellation));

    /// <summary>Finds the commit of a source and writes its content as archives.</summary>
    /// <param name="source">The source; its commit counts before its revision.</param>
    /// <param name="directory">Gets the archives.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="TorchyardException">TY2505 plain HTTP, TY2514 a submodule that may not be fetched, TY2520 offline, TY2521 no git, TY2522 git failed.</exception>
    public async Task<(string Commit, IReadOnlyList<SourcePart> Parts)> ExportAsync(SourceReference source, string directory, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(source);
        var parts = new List<SourcePart>();
        var commit = await ExportAsync(source, "", 0, directory, parts, cancellation);
        return (commit, parts);
    }

    private async Task<string> ExportAsync(
        SourceReference source, string prefix, int depth, string directory, List<SourcePart> parts, CancellationToken cancellation)
    {
        var repository = Path.Combine(store.Packages, "git", Digest.Of(Encoding.UTF8.GetBytes(source.PublicUrl)).Hex[..32]);
        Directory.CreateDirectory(Path.GetDirectoryName(repository)!);
        using var held = await FileLock.AcquireAsync(repository + ".lock", exclusive: true, cancellation);
        var run = new Session(this, source, repository, cancellation);
        await run.PrepareAsync();
        var commit = source.Commit ?? await run.ResolveAsync();
        await run.FetchAsync(commit);
        var file = Path.Combine(directory, $"{parts.Count}.tar");
        await run.RequireAsync("archive", "--format=tar", "-o", file, commit);
        parts.Add(new SourcePart(file, "source.tar", prefix));
        foreach (var (path, address, pinned) in await run.SubmodulesAsync(commit))
        {
            if (depth == SubmoduleDepth || parts.Count == SubmoduleLimit)
            {
                throw SourceProblem.Git(source.Shown, $"more than {SubmoduleLimit} submodules, or {SubmoduleDepth} of them inside each other");
            }

            var module = new SourceReference { Url = Submodule(source, path, address), Commit = pinned };
            await ExportAsync(module, $"{prefix}{path}/", depth + 1, directory, parts, cancellation);
        }

        return commit;
    }

    /// <summary>Address of a submodule, which the repository's author wrote: held to the same rules as the user's, and no file unless the repository is one.</summary>
    private static Uri Submodule(SourceReference parent, string path, string address)
    {
        var scp = address.IndexOf(':', StringComparison.Ordinal);
        Uri? url = address.StartsWith("./", StringComparison.Ordinal) || address.StartsWith("../", StringComparison.Ordinal)
            ? new Uri(new Uri(parent.PublicUrl.TrimEnd('/') + "/"), address)
            : address.Contains("://", StringComparison.Ordinal) ? (Uri.TryCreate(address, UriKind.Absolute, out var absolute) ? absolute : null)
            // git@host:path, which only ssh knows; two colons name a program (gitremote-helpers(7)).
            : scp > 0 && !address.Contains("::", StringComparison.Ordinal) && !address[..scp].Contains('/', StringComparison.Ordinal) && Uri.TryCreate($"ssh://{address[..scp]}/{address[(scp + 1)..]}", UriKind.Absolute, out var ssh) ? ssh : null;
        var why = url is null ? "it is no URL that is followed" : GitUrl.Why(url) ?? (url.IsFile && !parent.Url.IsFile ? "it is on this machine's disk, and the repository is not" : null);
        return why is null ? url! : throw RequirementProblemOf(parent, path, address, why);
    }

    private static TorchyardException RequirementProblemOf(SourceReference parent, string path, string address, string why) => new(
        "TY2514", $"{parent.Shown} has a submodule '{path}' at '{address}': {why}", "Build the wheel once on a machine that you trust with it, and name the wheel");

    /// <summary>Work on one repository.</summary>
    private sealed class Session(GitRepositories owner, SourceReference source, string repository, CancellationToken cancellation)
    {
        private bool _asked;

        private string Address => new UriBuilder(source.PublicUrl).Uri is { IsFile: true } file ? file.LocalPath : source.PublicUrl;

        public async Task PrepareAsync()
        {
            if (source.Url.Scheme == Uri.UriSchemeHttp)
            {
                owner.RequireTrusted(source.Url);
            }

            if (!File.Exists(Path.Combine(repository, "info/attributes")))
            {
                await RequireAsync("init", "--quiet", "--bare", "--template=", repository);
                Directory.CreateDirectory(Path.Combine(repository, "info"));
                AtomicFile.WriteText(Path.Combine(repository, "info/attributes"), Attributes);
            }
        }

        public async Task<string> ResolveAsync()
        {
            var revision = source.Revision;
            if (revision is not null && GitUrl.IsCommit(revision))
            {
                return revision;
            }

            // Branches come before tags, as for pip.
            string[] wanted = revision is null ? ["HEAD"]
                : revision.StartsWith("refs/", StringComparison.Ordinal) ? [revision + "^{}", revision]
                : [$"refs/heads/{revision}", $"refs/tags/{revision}^{{}}", $"refs/tags/{revision}"];
            AskFirst();
            var listed = (await RequireAsync(["ls-remote", "--quiet", "--", Address, .. wanted])).Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => line.Split('\t')).Where(line => line.Length == 2 && GitUrl.IsCommit(line[0]))
                .DistinctBy(line => line[1], StringComparer.Ordinal).ToDictionary(line => line[1], line => line[0], StringComparer.Ordinal);
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

            throw SourceProblem.Git(source.Shown, revision is null ? "the repository has no HEAD" : $"the repository has no branch, tag or commit '{revision}'");
        }

        public async Task FetchAsync(string commit)
        {
            if (await HasAsync(commit))
            {
                return;
            }

            AskFirst();
            var one = await RunAsync("fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--depth=1", "--", Address, commit);
            if (one.ExitCode != 0 || !await HasAsync(commit))
            {
                // A server that gives no single commits, or one without a protocol of its own.
                await FetchAllAsync();
            }

            if (!await HasAsync(commit))
            {
                throw SourceProblem.Git(source.Shown, $"the repository has no commit {commit}");
            }
        }

        /// <summary>Path, address and commit of each submodule (gitmodules(5)).</summary>
        public async Task<IReadOnlyList<(string Path, string Address, string Commit)>> SubmodulesAsync(string commit)
        {
            var links = (await RequireAsync("ls-tree", "-r", "-z", "--full-tree", commit)).Split('\0', StringSplitOptions.RemoveEmptyEntries)
                .Where(line => line.StartsWith("160000 commit ", StringComparison.Ordinal)).Select(line => line["160000 commit ".Length..].Split('\t', 2)).ToList();
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
                    throw SourceProblem.Git(source.Shown, $".gitmodules does not say where the submodule '{path}' is");
                }

                result.Add((path, address, hash));
            }

            return result;
        }

        public async Task<string> RequireAsync(params string[] arguments)
        {
            var result = await RunAsync(arguments);
            return result.ExitCode == 0 ? result.Output
                : throw SourceProblem.Git(source.Shown, result.Error.Trim() is { Length: > 0 } said ? said : $"git {arguments[0]} ended with exit status {result.ExitCode}");
        }

        private async Task<bool> HasAsync(string commit) => (await RunAsync("cat-file", "-e", commit + "^{commit}")).ExitCode == 0;

        private async Task FetchAllAsync()
        {
            if (_asked)
            {
                return;
            }

            AskFirst();
            _asked = true;
            string[] whole = File.Exists(Path.Combine(repository, "shallow")) ? ["--unshallow"] : [];
            await RequireAsync(["fetch", "--quiet", "--force", "--no-recurse-submodules", .. whole, "--", Address, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"]);
        }

        private void AskFirst()
        {
            if (owner.IsOffline)
            {
                throw IndexProblem.Offline(source.Url);
            }
        }

        private async Task<CommandResult> RunAsync(params string[] arguments)
        {
            try
            {
                return await owner._git(
                    [
                        "--git-dir", repository, "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "core.autocrlf=false", "-c", "core.eol=lf",
                        "-c", "tar.umask=0022", "-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c", "core.attributesFile=/dev/null", .. arguments,
                    ],
                    Variables(), cancellation);
            }
            catch (Win32Exception)
            {
                throw SourceProblem.NoGit(source.Shown);
            }
        }

        private Dictionary<string, string?> Variables()
        {
            var variables = new Dictionary<string, string?>
            {
                ["GIT_DIR"] = null,
                ["GIT_WORK_TREE"] = null,
                ["GIT_INDEX_FILE"] = null,
                ["GIT_OBJECT_DIRECTORY"] = null,
                ["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = null,
                ["GIT_COMMON_DIR"] = null,
                ["GIT_NAMESPACE"] = null,
                ["GIT_CONFIG_PARAMETERS"] = null,
                ["GIT_TERMINAL_PROMPT"] = "0",
                ["LC_ALL"] = "C.UTF-8",
                // Above all settings: no ext::, no other program; a redirect cannot leave these either.
                ["GIT_ALLOW_PROTOCOL"] = source.Url.Scheme switch { "file" => "file", "http" => "http", _ => "https:ssh" },
            };
            if (source.Url.Scheme is "https" or "http" && owner.CredentialOf(source.Url) is { } credential)
            {
                // In the environment, which other users do not see.
                var pair = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{credential.User}:{credential.Password}"));
                variables["GIT_CONFIG_COUNT"] = "1";
                variables["GIT_CONFIG_KEY_0"] = $"http.{source.Url.GetLeftPart(UriPartial.Authority)}/.extraHeader";
                variables["GIT_CONFIG_VALUE_0"] = "Authorization: Basic " + pair;
            }

            return variables;
        }
    }

    private bool IsOffline => transport.IsOffline;

    private void RequireTrusted(Uri url) => transport.RequireScheme(url);

    private HostCredential? CredentialOf(Uri url)
    {
        // A credential of the URL itself counts for its host, as for indexes.
        if (url.UserInfo.Length > 0)
        {
            transport.Credentials.Adopt(url.AbsoluteUri, static _ => null);
        }

        return transport.Credentials.Find(url);
    }
}
