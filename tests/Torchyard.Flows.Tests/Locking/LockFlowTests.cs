using Torchyard.Flows.Locking;
using Torchyard.Flows.Locks;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Locks;

namespace Torchyard.Flows.Tests.Locking;

public sealed class LockFlowTests : IDisposable
{
    private readonly LoopbackProject _project = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _project.Dispose();

    [Fact]
    public async Task A_recipe_becomes_a_lock_with_its_packages_beside_it()
    {
        var outcome = await LockAsync();

        var summary = Assert.Single(outcome.Locks);
        Assert.True(outcome.IsNew);
        Assert.Equal((_project.LockFile, 3), (summary.Lock, summary.Packages));
        Assert.Equal(["base=1", "libbase=2", "tool=1"], Locked());
        Assert.True((await new LockFlow(_project.Host).CheckAsync(Request(), Cancellation)).Fits);
    }

    [Fact]
    public async Task A_lock_that_fits_stays_and_nothing_is_asked_again()
    {
        await LockAsync();
        var before = File.ReadAllText(_project.LockFile);
        var asked = _project.Archive.Server.Requests.Count;

        var outcome = await LockAsync();

        Assert.Empty(Assert.Single(outcome.Locks).Changes);
        Assert.False(outcome.IsNew);
        Assert.Equal(before, File.ReadAllText(_project.LockFile));
        Assert.Equal(asked, _project.Archive.Server.Requests.Count);
    }

    [Fact]
    public async Task What_the_recipe_still_allows_keeps_its_version_until_an_upgrade()
    {
        await LockAsync();
        _project.Archive.Add("tool", "2");
        _project.Archive.Publish();
        _project.WriteRecipe("tool", "other");

        await LockAsync();
        Assert.Equal(["base=1", "libbase=2", "other=1", "tool=1"], Locked());

        var upgraded = Assert.Single((await LockAsync(new LockOptions { Upgrade = true })).Locks);
        Assert.Equal(["base=1", "libbase=2", "other=1", "tool=2"], Locked());
        Assert.Equal(("tool", "1", "2"), Assert.Single(upgraded.Changes.Select(change => (change.Name, change.Before, change.After))));
    }

    [Fact]
    public async Task A_dry_run_says_what_would_be_and_writes_nothing()
    {
        var outcome = await LockAsync(new LockOptions { DryRun = true });

        Assert.True(outcome.DryRun);
        Assert.Equal(3, Assert.Single(outcome.Locks).Packages);
        Assert.False(File.Exists(_project.LockFile));
    }

    [Fact]
    public async Task A_changed_file_or_command_of_the_recipe_is_locked_without_asking_any_archive()
    {
        _project.WriteRecipe("tool");
        var recipe = File.ReadAllText(_project.Test.PathOf("torchyard.toml"));
        _project.Test.Write("app.toml", "a = 1\n");
        WriteSteps("make");
        await LockAsync();
        _project.Archive.Add("tool", "2");
        _project.Archive.Publish();
        var asked = _project.Archive.Server.Requests.Count;

        _project.Test.Write("app.toml", "a = 2\n");
        var check = await new LockFlow(_project.Host).CheckAsync(Request(), Cancellation);
        Assert.Equal(["app.toml changed"], check.Reasons);
        Assert.Equal("/etc/app.toml (file)", Assert.Single(Assert.Single((await LockAsync()).Locks).Changes).Name);

        WriteSteps("make install");
        await LockAsync(new LockOptions { DryRun = true });
        Assert.Equal("make", Assert.Single(LockReader.ReadFile(_project.LockFile).Recipe.Run).Text);
        await LockAsync();

        var locked = LockReader.ReadFile(_project.LockFile);
        Assert.Equal("make install", Assert.Single(locked.Recipe.Run).Text);
        Assert.Equal("a = 2\n".Length, Assert.Single(locked.Files).Size);
        Assert.Equal(["base=1", "libbase=2", "tool=1"], Locked());
        Assert.Equal(asked, _project.Archive.Server.Requests.Count);
        Assert.True((await new LockFlow(_project.Host).CheckAsync(Request(), Cancellation)).Fits);

        void WriteSteps(string command) =>
            _project.Test.Write(
                "torchyard.toml",
                $"{recipe}\n[[files]]\nsource = \"app.toml\"\ntarget = \"/etc/app.toml\"\n[[run]]\ncommand = \"{command}\"\n"
            );
    }

    [Fact]
    public async Task A_damaged_lock_is_written_anew_with_a_warning_that_says_what_is_kept()
    {
        await LockAsync();
        var good = File.ReadAllText(_project.LockFile);
        File.WriteAllText(_project.LockFile, good.Replace("libbase", "libbasf", StringComparison.Ordinal));

        await LockAsync();

        Assert.Equal(good, File.ReadAllText(_project.LockFile));
        Assert.Contains(
            "torchyard.lock cannot be used, so it is written anew",
            Assert.Single(_project.Test.Progress.Warnings),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Offline_a_recipe_that_was_never_resolved_is_refused_and_no_server_is_asked()
    {
        var refusal = await Assert.ThrowsAsync<TorchyardException>(() => LockAsync(new LockOptions { Offline = true }));

        Assert.Equal("TY2039", refusal.Code);
        Assert.Empty(_project.Archive.Server.Requests);
    }

    [Fact]
    public async Task A_package_that_no_archive_has_leaves_the_lock_as_it_was()
    {
        await LockAsync();
        var before = File.ReadAllText(_project.LockFile);
        _project.WriteRecipe("tool", "nosuch");

        var refusal = await Assert.ThrowsAsync<TorchyardException>(() => LockAsync());

        Assert.Equal("TY2040", refusal.Code);
        Assert.Equal(before, File.ReadAllText(_project.LockFile));
    }

    [Fact]
    public async Task A_check_names_what_the_recipe_has_otherwise_and_changes_nothing()
    {
        var flow = new LockFlow(_project.Host);
        Assert.Equal(["there is no lock"], (await flow.CheckAsync(Request(), Cancellation)).Reasons);

        await LockAsync();
        var before = File.ReadAllText(_project.LockFile);
        _project.WriteRecipe("tool", "other");
        var check = await flow.CheckAsync(Request(), Cancellation);

        Assert.False(check.Fits);
        Assert.Contains("other", Assert.Single(check.Reasons), StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllText(_project.LockFile));
    }

    [Fact]
    public async Task A_lock_is_resolved_where_there_is_none_and_again_after_a_change_of_the_recipe()
    {
        var source = Open();
        var first = await new ProjectLock(_project.Host, source.Files).EnsureAsync(source, Cancellation);
        Assert.Contains("There is no lock yet: resolving the recipe", _project.Test.Progress.Notes);

        source = Open();
        Assert.Equal(
            LockText.Write(first),
            LockText.Write(await new ProjectLock(_project.Host, source.Files).EnsureAsync(source, Cancellation))
        );

        _project.WriteRecipe("other");
        source = Open();
        var second = await new ProjectLock(_project.Host, source.Files).EnsureAsync(source, Cancellation);
        Assert.Contains("The recipe changed: resolving it again", _project.Test.Progress.Notes);
        Assert.Contains(second.Packages, package => package.Name == "other");
    }

    private Torchyard.Recipes.Sources.RecipeSource Open()
    {
        var gate = new Torchyard.Flows.Trust.RecipeGate(_project.Host, allow: true);
        return gate.OpenAsync(Torchyard.Flows.Fitting.RecipeChoice.Find(_project.Host, named: null, torch: null), Cancellation)
            .GetAwaiter()
            .GetResult();
    }

    private static LockRequest Request(LockOptions? options = null) => new() { Trust = true, Options = options ?? LockOptions.None };

    private Task<LockOutcome> LockAsync(LockOptions? options = null) =>
        new LockFlow(_project.Host).RunAsync(Request(options), Cancellation);

    private IEnumerable<string> Locked() =>
        LockReader.ReadFile(_project.LockFile).Packages.Select(package => $"{package.Name}={package.Version}");
}
