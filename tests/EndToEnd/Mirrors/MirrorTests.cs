using System.Net;
using System.Security.Cryptography;
using Torchyard.EndToEnd.Program;
using Torchyard.Testing.Loopback;

namespace Torchyard.EndToEnd.Mirrors;

/// <summary>The mirror as it is published, with skopeo as its client.</summary>
public sealed class MirrorTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Skopeo_pushes_lists_pulls_and_deletes()
    {
        using var directory = new TemporaryDirectory();
        using var registry = new FakeRegistry();
        var image = RegistryImage.Add(registry, "team/train", "1.0", 300_000);
        await using var mirror = await ServedMirror.StartAsync(directory.Path, Cancellation, "--anonymous", "write");
        var target = $"{mirror.Docker}/team/train:1.0";

        await SkopeoAsync("copy", "--src-tls-verify=false", "--dest-tls-verify=false", $"docker://{registry.Name}/team/train:1.0", target);
        Assert.Contains("\"1.0\"", await SkopeoAsync("list-tags", "--tls-verify=false", $"{mirror.Docker}/team/train"));
        Assert.Equal(image.Content, await SkopeoAsync("inspect", "--raw", "--tls-verify=false", target));
        await SkopeoAsync("copy", "--src-tls-verify=false", target, $"oci:{directory.Path}/copy:1.0");
        await SkopeoAsync("delete", "--tls-verify=false", target);

        Assert.NotEqual(0, (await RunSkopeoAsync("inspect", "--tls-verify=false", target)).ExitCode);
    }

    [Fact]
    public async Task Skopeo_pulls_through_it_and_again_when_the_registry_has_gone()
    {
        using var directory = new TemporaryDirectory();
        var registry = new FakeRegistry();
        var image = RegistryImage.Add(registry, "team/train", "1.0", 300_000);
        await using var mirror = await ServedMirror.StartAsync(
            directory.Path,
            Cancellation,
            "--anonymous",
            "read",
            "--tag-age",
            "0",
            "--upstream",
            $"http://{registry.Name}"
        );
        var source = $"{mirror.Docker}/{registry.Name.Replace(':', '_')}/team/train:1.0";

        await SkopeoAsync("copy", "--src-tls-verify=false", source, $"oci:{directory.Path}/first:1.0");
        registry.Dispose();
        await SkopeoAsync("copy", "--src-tls-verify=false", source, $"oci:{directory.Path}/second:1.0");

        var blob = FakeRegistry.DigestOf(image.Large)["sha256:".Length..];
        Assert.Equal(image.Large, await File.ReadAllBytesAsync($"{directory.Path}/second/blobs/sha256/{blob}", Cancellation));
    }

    [Fact]
    public async Task Killed_in_the_middle_of_an_upload_it_goes_on_from_there()
    {
        using var directory = new TemporaryDirectory();
        var content = RandomNumberGenerator.GetBytes(4 << 20);
        using var client = new HttpClient();
        string location;
        var first = await ServedMirror.StartAsync(directory.Path, Cancellation, "--anonymous", "write");
        await using (first)
        {
            using var begun = await client.PostAsync(new Uri(first.Address, "/v2/a/blobs/uploads/"), null, Cancellation);
            location = begun.Headers.Location!.OriginalString;
            using var half = await SendAsync(client, HttpMethod.Patch, first, location, content[..(2 << 20)]);
            Assert.Equal(HttpStatusCode.Accepted, half.StatusCode);
            await first.KillAsync();
        }

        await using var second = await ServedMirror.StartAsync(directory.Path, Cancellation, "--anonymous", "write");
        using var state = await client.GetAsync(new Uri(second.Address, location), Cancellation);
        Assert.Equal($"0-{(2 << 20) - 1}", Assert.Single(state.Headers.GetValues("Range")));
        var digest = FakeRegistry.DigestOf(content);
        using var put = await SendAsync(client, HttpMethod.Put, second, $"{location}?digest={digest}", content[(2 << 20)..]);
        Assert.Equal(HttpStatusCode.Created, put.StatusCode);
        Assert.Equal(content, await client.GetByteArrayAsync(new Uri(second.Address, $"/v2/a/blobs/{digest}"), Cancellation));
    }

    [Fact]
    public async Task Promtool_finds_its_metrics_in_order()
    {
        var promtool = HostProgram.Require("promtool");
        using var directory = new TemporaryDirectory();
        await using var mirror = await ServedMirror.StartAsync(directory.Path, Cancellation, "--anonymous", "read", "--quota", "1GB");
        using var client = new HttpClient();
        using (await client.GetAsync(new Uri(mirror.Address, "/v2/a/tags/list"), Cancellation)) { }

        var metrics = await client.GetStringAsync(new Uri(mirror.Address, "/metrics"), Cancellation);

        (await HostProgram.RunAsync(promtool, ["check", "metrics"], Cancellation, input: metrics)).Succeeded();
    }

    private static Task<HttpResponseMessage> SendAsync(
        HttpClient client,
        HttpMethod method,
        ServedMirror mirror,
        string path,
        byte[] body
    ) =>
        client.SendAsync(
            new HttpRequestMessage(method, new Uri(mirror.Address, path)) { Content = new ByteArrayContent(body) },
            Cancellation
        );

    private static async Task<string> SkopeoAsync(params string[] arguments) => (await RunSkopeoAsync(arguments)).Succeeded().Output;

    private static Task<ProgramOutput> RunSkopeoAsync(params string[] arguments) =>
        HostProgram.RunAsync(HostProgram.Require("skopeo"), arguments, Cancellation);
}
