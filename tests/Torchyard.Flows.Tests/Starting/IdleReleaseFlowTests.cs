using Torchyard.Containers.Requests;
using Torchyard.Containers.Starting;
using Torchyard.Flows.Fitting;
using Torchyard.Flows.Hosts;
using Torchyard.Flows.Starting;
using Torchyard.Flows.Tests.Hosts;
using Torchyard.Flows.Trust;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Settings;

namespace Torchyard.Flows.Tests.Starting;

/// <summary><c>up --idle-release</c>: what is in force, and what becomes of an environment that gave its GPUs back.</summary>
public sealed class IdleReleaseFlowTests : IDisposable
{
    private const string Recipe = "name = \"work\"\npackages = [\"bash\"]\n[base]\nsuite = \"trixie\"\n";
    private const string Hour = Recipe + "[limits]\nidle-release = \"1h\"\n";

    private static readonly GrantedGpu[] Gpus = [new(0, "GPU-aa", "0", "NVIDIA H200")];

    private readonly TestHost _test = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _test.Dispose();

    [Theory]
    [InlineData(Recipe, null, "off")]
    [InlineData(Hour, null, "1h")]
    [InlineData(Hour, "2h", "2h")]
    [InlineData(Hour, "off", "off")]
    public async Task The_option_wins_over_the_recipe(string recipe, string? option, string inForce) =>
        Assert.Equal(inForce, IdleTime.Written(IdleChange.Wanted(await RequestAsync(recipe, option))));

    [Theory]
    [InlineData("", Hour, null, 3600, "idle-release 1 h, was off")]
    [InlineData("1h", Recipe, null, 0, "idle-release off, was 2 h")]
    [InlineData("1h", Hour, "off", 0, "idle-release off, was 2 h")]
    [InlineData("1h", Hour, "4h", 14_400, "idle-release 4 h, was 2 h")]
    public async Task A_running_environment_gets_another_time_at_once(string had, string recipe, string? option, long seconds, string said)
    {
        using var running = Run(had, had.Length == 0 ? 0 : 7200);

        var (changed, changes) = await IdleChange.ApplyAsync(await RequestAsync(recipe, option), await SessionAsync(), Cancellation);

        var change = Assert.Single(changes);
        Assert.Equal((ChangeState.Applied, said), (change.State, change.Text));
        Assert.Equal(seconds, changed.Record.IdleRelease);
        Assert.Equal(seconds, (await SessionAsync()).Record.IdleRelease);
        // And once: the next up finds nothing to change.
        Assert.Empty((await IdleChange.ApplyAsync(await RequestAsync(recipe, option), await SessionAsync(), Cancellation)).Changes);
    }

    [Fact]
    public async Task What_an_option_has_set_stays_while_the_recipe_does()
    {
        using var running = Run("1h", 7200);

        var (kept, changes) = await IdleChange.ApplyAsync(await RequestAsync(Hour, null), await SessionAsync(), Cancellation);

        Assert.Empty(changes);
        Assert.Equal(7200, kept.Record.IdleRelease);
    }

    [Fact]
    public async Task The_next_up_says_why_an_environment_was_stopped_and_starts_it_as_it_was()
    {
        using var running = Run("", 7200, (EnvironmentLabels.GivenGpus, "2"), (EnvironmentLabels.GivenIdleRelease, "2h"));
        running.GiveBack(_test, "its GPUs were idle for 2 h");

        var existing = await _test.Host.Containers().ListAsync(Cancellation);
        var request = GivenBack.Renew(await RequestAsync(Recipe, null), existing, _test.Progress);

        Assert.Equal(("2", TimeSpan.FromHours(2)), (request.Gpus, request.IdleRelease));
        Assert.Equal(["work was stopped: its GPUs were idle for 2 h; starting it again"], _test.Progress.Notes);
        // What is said now wins.
        var other = GivenBack.Renew(await RequestAsync(Recipe, "off") with { Gpus = "1" }, existing, _test.Progress);
        Assert.Equal(("1", TimeSpan.Zero), (other.Gpus, other.IdleRelease));
    }

    [Fact]
    public async Task One_that_somebody_stopped_starts_without_a_word()
    {
        using var running = Run("", 7200, (EnvironmentLabels.GivenGpus, "2"));
        var existing = await _test.Host.Containers().ListAsync(Cancellation);

        Assert.Null(GivenBack.Renew(await RequestAsync(Recipe, null), existing, _test.Progress).Gpus);
        Assert.Empty(_test.Progress.Notes);
    }

    [Theory]
    [InlineData("2", "'2' is not a time")]
    [InlineData("2 weeks", "'2 weeks' is not a time")]
    [InlineData("5s", "'5s' is too short")]
    [InlineData("40d", "'40d' is too long")]
    [InlineData("", "'' is not a time")]
    public async Task A_time_that_cannot_be_read_is_refused_before_anything_is_made(string option, string why)
    {
        _test.Write("torchyard.toml", Recipe);

        var refusal = await Assert.ThrowsAsync<TorchyardException>(() =>
            new ProjectUp(_test.Host).RunAsync(new UpOptions { IdleRelease = option }, Cancellation)
        );

        Assert.Equal((IdleTime.Unreadable, "--idle-release: " + why, true), (refusal.Code, refusal.Message, refusal.IsUsage));
        Assert.Contains("90m", refusal.Cure, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_test.Host.Store.Root));
    }

    private async Task<UpRequest> RequestAsync(string recipe, string? option)
    {
        _test.Write("torchyard.toml", recipe);
        return new UpRequest
        {
            Source = await new RecipeGate(_test.Host, allow: true).OpenAsync(
                RecipeChoice.Find(_test.Host, named: null, torch: null),
                Cancellation
            ),
            IdleRelease = option is null ? null : IdleTime.Require(option),
        };
    }

    private async Task<ContainerSession> SessionAsync() =>
        _test.Host.Session((await _test.Host.Containers().ListAsync(Cancellation)).Single());

    private RunningEnvironment Run(string recipeSaid, long seconds, params (string Label, string Value)[] labels) =>
        new(
            _test,
            new Dictionary<string, string>(labels.Select(label => KeyValuePair.Create(label.Label, label.Value)))
            {
                [EnvironmentLabels.IdleRelease] = recipeSaid,
            },
            [],
            Gpus,
            seconds
        );
}
