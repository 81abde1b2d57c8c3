using Torchyard.Containers.Requests;
using Torchyard.Containers.Starting;
using Torchyard.Flows.Access;
using Torchyard.Flows.Fitting;
using Torchyard.Flows.Hosts;
using Torchyard.Flows.Repair;
using Torchyard.Flows.Runtimes;
using Torchyard.Flows.Starting;
using Torchyard.Flows.Tests.Hosts;
using Torchyard.Flows.Trust;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Sources;

namespace Torchyard.Flows.Tests.Starting;

public sealed class UpFlowTests : IDisposable
{
    private const string Recipe = "name = \"work\"\npackages = [\"bash\"]\n[base]\nsuite = \"trixie\"\n";

    private readonly TestHost _test = new();
    private int _built;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task A_running_environment_is_shown_again_and_nothing_is_built()
    {
        using var running = Run(Source(Recipe));

        var report = await UpAsync(Recipe);

        Assert.True(report.AlreadyRunning);
        Assert.Equal((running.Record.Id, 0), (report.Id, _built));
        Assert.Empty(report.Changes);
        Assert.Equal(["/workspace"], report.Mounts.Select(mount => mount.Target));
    }

    [Fact]
    public async Task What_the_recipe_says_otherwise_by_now_waits_for_a_new_container_and_is_named()
    {
        using var running = Run(Source(Recipe));

        var report = await UpAsync(
            Recipe + "[[mounts]]\nsource = \"data\"\ntarget = \"/data\"\n[limits]\ngpus = \"2\"\nshared-memory = \"64m\"\n"
        );

        Assert.All(report.Changes, change => Assert.Equal(ChangeState.NeedsRecreate, change.State));
        Assert.Equal(
            ["image", "limits.gpus", "limits.shared-memory", "mount /data"],
            report.Changes.Select(change => change.What).Order(StringComparer.Ordinal)
        );
        Assert.Contains($"mount /data: {_test.PathOf("data")}, which is new", report.Changes.Select(change => change.Text));
        Assert.Contains("gpus 2, was all that are free", report.Changes.Select(change => change.Text));
        Assert.Equal(0, _built);
    }

    [Fact]
    public async Task GPUs_that_are_named_for_a_running_environment_are_not_taken_and_that_is_said()
    {
        using var running = Run(Source(Recipe));

        await UpAsync(Recipe, gpus: "2");

        Assert.Contains(
            "'torchyard up --recreate --gpus 2' starts it anew",
            Assert.Single(_test.Progress.Warnings),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Without_one_the_image_is_made_and_its_failure_is_that_of_up()
    {
        var failure = await Assert.ThrowsAsync<TorchyardException>(() => UpAsync(Recipe));

        Assert.Equal(("TY0000", 1), (failure.Code, _built));
    }

    [Fact]
    public async Task The_environment_of_another_directory_is_not_that_of_this_one()
    {
        using var other = new TestHost();
        using var running = new RunningEnvironment(other, new Dictionary<string, string>(), []);

        await Assert.ThrowsAsync<TorchyardException>(() => UpAsync(Recipe));

        Assert.Equal(1, _built);
    }

    [Fact]
    public async Task A_home_directory_is_no_project_unless_somebody_says_so()
    {
        _test.Variables["HOME"] = _test.Project;
        _test.Write("torchyard.toml", Recipe + "[[mounts]]\nsource = \"/srv/secrets\"\ntarget = \"/mnt/s\"\n");
        var up = new ProjectUp(_test.Host);
        var refusal = await Assert.ThrowsAsync<TorchyardException>(() => up.RunAsync(new UpOptions(), Cancellation));
        Assert.Equal(("TY4119", true), (refusal.Code, refusal.IsUsage));
        Assert.Contains("your home directory", refusal.Message, StringComparison.Ordinal);

        // After a yes it goes on, to what the recipe wants.
        _test.Dialogue.Answers = new Queue<bool>([true, false]);
        Assert.Equal("TY1041", (await Assert.ThrowsAsync<TorchyardException>(() => up.RunAsync(new UpOptions(), Cancellation))).Code);
        Assert.Equal(["Go on? [y/N] ", "Allow this? [y/N] "], _test.Dialogue.Questions);
    }

    [Fact]
    public async Task A_recipe_that_wants_more_than_its_directory_is_refused_before_anything_is_made()
    {
        _test.Write("torchyard.toml", Recipe + "[[mounts]]\nsource = \"/srv/secrets\"\ntarget = \"/mnt/s\"\n");

        var refusal = await Assert.ThrowsAsync<TorchyardException>(() => new ProjectUp(_test.Host).RunAsync(new UpOptions(), Cancellation));

        Assert.Equal("TY1040", refusal.Code);
        Assert.False(Directory.Exists(_test.Host.Store.Root));
    }

    private RecipeSource Source(string recipe)
    {
        _test.Write("torchyard.toml", recipe);
        Directory.CreateDirectory(_test.PathOf("data"));
        return new RecipeGate(_test.Host, allow: true)
            .OpenAsync(RecipeChoice.Find(_test.Host, named: null, torch: null), Cancellation)
            .GetAwaiter()
            .GetResult();
    }

    private RunningEnvironment Run(RecipeSource source) =>
        new(
            _test,
            new Dictionary<string, string>
            {
                [EnvironmentLabels.Recipe] = RecipeDigest.Of(source).ToString(),
                [EnvironmentLabels.Gpus] = "",
            },
            [
                new MountRequest
                {
                    Kind = MountKind.Bind,
                    Source = _test.Project,
                    Target = "/workspace",
                },
            ]
        );

    private Task<EnvironmentReport> UpAsync(string recipe, string? gpus = null, IReadOnlyList<string>? variables = null)
    {
        var host = _test.Host;
        var source = Source(recipe);
        var layers = new RepairingLayers(host);
        var flow = new UpFlow(
            host.Store,
            host.Caller,
            host.Containers(),
            new ContainerLauncher(host.Containers(), layers, host.Runtimes(), host.Self, host.Progress),
            (_, _) =>
            {
                _built++;
                throw new TorchyardException("TY0000", "no image is made here", "");
            },
            (_, _, _, _) => Task.FromResult<EnvironmentGpus?>(null),
            layers,
            host.Self,
            new SshClientSettings(host),
            host.Progress
        );
        return flow.RunAsync(
            new UpRequest
            {
                Source = source,
                Gpus = gpus,
                Variables = variables ?? [],
            },
            Cancellation
        );
    }
}
