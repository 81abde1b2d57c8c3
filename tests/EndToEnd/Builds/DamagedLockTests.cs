using Torchyard.EndToEnd.Program;
using Torchyard.EndToEnd.Streams;

namespace Torchyard.EndToEnd.Builds;

/// <summary>Whatever became of a lock, what its message advises repairs it.</summary>
[Collection(SmallContainerTests.Name)]
public sealed class DamagedLockTests(SmallContainer small)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("TY1024", "s/^version = \"\\(.*\\)\"$/version = \"9\\1\"/")]
    [InlineData("TY1021", "20i <<<<<<< HEAD")]
    [InlineData("TY1021", "1,$s/.*//")]
    [InlineData("TY1024", "40,$d")]
    [InlineData("TY1022", "s/^version = 1$/version = 2/")]
    public async Task Lock_writes_it_again_as_it_was(string code, string edit)
    {
        var project = await LockedAsync();
        var file = Path.Combine(project, "torchyard.lock");
        var whole = await File.ReadAllTextAsync(file, Cancellation);
        (await HostProgram.RunAsync("sed", ["-i", edit, file], Cancellation)).Succeeded();
        var damaged = await File.ReadAllTextAsync(file, Cancellation);
        Assert.NotEqual(whole, damaged);

        foreach (var verb in new[] { "build", "up" })
        {
            var refused = await small.Store.RunAsync(project, [verb], Cancellation);
            Assert.NotEqual(0, refused.ExitCode);
            Assert.Contains($"error {code}: ", refused.Error, StringComparison.Ordinal);
            Assert.Contains("torchyard lock", refused.Error, StringComparison.Ordinal);
        }

        Assert.Contains(code, (await small.Store.RunAsync(project, ["lock", "--check"], Cancellation)).Error, StringComparison.Ordinal);
        Assert.Contains(
            "cannot be used",
            (await small.Store.RunAsync(project, ["lock", "--dry-run"], Cancellation)).Succeeded().Error,
            StringComparison.Ordinal
        );
        Assert.Equal(damaged, await File.ReadAllTextAsync(file, Cancellation));

        var locked = (await small.Store.RunAsync(project, ["lock"], Cancellation)).Succeeded();
        Assert.Contains("torchyard.lock cannot be used, so it is written anew", locked.Error, StringComparison.Ordinal);
        Assert.Equal(whole, await File.ReadAllTextAsync(file, Cancellation));
        (await small.Store.RunAsync(project, ["lock", "--check"], Cancellation)).Succeeded();
    }

    [Fact]
    public async Task A_lock_that_git_could_not_join_is_written_from_the_recipe_that_was_joined()
    {
        var project = await LockedAsync();
        var git = $"cd {project}; export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b; ";
        (await BashAsync(git + "git init -q -b main; git add .; git commit -qm one; git checkout -qb other")).Succeeded();
        await AddAsync(project, "hello");
        (await BashAsync(git + "git commit -qam two; git checkout -q main")).Succeeded();
        await AddAsync(project, "sl");
        (await BashAsync(git + "git commit -qam three; git merge other")).Ended(1);
        Recipe(project, "hello", "sl");
        Assert.Contains(
            "it has the marks of a merge conflict: run 'torchyard lock'",
            (await small.Store.RunAsync(project, ["build"], Cancellation)).Error,
            StringComparison.Ordinal
        );

        (await small.Store.RunAsync(project, ["lock"], Cancellation)).Succeeded();

        var joined = await File.ReadAllTextAsync(Path.Combine(project, "torchyard.lock"), Cancellation);
        Assert.DoesNotContain("<<<<", joined, StringComparison.Ordinal);
        Assert.All(["hello", "sl"], package => Assert.Contains($"\nname = \"{package}\"\n", joined, StringComparison.Ordinal));
        (await small.Store.RunAsync(project, ["build"], Cancellation)).Succeeded();
    }

    [Fact]
    public async Task A_lock_that_may_not_be_read_is_replaced()
    {
        var project = await LockedAsync();
        var file = Path.Combine(project, "torchyard.lock");
        File.Delete(file);
        (await HostProgram.RunAsync("mkfifo", [file], Cancellation)).Succeeded();

        var locked = (await small.Store.RunAsync(project, ["lock"], Cancellation)).Succeeded();

        Assert.Contains("nothing of it is kept", locked.Error, StringComparison.Ordinal);
        (await small.Store.RunAsync(project, ["lock", "--check"], Cancellation)).Succeeded();
    }

    private async Task<string> LockedAsync()
    {
        var project = small.NewDirectory();
        Recipe(project);
        (await small.Store.RunAsync(project, ["lock"], Cancellation)).Succeeded();
        return project;
    }

    private async Task AddAsync(string project, string package)
    {
        Recipe(project, package);
        (await small.Store.RunAsync(project, ["lock"], Cancellation)).Succeeded();
    }

    private static void Recipe(string project, params string[] more) =>
        File.WriteAllText(
            Path.Combine(project, "torchyard.toml"),
            $"name = \"damaged\"\npackages = "
                + $"[{string.Join(", ", more.Append("bash").Append("python3").Select(package => $"\"{package}\""))}]\n[base]\nsuite = "
                + $"\"trixie\"\n"
        );

    private static Task<ProgramOutput> BashAsync(string script) => HostProgram.RunAsync("bash", ["-c", script], Cancellation);
}
