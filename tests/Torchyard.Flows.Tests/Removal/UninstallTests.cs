using Torchyard.Flows.Access;
using Torchyard.Flows.Removal;
using Torchyard.Flows.Tests.Hosts;
using Torchyard.Flows.Tests.Starting;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;

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
        _test.Variables["TORCHYARD_STORE"] = Root;
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

    // XDG Base Directory Specification: a relative path is invalid and ignored.
    [Fact]
    public async Task A_relative_place_of_caches_is_no_place_and_nothing_of_the_working_directory_goes()
    {
        _test.Variables["XDG_CACHE_HOME"] = ".";
        _test.Variables["XDG_DATA_HOME"] = "data";
        var here = Path.Combine(Environment.CurrentDirectory, "torchyard");

        var done = (await RunAsync(agreed: true, force: false))!;

        Assert.DoesNotContain(done.Removed, place => !place.Contains(Home, StringComparison.Ordinal) && place != Root);
        Assert.Contains(Path.Combine(Home, ".cache/torchyard"), done.Removed);
        Assert.DoesNotContain(here, done.Removed);
    }

    [Fact]
    public async Task The_line_of_ssh_is_listed_and_taken_back_and_the_file_is_as_before()
    {
        Make(Path.Combine(Home, ".ssh/config"), "Host *\r\n  Port 22");
        await new SshClientSettings(_test.Host).AddAsync(TestContext.Current.CancellationToken);
        _test.Dialogue.Answers = new Queue<bool>([true]);

        var done = (await RunAsync(agreed: false, force: false))!;

        Assert.Equal("Host *\r\n  Port 22", File.ReadAllText(Path.Combine(Home, ".ssh/config")));
        Assert.Contains(_test.Dialogue.Lines, line => line.Contains(".ssh/config", StringComparison.Ordinal));
        Assert.Contains(done.Removed, place => place.Contains(".ssh/config", StringComparison.Ordinal));
        Assert.Empty(done.Left);
    }

    [Fact]
    public async Task A_file_of_ssh_that_cannot_be_read_is_named_and_all_else_goes()
    {
        // As root there is none that cannot be read; a directory in its place is no better.
        Directory.CreateDirectory(Path.Combine(Home, ".ssh/config"));

        var done = (await RunAsync(agreed: true, force: false))!;

        Assert.Equal(Path.Combine(Home, ".ssh/config"), Assert.Single(done.Left).Path);
        Assert.False(Directory.Exists(Root));
        Assert.False(Directory.Exists(Path.Combine(Home, ".cache/torchyard")));
    }

    [Fact]
    public async Task A_directory_of_caches_that_is_a_link_elsewhere_leads_to_no_removal_there()
    {
        Directory.Delete(Path.Combine(Home, ".cache/torchyard"), recursive: true);
        var elsewhere = _test.Write("precious/file", "mine");
        Directory.CreateSymbolicLink(Path.Combine(Home, ".cache/torchyard"), Path.GetDirectoryName(elsewhere)!);

        await RunAsync(agreed: true, force: false);

        Assert.True(File.Exists(elsewhere));
        Assert.False(Path.Exists(Path.Combine(Home, ".cache/torchyard")));
    }

    [Fact]
    public async Task As_root_what_another_user_can_exchange_is_left_and_named()
    {
        Requires.Root("needs root, for a directory of somebody else");
        using (var home = ConfinedDirectory.Open(Home))
        {
            home.SetOwner(".cache", 12345, 12345);
        }

        var done = (await RunAsync(agreed: true, force: false))!;

        Assert.True(Directory.Exists(Path.Combine(Home, ".cache/torchyard/native")));
        var left = Assert.Single(done.Left);
        Assert.Equal(Path.Combine(Home, ".cache/torchyard"), left.Path);
        Assert.Contains("another user", left.Why, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Root));
    }

    [Fact]
    public async Task Another_store_than_the_usual_one_goes_alone()
    {
        var usual = Directory.CreateDirectory(_test.PathOf("usual")).FullName;
        _test.Variables["TORCHYARD_STORE"] = usual;

        var done = (await RunAsync(agreed: true, force: false))!;

        Assert.Equal([Root], done.Removed);
        Assert.Equal(usual, done.OtherStore);
        Assert.True(File.Exists(Path.Combine(Home, ".local/state/torchyard/trust/one.json")));
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
