using Torchyard.Containers.Oci;
using Torchyard.Containers.Runtimes;
using Torchyard.Containers.State;

namespace Torchyard.Containers.Tests.Runtimes;

public class FilterCacheTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_second_container_gets_the_first_ones_filter_byte_for_byte()
    {
        await using var fixture = Fixture();
        var first = await StartAsync(fixture);
        var second = await StartAsync(fixture);

        Assert.Null(Annotation(first));
        Assert.Equal(Convert.ToBase64String(Compiled(first)), Annotation(second));
        Assert.Equal(Compiled(first), Compiled(second));
    }

    [Fact]
    public async Task A_kept_filter_bites_as_the_compiled_one_did()
    {
        await using var fixture = Fixture();
        const string Script = "grep -E '^(Seccomp|NoNewPrivs)' /proc/self/status; unshare -m true 2>&1";
        var (_, compiled, _) = await fixture.RunAsync(fixture.Shell(Script));
        var (_, kept, _) = await fixture.RunAsync(fixture.Shell(Script));

        Assert.Matches(@"Seccomp:\s+2", kept);
        Assert.Contains("not permitted", kept, StringComparison.Ordinal);
        Assert.Equal(compiled, kept);
    }

    [Fact]
    public async Task A_damaged_filter_is_not_used_and_is_replaced()
    {
        await using var fixture = Fixture();
        var first = await StartAsync(fixture);
        var file = Assert.Single(Directory.GetFiles(fixture.Paths.Filters));
        var intact = File.ReadAllBytes(file);
        File.WriteAllBytes(file, [.. intact[..^3], (byte)(intact[^3] ^ 4), .. intact[^2..]]);

        var second = await StartAsync(fixture);

        Assert.Null(Annotation(second));
        Assert.Equal(Compiled(first), Compiled(second));
        Assert.Equal(intact, File.ReadAllBytes(file));
    }

    [Fact]
    public async Task Other_capabilities_are_another_filter()
    {
        await using var fixture = Fixture();
        await StartAsync(fixture);
        var root = await StartAsync(fixture, "0");

        Assert.Null(Annotation(root));
        Assert.Equal(2, Directory.GetFiles(fixture.Paths.Filters).Length);
    }

    private static ContainerFixture Fixture()
    {
        Assert.SkipWhen(!File.Exists("/usr/bin/crun"), "needs crun: apt-get install crun");
        return ContainerFixture.Create(OciRuntimeKind.Crun);
    }

    private static async Task<ContainerDirectory> StartAsync(ContainerFixture fixture, string? user = null)
    {
        var session = await fixture.Launcher.StartAsync(fixture.Request("sleep", "600") with { User = user }, Cancellation);
        return new ContainerDirectory(Path.Combine(fixture.Paths.Containers, session.Record.Id));
    }

    private static byte[] Compiled(ContainerDirectory directory) =>
        File.ReadAllBytes(Path.Combine(directory.RuntimeState, Path.GetFileName(directory.Root), "seccomp.bpf"));

    private static string? Annotation(ContainerDirectory directory) =>
        OciJson.Config.Require(directory.Config).Annotations?.GetValueOrDefault(FilterCache.Annotation);
}
