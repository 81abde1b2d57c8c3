using System.Text.Json;
using Torchyard.EndToEnd.Program;

namespace Torchyard.EndToEnd.Peers;

/// <summary>Push, pull, run and copy beside docker's registry and skopeo: whoever moves an image, it has the same digest.</summary>
public sealed class RegistryTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_image_keeps_its_digest_between_skopeo_docker_registry_and_Torchyard()
    {
        await using var store = TestStore.CreateEmpty();
        await using var registry = await PeerRegistry.StartAsync(store.NewProject("registry"), Cancellation);
        var made = await registry.MakeImageAsync(Cancellation);
        await registry.CopyAsync(made, $"docker://{registry.Name}/peer/one:1", Cancellation);
        var digest = await registry.DigestAsync($"docker://{registry.Name}/peer/one:1", Cancellation);

        Assert.Equal(digest, (await RunAsync(store, "pull", "--json", $"{registry.Name}/peer/one:1")).GetProperty("digest").GetString());
        await RunAsync(store, "push", "--json", $"{registry.Name}/peer/one:1", $"{registry.Name}/peer/two:2");
        Assert.Equal(digest, await registry.DigestAsync($"docker://{registry.Name}/peer/two:2", Cancellation));

        var copied = await RunAsync(store, "copy", "--json", $"{registry.Name}/peer/one:1", $"{registry.Name}/third/x:3");
        Assert.Equal(0, copied.GetProperty("moved").GetInt32());
        Assert.Equal(digest, await registry.DigestAsync($"docker://{registry.Name}/third/x:3", Cancellation));

        var project = store.NewProject("copies");
        foreach (var place in new[] { $"oci:{project}/layout:1", $"oci-archive:{project}/image.tar:1" })
        {
            await RunAsync(store, "copy", "--json", $"{registry.Name}/peer/one:1", place);
            Assert.Equal(digest, await registry.DigestAsync(place, Cancellation));
            var name = $"{registry.Name}/again/{place.Split(':')[0]}:1";
            await RunAsync(store, "copy", "--json", place, name);
            Assert.Equal(digest, await registry.DigestAsync($"docker://{name}", Cancellation));
        }

        await registry.CopyAsync(made, $"oci-archive:{project}/skopeo.tar:1", Cancellation);
        Assert.Equal(
            digest,
            (await RunAsync(store, "copy", "--json", $"oci-archive:{project}/skopeo.tar:1", "store:mine:1"))
                .GetProperty("digest")
                .GetString()
        );
    }

    [Fact]
    public async Task Archives_of_docker_go_between_skopeo_and_Torchyard()
    {
        await using var store = TestStore.CreateEmpty();
        await using var registry = await PeerRegistry.StartAsync(store.NewProject("registry"), Cancellation);
        var project = store.NewProject("copies");
        var made = await registry.MakeImageAsync(Cancellation);
        await registry.CopyAsync(made, $"docker-archive:{project}/theirs.tar:peer/one:1", Cancellation);
        await RunAsync(store, "copy", "--json", $"docker-archive:{project}/theirs.tar", "store:mine:1");
        await RunAsync(store, "copy", "--json", "store:mine:1", $"docker-archive:{project}/ours.tar:peer/one:1");
        await registry.CopyAsync($"docker-archive:{project}/ours.tar", $"docker://{registry.Name}/ours:1", Cancellation);
        await registry.CopyAsync($"docker-archive:{project}/theirs.tar", $"docker://{registry.Name}/theirs:1", Cancellation);
        // The configuration, with its list of unpacked layers, is the identity of an image for docker.
        Assert.Equal(
            await ConfigurationAsync(store, $"{registry.Name}/theirs:1"),
            await ConfigurationAsync(store, $"{registry.Name}/ours:1")
        );
    }

    [Theory]
    [InlineData("v2s2", "gzip")]
    [InlineData("oci", "gzip")]
    [InlineData("oci", "zstd")]
    public async Task Run_fetches_a_foreign_image_and_starts_it_with_limits_and_mounts(string format, string compression)
    {
        await using var store = await TestStore.RequireAsync(Cancellation);
        await using var registry = await PeerRegistry.StartAsync(store.NewProject("registry"), Cancellation);
        var made = await registry.MakeImageAsync(Cancellation);
        var name = $"{registry.Name}/foreign/image:1";
        await registry.CopyAsync(made, $"docker://{name}", Cancellation, "--format", format, "--dest-compress-format", compression);
        var project = store.NewProject("here");
        await File.WriteAllTextAsync(Path.Combine(project, "mounted"), "seen\n", Cancellation);
        string[] line =
        [
            "run",
            "--rm",
            "--network",
            "none",
            "--memory",
            "256m",
            "--pids-limit",
            "64",
            "--best-effort",
            "-v",
            $"{project}:/here",
            name,
            "/bin/busybox",
            "sh",
            "-c",
            "/bin/busybox cat /here/mounted; echo $MARK",
        ];
        Assert.Equal("seen\nfrom-the-image\n", (await store.RunAsync(project, line, Cancellation)).Succeeded().Output);

        var missing = await store.RunAsync(project, ["run", "--rm", $"{registry.Name}/foreign/missing:1"], Cancellation);
        Assert.Contains("the store does not have", missing.Error, StringComparison.Ordinal);
        var never = await store.RunAsync(project, ["run", "--rm", "--pull", "never", $"{registry.Name}/foreign/missing:1"], Cancellation);
        Assert.Contains("TY3010", never.Error, StringComparison.Ordinal);
    }

    private static async Task<string> ConfigurationAsync(TestStore store, string image)
    {
        var layout = Path.Combine(store.NewProject("layout-" + image.Split('/')[1].Split(':')[0]), "layout");
        var copied = await RunAsync(store, "copy", "--json", image, $"oci:{layout}");
        var manifest = Path.Combine(layout, "blobs", copied.GetProperty("digest").GetString()!.Replace(':', '/'));
        using var document = JsonDocument.Parse(await File.ReadAllBytesAsync(manifest, Cancellation));
        return document.RootElement.GetProperty("config").GetProperty("digest").GetString()!;
    }

    private static async Task<JsonElement> RunAsync(TestStore store, params string[] arguments)
    {
        var output = (await store.RunAsync(store.Root, arguments, Cancellation)).Succeeded().Output;
        return JsonDocument.Parse(output).RootElement;
    }
}
