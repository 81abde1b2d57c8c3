using Torchyard.Flows.Locking;
using Torchyard.Flows.Locks;
using Torchyard.Flows.Trust;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Locks;
using Torchyard.Testing.Loopback;

namespace Torchyard.Flows.Tests.Locking;

/// <summary>Recipes with <c>[[archives]]</c>.</summary>
public sealed class FurtherArchiveLockTests : IDisposable
{
    private readonly LoopbackProject _project = new();
    private readonly TestArchive _vendor = new(archive =>
    {
        archive.Add("example-app", "1", "Depends: tool");
        archive.Add("example-lib", "1");
    })
    {
        Key = new TestKey(TestArchive.Date.UtcDateTime.AddYears(-2)),
    };

    public FurtherArchiveLockTests()
    {
        _vendor.Publish();
        _project.Test.Write("keys/example.asc", _vendor.Key.Armoured);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _vendor.Dispose();
        _project.Dispose();
    }

    [Fact]
    public async Task A_strangers_recipe_asks_about_the_archive_and_its_key_before_anything_is_fetched()
    {
        WriteRecipe("example-app");

        var refusal = await Assert.ThrowsAsync<TorchyardException>(() =>
            new LockFlow(_project.Host).RunAsync(new LockRequest { Options = LockOptions.None }, Cancellation)
        );

        Assert.Equal("TY1040", refusal.Code);
        Assert.Contains(
            $"take Debian packages from {_vendor.Server.Root.AbsoluteUri}, signed by keys of its own (SHA-256 ",
            refusal.Message,
            StringComparison.Ordinal
        );
        Assert.Empty(_vendor.Server.Requests);
    }

    [Fact]
    public async Task A_lock_has_the_archive_with_its_key_and_stays_until_the_recipe_changes()
    {
        WriteRecipe("example-app");
        await LockAsync();
        var text = File.ReadAllText(_project.LockFile);
        Assert.Contains("example-app=1", Versions());
        var asked = _vendor.Server.Requests.Count;
        _vendor.Add("example-lib", "2");
        _vendor.Publish();

        await LockAsync();
        Assert.Equal(text, File.ReadAllText(_project.LockFile));
        WriteRecipe("example-app", "example-lib");
        await LockAsync();

        Assert.Contains("example-lib=1", Versions());
        Assert.Equal(asked, _vendor.Server.Requests.Count);
    }

    [Fact]
    public async Task Another_key_locks_again()
    {
        WriteRecipe("example-app");
        await LockAsync();
        var before = LockReader.ReadFile(_project.LockFile).Archives[^1];

        _project.Test.Write("keys/example.asc", new TestKey(TestArchive.Date.UtcDateTime.AddYears(-3)).Armoured);
        var refusal = await Assert.ThrowsAsync<TorchyardException>(LockAsync);
        Assert.Equal(("TY2021", 11), (refusal.Code, refusal.Location?.Line));

        _project.Test.Write("keys/example.asc", new TestKey(TestArchive.Date.UtcDateTime.AddYears(-3)).Armoured + _vendor.Key.Armoured);
        await LockAsync();
        var after = LockReader.ReadFile(_project.LockFile).Archives[^1];
        Assert.Equal(before.Key, after.Key);
        Assert.NotEqual(before.KeyDigest, after.KeyDigest);
    }

    [Fact]
    public async Task A_login_is_asked_about_once_and_the_lock_has_the_name_of_the_variable_alone()
    {
        _project.Test.Variables["VENDOR_TOKEN"] = "geheim";
        WriteRecipe("example-app");
        var recipe = _project.Test.Read("torchyard.toml");
        var root = _vendor.Server.Root.Authority;
        var withLogin = recipe.Replace($"http://{root}/", $"http://me:${{VENDOR_TOKEN}}@{root}/", StringComparison.Ordinal);
        _project.Test.Write("torchyard.toml", withLogin);
        _project.Test.Variables.Remove("VENDOR_TOKEN");
        var unset = await Assert.ThrowsAsync<TorchyardException>(LockAsync);
        Assert.Equal(("TY2512", 9), (unset.Code, unset.Location?.Line));
        _project.Test.Variables["VENDOR_TOKEN"] = "geheim";
        _project.Test.Dialogue.Answers = new Queue<bool>([true]);

        await new LockFlow(_project.Host).RunAsync(new LockRequest { Options = LockOptions.None }, Cancellation);

        Assert.Contains(_project.Test.Dialogue.Lines, line =>
            line.StartsWith($"  send your environment variable VENDOR_TOKEN to {root}", StringComparison.Ordinal)
        );
        Assert.Contains(_vendor.Server.Requests, request =>
            request.Headers.Any(header => header.Value == "Basic " + Convert.ToBase64String("me:geheim"u8))
        );
        Assert.DoesNotContain("geheim", File.ReadAllText(_project.LockFile), StringComparison.Ordinal);
        _project.Test.Dialogue.Answers = null;
        await new LockFlow(_project.Host).RunAsync(new LockRequest { Options = LockOptions.None }, Cancellation);
        Assert.Contains(TrustRecords.Of(_project.Host.Caller).All().Single().Wishes!, wish =>
            wish is { Kind: "variable", What: "VENDOR_TOKEN" }
        );
    }

    private void WriteRecipe(params string[] packages)
    {
        _project.WriteRecipe(packages);
        _project.Test.Write(
            "torchyard.toml",
            _project.Test.Read("torchyard.toml")
                + $"""

                [[archives]]
                url = "{_vendor.Server.Root.AbsoluteUri}"
                suite = "{TestArchive.Suite}"
                key = "./keys/example.asc"
                packages = ["example-*"]
                """
        );
    }

    private Task LockAsync() =>
        new LockFlow(_project.Host).RunAsync(new LockRequest { Trust = true, Options = LockOptions.None }, Cancellation);

    private IEnumerable<string> Versions() =>
        LockReader.ReadFile(_project.LockFile).Packages.Select(package => $"{package.Name}={package.Version}");
}
