using System.Text.Json;

namespace Torchyard.Tests.Commands;

public sealed class StoreCommandTests
{
    [Fact]
    public async Task An_empty_store_has_no_images_and_is_sound()
    {
        using var run = new CommandRun();
        Assert.Equal(0, await run.RunAsync("images"));
        Assert.Equal("NAME   DIGEST   CREATED   LAYERS   SIZE\n", run.Output);
        Assert.Equal(0, await run.RunAsync("images", "--json"));
        Assert.Equal("[]", run.Output.Trim());
        Assert.Equal(0, await run.RunAsync("check", "--json"));
        using var document = JsonDocument.Parse(run.Output);
        Assert.True(document.RootElement.GetProperty("sound").GetBoolean());
    }

    [Fact]
    public async Task A_blob_with_other_content_than_its_name_makes_check_fail()
    {
        using var run = new CommandRun();
        var oci = Directory.CreateDirectory(run.PathOf("store/oci/blobs/sha256")).FullName;
        run.Write("store/oci/oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}");
        run.Write("store/oci/index.json", "{\"schemaVersion\":2,\"manifests\":[]}");
        await File.WriteAllTextAsync(Path.Combine(oci, new string('a', 64)), "flipped", TestContext.Current.CancellationToken);
        Assert.Equal(1, await run.RunAsync("check"));
        Assert.Contains("sha256:aaaa", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("torchyard.toml", "lock")]
    [InlineData("torchyard.lock", "build")]
    public async Task A_FIFO_as_recipe_or_lock_is_refused_at_once(string file, string verb)
    {
        using var run = new CommandRun();
        run.Write("torchyard.toml", "name = \"x\"\n[base]\nsuite = \"trixie\"\n");
        File.Delete(run.PathOf(file));
        Fifo.Make(run.PathOf(file));
        Assert.NotEqual(0, await run.RunAsync(verb).WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken));
        Assert.Contains("FIFO", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_is_not_there_keeps_no_other_from_its_turn()
    {
        using var run = new CommandRun();
        Assert.Equal(1, await run.RunAsync("rm", "-f", "first", "second"));
        Assert.Contains("'first'", run.Error, StringComparison.Ordinal);
        Assert.Contains("'second'", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Removing_an_image_that_is_not_there_fails_and_pruning_an_empty_store_frees_nothing()
    {
        using var run = new CommandRun();
        Assert.NotEqual(0, await run.RunAsync("rmi", "nothing"));
        Assert.Contains("TY3010", run.Error, StringComparison.Ordinal);
        Assert.Equal(0, await run.RunAsync("prune", "--json"));
        using var document = JsonDocument.Parse(run.Output);
        Assert.Equal(0, document.RootElement.GetProperty("bytes").GetInt64());
    }
}
