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

/// <summary>The repository that a build sees, compared with git's own clone.</summary>
public sealed class GitHistoryTests : IDisposable
{
    private readonly TemporaryDirectory _work = new();
    private readonly IndexTransport _transport = new(new PipSettings { Retries = 0 }, IndexCredentials.None());

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _transport.Dispose();
        _work.Dispose();
    }

    [Theory]
    [InlineData("main", true)]
    [InlineData("v2.0", false)]
    [InlineData(null, true)]
    public async Task Git_answers_as_in_a_clone(string? revision, bool served)
    {
        var repository = await HistoryAsync();
        await using var server = new GitServer(_work.Path);
        var url = served ? new Uri(server.Root, "repository/.git") : new Uri(repository.Path);
        var export = await new GitRepositories(Store("store"), _transport).ExportAsync(
            new SourceReference { Url = url, Revision = revision },
            NewDirectory(),
            Cancellation
        );
        var clone = Path.Combine(_work.Path, "clone");
        await RequireAsync("clone", "--quiet", repository.Path, clone);
        await RequireAsync("-C", clone, "checkout", "--quiet", revision ?? "HEAD");

        var tree = await CheckOutAsync(export);
        foreach (
            var question in new[]
            {
                // setuptools-scm, versioningit, versioneer, dunamai, PyTorch's setup.py.
                "describe --dirty --tags --long --match *[0-9]*",
                "describe --tags --dirty --always --long",
                "describe --long --dirty --always --match v*",
                "status --porcelain --untracked-files=no",
                "ls-files",
                "log -n 1 HEAD --format=%cI",
                "rev-list --count HEAD",
                "rev-parse --short HEAD",
                "rev-parse --is-shallow-repository",
                "log --simplify-by-decoration --topo-order --decorate=no HEAD --format=%H",
                "rev-parse --abbrev-ref HEAD",
                "archive HEAD",
                "config remote.origin.url",
                "fsck --connectivity-only",
            }
        )
        {
            // Without a revision pip stands on the branch that is the repository's first, whose name the lock does not know.
            if (revision is not null || !question.Contains("--abbrev-ref", StringComparison.Ordinal))
            {
                var expected =
                    question.StartsWith("config", StringComparison.Ordinal) ? url.AbsoluteUri + "\n"
                    : question.StartsWith("fsck", StringComparison.Ordinal) ? null
                    : await RequireAsync(["-C", clone, .. question.Split(' ')]);
                var answer = await HostCommand.RunAsync(
                    HostProgram.Require("git"),
                    ["-C", tree, .. question.Split(' ')],
                    cancellation: Cancellation
                );
                Assert.Equal((question, expected ?? answer.Output), (question, answer.Output));
                // Old content is not there, which only fsck misses.
                Assert.True(answer.ExitCode == 0 || expected is null, $"{question}: {answer.Error}");
            }
        }
    }

    [Fact]
    public async Task The_content_of_earlier_commits_is_not_loaded_from_a_server_that_can_leave_it_out()
    {
        var repository = await TestRepository.CreateAsync(Path.Combine(_work.Path, "repository"));
        await repository.CommitAsync(("big", Convert.ToHexString(System.Security.Cryptography.RandomNumberGenerator.GetBytes(1 << 20))));
        await repository.CommitAsync(("big", "small now"));
        await using var server = new GitServer(_work.Path);
        await new GitRepositories(Store("store"), _transport).ExportAsync(
            new SourceReference { Url = new Uri(server.Root, "repository/.git"), Revision = "main" },
            NewDirectory(),
            Cancellation
        );
        Assert.InRange(server.Sent, 1, 100_000);
    }

    [Fact]
    public async Task Two_machines_see_the_same_objects_and_references_also_after_the_repository_moved_on()
    {
        var repository = await HistoryAsync();
        var first = await ExportAsync(repository, "one", "main");
        Assert.Equal(["light", "other-1", "v1.0", "v2.0"], first.Tags.Select(tag => tag.Name));

        // Another would be nearer now, one moved, and one is gone.
        await repository.GitAsync("tag", "v3.0", first.Commit);
        await repository.GitAsync("tag", "--force", "v2.0", first.Commit);
        await repository.GitAsync("tag", "--delete", "light");
        await repository.CommitAsync(("new.txt", "new"));
        var again = await ExportAsync(repository, "two", "main", first.Commit, first.Tags);

        Assert.Equal(await ContentAsync(first), await ContentAsync(again));
        var today = await ExportAsync(repository, "two", "main", first.Commit);
        Assert.Equal(["other-1", "v1.0", "v2.0", "v3.0"], today.Tags.Select(tag => tag.Name));
    }

    [Fact]
    public async Task What_a_lock_needs_is_not_asked_for_twice_and_a_tag_that_is_gone_is_named()
    {
        var repository = await HistoryAsync();
        var first = await ExportAsync(repository, "one", "main");
        Directory.Move(repository.Path, repository.Path + "-gone");
        using var offline = new IndexTransport(new PipSettings(), IndexCredentials.None(), offline: true);
        var reference = new SourceReference
        {
            Url = new Uri(repository.Path),
            Revision = "main",
            Commit = first.Commit,
        };
        var again = await new GitRepositories(Store("one"), offline).ExportAsync(reference, NewDirectory(), Cancellation);
        Assert.Equal(first.Tags, again.Tags);
        Directory.Move(repository.Path + "-gone", repository.Path);

        var error = await Assert.ThrowsAsync<TorchyardException>(() =>
            ExportAsync(repository, "one", "main", first.Commit, [new LockedTag(new string('7', 40), "v0.9"), .. first.Tags])
        );
        Assert.Equal("TY2522", error.Code);
        Assert.Contains("'v0.9'", error.Message, StringComparison.Ordinal);
        Assert.Contains("--upgrade-package", error.Cure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_repository_that_is_its_own_submodule_ends()
    {
        var repository = await TestRepository.CreateAsync(Path.Combine(_work.Path, "repository"));
        var first = await repository.CommitAsync(("a.txt", "1"));
        await repository.CommitAsync((".gitmodules", "[submodule \"me\"]\n\tpath = me\n\turl = ../repository\n"));
        await repository.GitAsync("update-index", "--add", "--cacheinfo", $"160000,{first},me");
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
        Assert.Equal(["", "me/"], (await ExportAsync(repository, "store", "main")).Parts.Select(part => part.Prefix));
    }

    /// <summary>Annotated and light tags, of two kinds, one on a branch beside; attributes that change what archives have.</summary>
    private async Task<TestRepository> HistoryAsync()
    {
        var repository = await TestRepository.CreateAsync(Path.Combine(_work.Path, "repository"));
        await repository.CommitAsync(
            (".gitattributes", "*.txt export-subst eol=crlf\nsecret.txt export-ignore\n"),
            ("a.txt", "$Format:%H$\n"),
            ("secret.txt", "1\n")
        );
        await TagAsync("v1.0");
        await repository.CommitAsync(("src/b.py", "b\n"));
        await repository.GitAsync("tag", "light");
        await repository.GitAsync("checkout", "--quiet", "-b", "beside");
        await repository.CommitAsync(("c.txt", "c\n"));
        await repository.GitAsync("tag", "v9.9");
        await repository.GitAsync("checkout", "--quiet", "main");
        await repository.CommitAsync(("src/b.py", "bb\n"));
        await TagAsync("v2.0");
        await repository.CommitAsync(("d.py", "d\n"));
        await TagAsync("other-1");
        await repository.CommitAsync(("e.py", "e\n"));
        return repository;

        Task<string> TagAsync(string name) =>
            repository.GitAsync("-c", "user.name=t", "-c", "user.email=t@t", "-c", "tag.gpgsign=false", "tag", "-a", name, "-m", name);
    }

    private StorePaths Store(string name) => new(Path.Combine(_work.Path, name));

    private string NewDirectory() => Directory.CreateDirectory(Path.Combine(_work.Path, Guid.NewGuid().ToString("N"))).FullName;

    private Task<GitExport> ExportAsync(
        TestRepository repository,
        string store,
        string? revision,
        string? commit = null,
        IReadOnlyList<LockedTag>? tags = null
    ) =>
        new GitRepositories(Store(store), _transport).ExportAsync(
            new SourceReference
            {
                Url = new Uri(repository.Path),
                Revision = revision,
                Commit = commit,
                Tags = tags,
            },
            NewDirectory(),
            Cancellation
        );

    /// <summary>The source as a build sees it.</summary>
    private async Task<string> CheckOutAsync(GitExport export)
    {
        var tree = NewDirectory();
        var unpacked = await HostCommand.RunAsync(
            HostProgram.Require("tar"),
            ["-C", tree, "-xf", export.Parts[0].File],
            cancellation: Cancellation
        );
        Assert.Equal((0, ""), (unpacked.ExitCode, unpacked.Error));
        Directory.Move(export.Repository, Path.Combine(tree, ".git"));
        return tree;
    }

    private static async Task<string> ContentAsync(GitExport export)
    {
        var objects = await RequireAsync("--git-dir", export.Repository, "cat-file", "--batch-all-objects", "--batch-check");
        var files = new[] { "HEAD", "config", "packed-refs" }.Select(name => File.ReadAllText(Path.Combine(export.Repository, name)));
        return string.Join(
            '\n',
            [objects, .. files, Convert.ToHexString(await File.ReadAllBytesAsync(Path.Combine(export.Repository, "index"), Cancellation))]
        );
    }

    private static async Task<string> RequireAsync(params string[] arguments)
    {
        var result = await HostCommand.RunAsync(HostProgram.Require("git"), arguments, cancellation: Cancellation);
        Assert.True(result.ExitCode == 0, result.Error);
        return result.Output;
    }
}
