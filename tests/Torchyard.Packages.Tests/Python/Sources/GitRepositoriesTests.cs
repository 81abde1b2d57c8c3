using System.Net;
using Torchyard.Packages.Python.Indexes;
using Torchyard.Packages.Python.Requirements;
using Torchyard.Packages.Python.Settings;
using Torchyard.Packages.Python.Sources;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Processes;
using Torchyard.Recipes.Locks;
using Torchyard.Testing.Loopback;

namespace Torchyard.Packages.Tests.Python.Sources;

public sealed class GitRepositoriesTests : IDisposable
{
    private readonly TemporaryDirectory _work = new();
    private readonly IndexTransport _transport = new(new PipSettings { Retries = 0 }, IndexCredentials.None());

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _transport.Dispose();
        _work.Dispose();
    }

    [Fact]
    public async Task Branches_tags_and_commits_lead_to_the_full_hash_and_a_known_commit_is_not_asked_for_again()
    {
        var repository = await TestRepository.CreateAsync(Path.Combine(_work.Path, "repository"));
        var first = await repository.CommitAsync(("a.txt", "1"), (".gitattributes", "a.txt export-ignore filter=none\n"));
        await repository.GitAsync("tag", "v1");
        await repository.GitAsync("-c", "user.name=t", "-c", "user.email=t@t", "tag", "-a", "annotated", "-m", "x");
        var second = await repository.CommitAsync(("a.txt", "2"));
        var url = new Uri(repository.Path);

        Assert.Equal(second, (await ExportAsync(url, null)).Commit);
        Assert.Equal(second, (await ExportAsync(url, "main")).Commit);
        Assert.Equal(first, (await ExportAsync(url, "v1")).Commit);
        Assert.Equal(first, (await ExportAsync(url, "annotated")).Commit);
        Assert.Equal(first, (await ExportAsync(url, first[..10])).Commit);
        Assert.Equal(first, (await ExportAsync(url, first)).Commit);
        // What .gitattributes would leave out is there: the commit is what counts.
        var parts = (await ExportAsync(url, "v1")).Parts;
        Assert.Contains(
            "a.txt",
            (await HostCommand.RunAsync(HostProgram.Require("tar"), ["-tf", Assert.Single(parts).File], cancellation: Cancellation)).Output,
            StringComparison.Ordinal
        );

        Directory.Move(repository.Path, repository.Path + "-gone");
        Assert.Equal(first, (await ExportAsync(url, "v1", first, [])).Commit);
        Assert.Equal("TY2522", (await Assert.ThrowsAsync<TorchyardException>(() => ExportAsync(url, "v1"))).Code);
    }

    [Fact]
    public async Task A_revision_that_nobody_has_is_named()
    {
        var repository = await TestRepository.CreateAsync(Path.Combine(_work.Path, "repository"));
        await repository.CommitAsync(("a.txt", "1"));
        foreach (var revision in new[] { "gone", "deadbeefdead", new string('0', 40) })
        {
            var error = await Assert.ThrowsAsync<TorchyardException>(() => ExportAsync(new Uri(repository.Path), revision));
            Assert.Equal("TY2522", error.Code);
            Assert.Contains(revision, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_server_without_a_protocol_of_its_own_will_do()
    {
        var repository = await TestRepository.CreateAsync(Path.Combine(_work.Path, "repository"));
        var commit = await repository.CommitAsync(("a.txt", "1"));
        await repository.GitAsync("update-server-info");
        await using var server = new StaticServer(Path.Combine(repository.Path, ".git"));

        Assert.Equal(commit, (await ExportAsync(new Uri(server.Root, "repository"), "main")).Commit);
        Assert.Equal(
            "TY2505",
            (await Assert.ThrowsAsync<TorchyardException>(() => ExportAsync(new Uri("http://192.0.2.1/r"), "main"))).Code
        );
    }

    [Fact]
    public async Task Submodules_come_with_the_commit_that_pins_them()
    {
        var inner = await TestRepository.CreateAsync(Path.Combine(_work.Path, "inner"));
        var pinned = await inner.CommitAsync(("inner.txt", "1"));
        await inner.CommitAsync(("inner.txt", "2"));
        var outer = await TestRepository.CreateAsync(Path.Combine(_work.Path, "outer"));
        await LinkAsync(outer, "../inner", pinned);

        var parts = (await ExportAsync(new Uri(outer.Path), "main")).Parts;

        Assert.Equal(["", "lib/inner/"], parts.Select(part => part.Prefix));
        var content = await HostCommand.RunAsync(
            HostProgram.Require("tar"),
            ["-xOf", parts[1].File, "inner.txt"],
            cancellation: Cancellation
        );
        Assert.Equal("1", content.Output);
    }

    [Theory]
    [InlineData("ext::sh -c touch% pwned")]
    [InlineData("--upload-pack=touch pwned")]
    [InlineData("-u")]
    [InlineData("ssh://-oProxyCommand=touch/x")]
    [InlineData("-oProxyCommand=x:y")]
    [InlineData("fd::17")]
    [InlineData("../in\u202Ener")]
    public async Task A_hostile_submodule_is_refused(string address)
    {
        var outer = await TestRepository.CreateAsync(Path.Combine(_work.Path, "outer"));
        await LinkAsync(outer, address, new string('1', 40));
        var error = await Assert.ThrowsAsync<TorchyardException>(() => ExportAsync(new Uri(outer.Path), "main"));
        Assert.Equal("TY2514", error.Code);
        Assert.Contains("lib/inner", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_submodule_on_this_disk_is_for_repositories_on_this_disk_only()
    {
        var outer = await TestRepository.CreateAsync(Path.Combine(_work.Path, "outer"));
        await LinkAsync(outer, "file:///etc", new string('1', 40));
        await outer.GitAsync("update-server-info");
        await using var server = new StaticServer(Path.Combine(outer.Path, ".git"));
        var error = await Assert.ThrowsAsync<TorchyardException>(() => ExportAsync(new Uri(server.Root, "outer"), "main"));
        Assert.Equal("TY2514", error.Code);
    }

    [Fact]
    public async Task Without_git_the_cure_is_to_install_it()
    {
        var repositories = new GitRepositories(Store, _transport, (_, _, _, _) =>
            throw new TorchyardException("TY9021", "git is not on this machine", "install git")
        );
        var error = await Assert.ThrowsAsync<TorchyardException>(() =>
            repositories.ExportAsync(new SourceReference { Url = new Uri("https://host/r") }, _work.Path, Cancellation)
        );
        Assert.Equal("TY2521", error.Code);
        Assert.Contains("apt-get install git", error.Cure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Git_is_told_the_transports_that_it_may_use_and_no_credential_is_on_its_command_line()
    {
        var calls = new List<(IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string?> Environment)>();
        var repositories = new GitRepositories(Store, _transport, (arguments, environment, _, _) =>
        {
            calls.Add((arguments, environment));
            return Task.FromResult(new CommandResult(arguments.Contains("ls-remote") ? 128 : 0, "", "fatal: no"));
        });
        var reference = GitUrl.Parse("git+https://user:secret@host/r@main", null);
        await Assert.ThrowsAsync<TorchyardException>(() => repositories.ExportAsync(reference, _work.Path, Cancellation));
        var (listed, environment) = calls.Single(call => call.Arguments.Contains("ls-remote"));
        Assert.Equal("https:ssh", environment["GIT_ALLOW_PROTOCOL"]);
        Assert.Equal("0", environment["GIT_TERMINAL_PROMPT"]);
        Assert.DoesNotContain(listed, argument => argument.Contains("secret", StringComparison.Ordinal));
        Assert.Equal("Authorization: Basic dXNlcjpzZWNyZXQ=", environment["GIT_CONFIG_VALUE_0"]);
        Assert.Equal(listed.Count - 5, listed.ToList().IndexOf("--"));
    }

    [Fact]
    public async Task Offline_nothing_is_asked()
    {
        using var offline = new IndexTransport(new PipSettings(), IndexCredentials.None(), offline: true);
        var repositories = new GitRepositories(Store, offline, (_, _, _, _) => Task.FromResult(new CommandResult(1, "", "")));
        Directory.CreateDirectory(Store.Root);
        var repository = await TestRepository.CreateAsync(Path.Combine(_work.Path, "repository"));
        repositories = new GitRepositories(Store, offline);
        Assert.Equal(
            "TY2520",
            (
                await Assert.ThrowsAsync<TorchyardException>(() =>
                    repositories.ExportAsync(new SourceReference { Url = new Uri(repository.Path) }, _work.Path, Cancellation)
                )
            ).Code
        );
    }

    private StorePaths Store => new(Path.Combine(_work.Path, "store"));

    private Task<GitExport> ExportAsync(Uri url, string? revision, string? commit = null, IReadOnlyList<LockedTag>? tags = null) =>
        new GitRepositories(Store, _transport).ExportAsync(
            new SourceReference
            {
                Url = url,
                Revision = revision,
                Commit = commit,
                Tags = tags,
            },
            _work.Make(Path.GetRandomFileName()),
            Cancellation
        );

    // By plumbing, since git itself refuses to add a hostile one.
    private static async Task LinkAsync(TestRepository repository, string address, string commit)
    {
        await repository.GitAsync("update-index", "--add", "--cacheinfo", $"160000,{commit},lib/inner");
        await File.WriteAllTextAsync(
            Path.Combine(repository.Path, ".gitmodules"),
            $"[submodule \"x\"]\n\tpath = lib/inner\n\turl = \"{address}\"\n",
            Cancellation
        );
        await repository.GitAsync("add", ".gitmodules");
        await repository.GitAsync(
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@t",
            "-c",
            "commit.gpgsign=false",
            "commit",
            "--quiet",
            "-m",
            "link"
        );
    }

    /// <summary>Serves the files of a repository as a plain web server does.</summary>
    private sealed class StaticServer : IAsyncDisposable
    {
        private readonly HttpListener _listener;
        private readonly Task _serving;

        public StaticServer(string directory)
        {
            _listener = LoopbackListener.Start(out var root);
            Root = root;

            _serving = ServeAsync(directory);
        }

        public Uri Root { get; }

        public async ValueTask DisposeAsync()
        {
            _listener.Stop();
            await _serving;
            _listener.Close();
        }

        private async Task ServeAsync(string directory)
        {
            try
            {
                while (true)
                {
                    var context = await _listener.GetContextAsync();
                    // The first part of the path stands for the repository.
                    var path = Path.Combine(
                        directory,
                        context.Request.Url!.AbsolutePath.TrimStart('/').Split('/', 2).ElementAtOrDefault(1) ?? ""
                    );
                    var content = File.Exists(path) ? await File.ReadAllBytesAsync(path) : null;
                    context.Response.StatusCode = content is null ? 404 : 200;
                    if (content is not null)
                    {
                        context.Response.ContentLength64 = content.Length;
                        await context.Response.OutputStream.WriteAsync(content);
                    }

                    context.Response.Close();
                }
            }
            catch (Exception ended) when (ended is HttpListenerException or ObjectDisposedException)
            {
                // Disposed.
            }
        }
    }
}
