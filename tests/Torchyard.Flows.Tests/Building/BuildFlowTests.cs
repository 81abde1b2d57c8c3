using System.Text.Json;
using Torchyard.Flows.Building;
using Torchyard.Flows.Tests.Hosts;
using Torchyard.Flows.Tests.Locking;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;

namespace Torchyard.Flows.Tests.Building;

public sealed class BuildFlowTests : IDisposable
{
    private readonly TestHost _test = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task Locked_refuses_a_lock_that_is_missing_and_one_that_does_not_fit()
    {
        using var project = new LoopbackProject();
        var flow = new BuildFlow(project.Host);
        var request = new BuildRequest { Locked = true, Trust = true };
        Assert.Equal("TY1020", (await Assert.ThrowsAsync<TorchyardException>(() => flow.RunAsync(request, Cancellation))).Code);

        await new Torchyard.Flows.Locking.LockFlow(project.Host).RunAsync(new() { Trust = true }, Cancellation);
        project.WriteRecipe("other");
        var asked = project.Archive.Server.Requests.Count;

        var refusal = await Assert.ThrowsAsync<TorchyardException>(() => flow.RunAsync(request, Cancellation));

        Assert.Equal("TY1023", refusal.Code);
        Assert.Equal(asked, project.Archive.Server.Requests.Count);
    }

    [Fact]
    public async Task Offline_names_the_files_that_would_have_to_be_fetched_and_fetches_none()
    {
        using var project = new LoopbackProject();
        await new Torchyard.Flows.Locking.LockFlow(project.Host).RunAsync(new() { Trust = true }, Cancellation);
        var asked = project.Archive.Server.Requests.Count;

        var refusal = await Assert.ThrowsAsync<TorchyardException>(() =>
            new BuildFlow(project.Host).RunAsync(new BuildRequest { Offline = true, Trust = true }, Cancellation)
        );

        Assert.Equal("TY2055", refusal.Code);
        Assert.Contains("tool", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(asked, project.Archive.Server.Requests.Count);
    }

    [Fact]
    public async Task A_lock_by_itself_is_asked_for_what_it_wants()
    {
        var recipe = new Recipe
        {
            Name = "x",
            Base = new DebianBase { Suite = "trixie", Mirrors = ["http://mirror.example/debian"] },
        };
        _test.Write("other.lock", LockText.Write(EmptyLock.Of(_test.Host, recipe)));

        var refusal = await Assert.ThrowsAsync<TorchyardException>(() =>
            new BuildFlow(_test.Host).RunAsync(new BuildRequest { Recipe = "other.lock" }, Cancellation)
        );

        Assert.Equal("TY1040", refusal.Code);
        Assert.Contains("take Debian packages from http://mirror.example/debian/", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_same_lock_gives_the_same_image_and_the_second_build_finds_it()
    {
        RequireRoot();
        EmptyLock.Write(_test, "x.lock");
        var flow = new BuildFlow(_test.Host);

        var first = await flow.RunAsync(new BuildRequest { Recipe = "x.lock" }, Cancellation);
        var written = Blobs();
        var second = await flow.RunAsync(new BuildRequest { Recipe = "x.lock" }, Cancellation);

        Assert.Equal(first.Manifest, second.Manifest);
        Assert.Equal(["x:latest"], second.Names);
        Assert.Equal(written, Blobs());
    }

    [Fact]
    public async Task Another_compression_is_another_image_with_a_tag_of_its_own()
    {
        RequireRoot();
        EmptyLock.Write(_test, "x.lock");
        var flow = new BuildFlow(_test.Host);

        var zstd = await flow.RunAsync(new BuildRequest { Recipe = "x.lock" }, Cancellation);
        var gzip = await flow.RunAsync(new BuildRequest { Recipe = "x.lock", Compression = LayerCompression.Gzip }, Cancellation);

        Assert.Equal(["x:latest-gzip"], gzip.Names);
        Assert.NotEqual(zstd.Manifest, gzip.Manifest);
        Assert.Equal(zstd.DiffIds, gzip.DiffIds);
    }

    [Fact]
    public async Task The_account_of_the_time_is_shown_beside_the_result_and_written_where_it_is_asked_for()
    {
        RequireRoot();
        EmptyLock.Write(_test, "x.lock");

        await new BuildFlow(_test.Host).RunAsync(
            new BuildRequest { Recipe = "x.lock", Account = new Torchyard.Flows.Assembling.BuildAccount(true, _test.PathOf("trace.json")) },
            Cancellation
        );

        Assert.StartsWith("whole build", _test.Dialogue.Lines[^1], StringComparison.Ordinal);
        using var trace = JsonDocument.Parse(_test.Read("trace.json"));
        Assert.Equal(JsonValueKind.Array, trace.RootElement.ValueKind);
    }

    private static void RequireRoot() => Assert.SkipUnless(TestHost.IsRoot, "needs root for the owners of files in layers");

    private List<string> Blobs() =>
        [.. Directory.EnumerateFiles(Path.Combine(_test.Host.Store.Oci, "blobs/sha256")).Order(StringComparer.Ordinal)];
}
