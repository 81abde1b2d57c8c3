using System.Net;
using System.Text.RegularExpressions;
using Torchyard.Testing.Loopback;

namespace Torchyard.Mirror.Tests.Watching;

/// <summary>What Prometheus and people see of a mirror.</summary>
public sealed partial class MetricsTests
{
    [Fact]
    public async Task Every_line_has_the_form_that_Prometheus_reads_and_every_metric_its_type_once()
    {
        using var registry = new FakeRegistry();
        var image = RegistryImage.Add(registry, "r", "1", 100_000);
        await using var mirror = await MirrorHost.OfAsync(registry, options => options with { Quota = 1 << 30 });
        var path = $"/v2/{MirrorHost.First(registry)}/r/blobs/{FakeRegistry.DigestOf(image.Large)}";
        await mirror.BytesAsync(path);
        await mirror.BytesAsync(path);

        var text = System.Text.Encoding.UTF8.GetString(await mirror.BytesAsync("/metrics"));

        var lines = text.TrimEnd('\n').Split('\n');
        Assert.All(lines, line => Assert.Matches(Form(), line));
        var types = lines.Where(line => line.StartsWith("# TYPE ", StringComparison.Ordinal)).Select(line => line.Split(' ')[2]).ToList();
        Assert.Equal(types.Distinct(), types);
        Assert.Contains($"torchyard_mirror_fetched_bytes_total{{upstream=\"{registry.Name}\"}} {image.Large.Length}", lines);
        Assert.Contains($"torchyard_mirror_sent_bytes_total {2 * image.Large.Length}", lines);
        Assert.Contains("torchyard_mirror_blob_hits_total 1", lines);
        Assert.Contains("torchyard_mirror_blob_misses_total 1", lines);
        Assert.Contains($"torchyard_mirror_quota_bytes {1 << 30}", lines);
    }

    [Fact]
    public async Task The_health_check_is_for_everybody()
    {
        await using var mirror = await MirrorHost.StartAsync(options =>
            options with
            {
                Anonymous = Torchyard.Registry.Mirrors.MirrorAccess.Read,
            }
        );

        using var response = await mirror.GetAsync("/healthz", ("Authorization", "Bearer wrong"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Names_on_the_page_are_text_and_not_markup()
    {
        await using var mirror = await MirrorHost.StartAsync();
        await mirror.PushImageAsync("team/train", "a_b", [1]);
        mirror.Counters.Sent("<b>", 1);

        var page = System.Text.Encoding.UTF8.GetString(await mirror.BytesAsync("/"));

        Assert.Contains("team/train:a_b", page);
        Assert.DoesNotContain("<b>", page);
        Assert.Contains("&lt;b&gt;", page);
    }

    [GeneratedRegex(@"\A(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[a-z]+=""[^""]*""(,[a-z]+=""[^""]*"")*\})? [0-9]+)\z")]
    private static partial Regex Form();
}
