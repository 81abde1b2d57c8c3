using Torchyard.Flows.Adding;
using Torchyard.Flows.Locking;
using Torchyard.Flows.Projects;
using Torchyard.Flows.Tests.Locking;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Recipes.Locks;

namespace Torchyard.Flows.Tests.Adding;

public sealed class AddFlowTests : IDisposable
{
    private readonly LoopbackProject _project = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _project.Dispose();

    [Fact]
    public async Task A_package_comes_into_recipe_and_lock_and_both_differences_are_told()
    {
        await LockAsync();

        var outcome = await AddAsync("other");

        Assert.Equal(["-packages = [\"tool\"]", "+packages = [\"tool\", \"other\"]"], outcome.Lines);
        Assert.Equal(
            ("other", null, "1"),
            Assert.Single(outcome.Lock.Locks[0].Changes.Select(change => (change.Name, change.Before, change.After)))
        );
        Assert.True(outcome.Lock.Locks[0].Bytes > outcome.BytesBefore);
        Assert.Contains(LockReader.ReadFile(_project.LockFile).Packages, package => package.Name == "other");
        Assert.True((await new LockFlow(_project.Host).CheckAsync(new LockRequest { Trust = true }, Cancellation)).Fits);
    }

    [Fact]
    public async Task What_does_not_resolve_changes_nothing()
    {
        await LockAsync();
        var (recipe, locked) = (_project.Test.Read("torchyard.toml"), File.ReadAllText(_project.LockFile));

        var refusal = await Assert.ThrowsAsync<TorchyardException>(() => AddAsync("nosuch"));

        Assert.Equal("TY2040", refusal.Code);
        Assert.Equal((recipe, locked), (_project.Test.Read("torchyard.toml"), File.ReadAllText(_project.LockFile)));
    }

    [Fact]
    public async Task Without_a_lock_before_nothing_is_left_behind_either()
    {
        await Assert.ThrowsAsync<TorchyardException>(() => AddAsync("nosuch"));
        Assert.False(File.Exists(_project.LockFile));
    }

    [Fact]
    public async Task A_dry_run_shows_the_same_and_writes_nothing()
    {
        await LockAsync();
        var (recipe, locked) = (_project.Test.Read("torchyard.toml"), File.ReadAllText(_project.LockFile));

        var outcome = await new AddFlow(_project.Host).RunAsync(Request("other") with { DryRun = true }, Cancellation);

        Assert.Single(outcome.Lock.Locks[0].Changes);
        Assert.Equal((recipe, locked), (_project.Test.Read("torchyard.toml"), File.ReadAllText(_project.LockFile)));
    }

    [Fact]
    public async Task What_is_there_already_stays_as_it_is()
    {
        await LockAsync();
        var recipe = _project.Test.Read("torchyard.toml");

        var outcome = await AddAsync("tool");

        Assert.Equal(["tool is in the recipe already"], outcome.Notes);
        Assert.Empty(outcome.Lines);
        Assert.Equal(recipe, _project.Test.Read("torchyard.toml"));
    }

    [Fact]
    public async Task A_version_takes_the_place_of_another()
    {
        await LockAsync();

        await AddAsync("tool=1");

        Assert.Contains("packages = [\"tool=1\"]", _project.Test.Read("torchyard.toml"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Removed_the_package_goes_with_what_it_needed()
    {
        await AddAsync("other");
        var recipe = _project.Test.Read("torchyard.toml");

        var outcome = await new RemoveFlow(_project.Host).RunAsync(Request("other"), Cancellation);

        Assert.Equal(
            ("other", "1", null),
            Assert.Single(outcome.Lock.Locks[0].Changes.Select(change => (change.Name, change.Before, change.After)))
        );
        Assert.NotEqual(recipe, _project.Test.Read("torchyard.toml"));
        Assert.DoesNotContain(LockReader.ReadFile(_project.LockFile).Packages, package => package.Name == "other");
    }

    [Theory]
    [InlineData("libbase", "torchyard why libbase")]
    [InlineData("tol", "did you mean 'tool'?")]
    [InlineData("quite-else", "name tool")]
    public async Task A_package_that_the_recipe_does_not_name_is_not_removed(string package, string cure)
    {
        await LockAsync();
        var refusal = await Assert.ThrowsAsync<TorchyardException>(() =>
            new RemoveFlow(_project.Host).RunAsync(Request(package), Cancellation)
        );
        Assert.Equal("TY1056", refusal.Code);
        Assert.Contains(cure, refusal.Cure, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a\nb")]
    [InlineData("a\u202eb>>1")]
    [InlineData("./a\u2028b")]
    public async Task A_name_that_is_refused_neither_ends_nor_turns_the_line(string package)
    {
        var refusal = await Assert.ThrowsAsync<TorchyardException>(() =>
            new AddFlow(_project.Host).RunAsync(Request(package) with { System = false }, Cancellation)
        );
        Assert.Equal("TY1055", refusal.Code);
        Assert.DoesNotContain(refusal.Message + refusal.Cure, letter => letter is '\n' or '\u202e' or '\u2028');
    }

    [Fact]
    public async Task A_name_of_the_recipe_neither_ends_nor_turns_the_line()
    {
        _project.Test.Write("torchyard.toml", _project.Test.Read("torchyard.toml") + "\n[python]\npackages = [\"a\\nb\", \"c\\u202ed\"]\n");
        var refusal = await Assert.ThrowsAsync<TorchyardException>(() =>
            new RemoveFlow(_project.Host).RunAsync(Request("zzz\nz") with { System = false }, Cancellation)
        );
        Assert.Equal("TY1056", refusal.Code);
        Assert.DoesNotContain(refusal.Message + refusal.Cure, letter => letter is '\n' or '\u202e');
    }

    [Fact]
    public async Task Where_pip_has_installed_nothing_there_is_nothing_to_add()
    {
        var refusal = await Assert.ThrowsAsync<TorchyardException>(() =>
            new AddFlow(_project.Host).RunAsync(new EditRequest { Installed = true, Trust = true }, Cancellation)
        );
        Assert.Equal("TY1055", refusal.Code);
    }

    [Fact]
    public async Task A_recipe_that_is_a_link_out_of_its_directory_is_not_written()
    {
        using var outside = new TemporaryDirectory();
        var target = Path.Combine(outside.Path, "torchyard.toml");
        File.Move(_project.Test.PathOf("torchyard.toml"), target);
        var before = await File.ReadAllBytesAsync(target, Cancellation);
        File.CreateSymbolicLink(_project.Test.PathOf("torchyard.toml"), target);

        foreach (
            var run in new Func<Task>[]
            {
                () => AddAsync("other"),
                () => new RemoveFlow(_project.Host).RunAsync(Request("tool"), Cancellation),
            }
        )
        {
            Assert.Equal("TY1058", (await Assert.ThrowsAsync<TorchyardException>(run)).Code);
        }

        Assert.Equal(before, await File.ReadAllBytesAsync(target, Cancellation));
    }

    [Fact]
    public async Task A_link_inside_stays_and_what_it_leads_to_is_written()
    {
        Directory.CreateDirectory(_project.Test.PathOf("recipes"));
        File.Move(_project.Test.PathOf("torchyard.toml"), _project.Test.PathOf("recipes/a.toml"));
        File.CreateSymbolicLink(_project.Test.PathOf("torchyard.toml"), "recipes/a.toml");

        await AddAsync("other");

        Assert.Equal("recipes/a.toml", new FileInfo(_project.Test.PathOf("torchyard.toml")).LinkTarget);
        Assert.Contains("\"other\"", _project.Test.Read("recipes/a.toml"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_recipe_keeps_its_owner_and_mode()
    {
        var (recipe, mode) = (
            _project.Test.PathOf("torchyard.toml"),
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead
        );
        File.SetUnixFileMode(recipe, mode);
        if (Requires.IsRoot)
        {
            using var directory = ConfinedDirectory.Open(_project.Test.Project);
            directory.SetOwner("torchyard.toml", 1234, 2345);
        }

        var before = FileFacts.Find(recipe)!.Value;

        await AddAsync("other");

        var after = FileFacts.Find(recipe)!.Value;
        Assert.Equal(mode, File.GetUnixFileMode(recipe));
        Assert.Equal((before.User, before.Group), (after.User, after.Group));
        Assert.Contains("other", _project.Test.Read("torchyard.toml"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_damaged_package_does_not_keep_the_others_out()
    {
        Install("wh-1.0", """{"url": "https://host.example/what"}""");
        Install("broken-1.0", """{"url": "\ud800"}""");
        Install("secret-1.0", """{"url": "https://s3cret@host.example/secret-1.0-py3-none-any.whl", "archive_info": {}}""");
        Install("turned-1.0", """{"url": "https://host.example/\u202ea.whl", "archive_info": {}}""");

        var outcome = await new AddFlow(_project.Host).RunAsync(
            new EditRequest
            {
                Installed = true,
                Trust = true,
                DryRun = true,
            },
            Cancellation
        );

        Assert.Equal(
            ["broken 1.0", "secret 1.0", "turned 1.0", "wh 1.0"],
            outcome.Notes.Select(note => string.Join(' ', note.Split(' ').Take(2)))
        );
        Assert.DoesNotContain(outcome.Notes, note => note.Contains('\u202e', StringComparison.Ordinal));
        Assert.DoesNotContain(outcome.Notes, note => note.Contains("s3cret", StringComparison.Ordinal));
    }

    [Fact]
    public void Lines_that_differ_are_those_that_went_and_came() =>
        Assert.Equal(["-b", "+x", "+y"], LineChanges.Between("a\nb\nc\n", "a\nx\ny\nc\n"));

    // Into what pip of the environment has as its own.
    private void Install(string name, string origin)
    {
        var state = Project.Of(_project.Test.Project, _project.Host.Store).State;
        var info = Directory.CreateDirectory(Path.Combine(state, "python3.13", "lib", "python3.13", "site-packages", name + ".dist-info"));
        File.WriteAllText(Path.Combine(info.FullName, "REQUESTED"), "");
        File.WriteAllText(Path.Combine(info.FullName, "direct_url.json"), origin);
    }

    private Task<LockOutcome> LockAsync() => new LockFlow(_project.Host).RunAsync(new LockRequest { Trust = true }, Cancellation);

    private Task<EditOutcome> AddAsync(string package) => new AddFlow(_project.Host).RunAsync(Request(package), Cancellation);

    private static EditRequest Request(string package) =>
        new()
        {
            Packages = [package],
            System = true,
            Trust = true,
        };
}
