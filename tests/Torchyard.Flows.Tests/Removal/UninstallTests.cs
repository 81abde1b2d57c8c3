using Torchyard.Flows.Removal;
using Torchyard.Flows.Tests.Hosts;
using Torchyard.Flows.Tests.Starting;
using Torchyard.Platform.Errors;

namespace Torchyard.Flows.Tests.Removal;

public sealed class UninstallTests : IDisposable
{
    private readonly TestHost _test = new();

    public UninstallTests()
    {
        Make(Path.Combine(Root, "packages/sha256/ab/package"), "12345");
        Make(Path.Combine(Root, "volumes/data/file"), "x");
        Make(Path.Combine(Home, ".local/state/torchyard/trust/one.json"), "{}");
        Make(Path.Combine(Home, ".cache/torchyard/native/library"), "x");
        Make(Path.Combine(Home, ".config/fish/completions/torchyard.fish"), "# Completion of torchyard for fish.\ncomplete\n");
        Make(Path.Combine(Home, ".local/share/bash-completion/completions/torchyard"), "# of somebody else\n");
        Make(Path.Combine(Home, ".config/mine"), "mine");
        _test.Write("train.py", "pass");
    }

    private string Root => _test.Host.Store.Root;

    private string Home => _test.Variables["HOME"];

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task Everything_of_the_programs_goes_and_nothing_else()
    {
        _test.Dialogue.Answers = new Queue<bool>([true]);

        var done = (await RunAsync(agreed: false, force: false))!;

        Assert.False(Directory.Exists(Root));
        Assert.Equal(
            [".config/mine", ".local/share/bash-completion/completions/torchyard"],
            Directory
                .EnumerateFiles(Home, "*", SearchOption.AllDirectories)
                .Select(file => Path.GetRelativePath(Home, file))
                .Order(StringComparer.Ordinal)
        );
        Assert.Equal(4, done.Removed.Count);
        Assert.Empty(done.Kept);
        Assert.Equal("pass", _test.Read("train.py"));
    }

    [Fact]
    public async Task What_will_go_is_listed_before_the_question_and_no_keeps_it()
    {
        _test.Dialogue.Answers = new Queue<bool>([false]);

        Assert.Null(await RunAsync(agreed: false, force: false));

        var shown = string.Join('\n', _test.Dialogue.Lines);
        foreach (var part in new[] { Root, "1 named volume: data", "1 fetched file (5 B)", ".local/state/torchyard", "torchyard.fish" })
        {
            Assert.Contains(part, shown, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("bash-completion", shown, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(Root, "volumes/data/file")));
    }

    [Fact]
    public async Task What_is_not_the_programs_stays_in_the_store_and_is_named()
    {
        Make(Path.Combine(Root, "notes.txt"), "mine");

        var done = (await RunAsync(agreed: true, force: false))!;

        Assert.Equal([Path.Combine(Root, "notes.txt")], done.Kept);
        Assert.DoesNotContain(Root, done.Removed);
    }

    [Fact]
    public async Task While_something_runs_it_refuses_and_names_it()
    {
        using var running = new RunningEnvironment(_test, new Dictionary<string, string>(), []);

        var refusal = await Assert.ThrowsAsync<TorchyardException>(() => RunAsync(agreed: true, force: false));

        Assert.Equal("TY3054", refusal.Code);
        Assert.Contains("--force", refusal.Cure, StringComparison.Ordinal);
        Assert.True(Directory.Exists(Path.Combine(Home, ".local/state/torchyard")));
    }

    [Fact]
    public async Task Prune_all_says_how_much_of_what_was_fetched_is_gone()
    {
        Make(Path.Combine(Root, "indexes/one"), "123");
        Make(Path.Combine(Root, "indexes/sub/two"), "4567");

        var kept = await new StorePrune(_test.Host).RunAsync(endedContainers: false, fetched: false, TestContext.Current.CancellationToken);
        Assert.Null(kept.Packages);
        Assert.True(File.Exists(Path.Combine(Root, "indexes/one")));

        var pruned = await new StorePrune(_test.Host).RunAsync(
            endedContainers: false,
            fetched: true,
            TestContext.Current.CancellationToken
        );
        Assert.Equal(new FileCount(1, 5), pruned.Packages);
        Assert.Equal(new FileCount(2, 7), pruned.Indexes);
        Assert.Equal(12, pruned.Bytes);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(Root, "packages")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(Root, "indexes")));
        Assert.True(File.Exists(Path.Combine(Root, "volumes/data/file")));
    }

    private Task<Uninstalled?> RunAsync(bool agreed, bool force) =>
        new Uninstall(_test.Host).RunAsync(agreed, force, TestContext.Current.CancellationToken);

    private static void Make(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
