using Torchyard.Containers.Gpus;
using Torchyard.Containers.Requests;
using Torchyard.Flows.Running;
using Torchyard.Flows.Tests.Hosts;
using Torchyard.Images.Oci;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;

namespace Torchyard.Flows.Tests.Running;

public sealed class RunPlanTests : IDisposable
{
    private static readonly RunArguments Plain = new() { Image = "work" };

    private readonly TestHost _test = new();

    public void Dispose() => _test.Dispose();

    [Fact]
    public void Without_options_everything_is_left_to_image_and_machine()
    {
        var request = Request(Plain);

        Assert.Null(request.Command);
        Assert.Null(request.Entrypoint);
        Assert.Equal(new ContainerLimits(), request.Limits);
        Assert.Equal((NetworkMode.Host, UserNamespaceMode.Own), (request.Network, request.UserNamespace));
        Assert.Equal(TimeSpan.FromSeconds(10), request.StopTimeout);
        Assert.Empty(request.OpenToContainers);
        Assert.Equal(GpuSelectionKind.None, RunPlan.Of(_test.Host, Plain).Gpus.Kind);
    }

    [Fact]
    public void Variables_of_files_come_first_and_bare_names_take_the_callers_value()
    {
        _test.Write("env", "A=file\nB=file\n");
        _test.Variables["B"] = "caller";

        var request = Request(Plain with { EnvironmentFiles = ["env"], Variables = ["B", "ABSENT", "C=1"] });

        Assert.Equal(["A=file", "B=file", "B=caller", "C=1"], request.Environment);
    }

    [Fact]
    public void A_published_port_means_a_network_of_its_own()
    {
        var request = Request(Plain with { Publish = ["8888:8888"] });

        Assert.Equal(NetworkMode.Private, request.Network);
        Assert.Equal("127.0.0.1", Assert.Single(request.Ports).HostAddress);
        Assert.Equal("TY4035", Refusal(Plain with { Publish = ["8888:8888"], Network = "host" }).Code);
    }

    [Fact]
    public void Relative_mounts_are_below_the_callers_directory()
    {
        var mount = Assert.Single(Request(Plain with { Volumes = ["./data:/data:ro"] }).Mounts);

        Assert.Equal((_test.PathOf("data"), "/data", true), (mount.Source, mount.Target, mount.ReadOnly));
    }

    [Fact]
    public void The_directory_of_a_project_may_have_links_of_its_container()
    {
        _test.Write("torchyard.toml", "");

        Assert.Equal([_test.Project], Request(Plain).OpenToContainers);
    }

    [Fact]
    public void An_empty_entry_point_removes_that_of_the_image()
    {
        Assert.Empty(Request(Plain with { Entrypoint = "" }).Entrypoint!);
        Assert.Equal(["sh"], Request(Plain with { Entrypoint = "sh" }).Entrypoint);
    }

    [Theory]
    [InlineData("engine")]
    [InlineData("runtime")]
    [InlineData("gpus")]
    [InlineData("file")]
    public void Every_mistake_is_told_before_the_image_is_looked_for(string what)
    {
        var refusal = Refusal(
            what switch
            {
                "engine" => Plain with { Engine = "lxc" },
                "runtime" => Plain with { Runtime = "nvidia" },
                "gpus" => Plain with { Gpus = "a,,b" },
                _ => Plain with { EnvironmentFiles = ["absent"] },
            }
        );

        Assert.True(refusal.IsUsage);
    }

    [Fact]
    public async Task A_missing_image_is_told_and_holds_nothing()
    {
        var flow = new RunFlow(_test.Host);

        Assert.Equal(
            "TY3010",
            (await Assert.ThrowsAsync<TorchyardException>(() => flow.PrepareAsync(Plain, TestContext.Current.CancellationToken))).Code
        );

        // Whoever holds the store's use exclusively, as a prune does, would wait for ever otherwise.
        using var alone = Torchyard.Platform.Files.FileLock.TryAcquire(_test.Host.Store.UseLock, exclusive: true);
        Assert.NotNull(alone);
    }

    private RunRequest Request(RunArguments arguments) =>
        RunPlan
            .Of(_test.Host, arguments)
            .Request(
                new StoredImage
                {
                    Manifest = Digest.Of("image"u8),
                    Names = ["work:latest"],
                    DiffIds = [],
                    Layers = [],
                    CompressedSize = 0,
                    Created = 0,
                    Config = new ImageConfig(),
                }
            );

    private TorchyardException Refusal(RunArguments arguments) =>
        Assert.Throws<TorchyardException>(() => RunPlan.Of(_test.Host, arguments));
}
