using Torchyard.Flows.Starting;
using Torchyard.Flows.Tests.Hosts;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Settings;

namespace Torchyard.Flows.Tests.Starting;

public sealed class RunTimeVariablesTests : IDisposable
{
    private const string Secret = "hf_very_secret";

    private readonly TestHost _test = new();

    public void Dispose() => _test.Dispose();

    [Fact]
    public void The_command_line_wins_over_the_recipe_and_the_recipe_over_the_machine()
    {
        _test.Variables["HTTPS_PROXY"] = "http://proxy:3128";
        _test.Variables["HF_TOKEN"] = Secret;
        var variables = Of(Recipe([("A", "recipe"), ("B", "recipe"), ("no_proxy", "own")], "HF_TOKEN"), "B=given");

        Assert.Equal(
            [
                "https_proxy=http://proxy:3128",
                "HTTPS_PROXY=http://proxy:3128",
                "A=recipe",
                "B=recipe",
                $"HF_TOKEN={Secret}",
                "no_proxy=own",
                "B=given",
            ],
            variables.For([])
        );
    }

    [Theory]
    [InlineData("https_proxy=http://image:1")]
    [InlineData("HTTPS_PROXY=")]
    public void A_proxy_that_the_image_names_stays(string own)
    {
        _test.Variables["https_proxy"] = "http://proxy:3128";

        Assert.Empty(Of(Recipe([])).For([own]));
    }

    [Theory]
    [InlineData("http://user:pass@proxy:3128", "http://proxy:3128")]
    [InlineData("socks5h://user@proxy", "socks5h://proxy")]
    [InlineData("user:pass@proxy:3128", "proxy:3128")]
    [InlineData("http://user:p/a@ss@proxy:3128/", "http://proxy:3128/")]
    [InlineData("http://user:p://a@proxy:1", "http://proxy:1")]
    [InlineData("user:p://a@proxy:1", "proxy:1")]
    [InlineData("http://proxy:3128", "http://proxy:3128")]
    [InlineData("proxy", "proxy")]
    public void A_login_of_a_proxy_stays_with_the_machine(string proxy, string passed)
    {
        _test.Variables["HTTPS_PROXY"] = proxy;
        var variables = Of(Recipe([]));

        Assert.Equal([$"https_proxy={passed}", $"HTTPS_PROXY={passed}"], variables.For([]));
        Assert.Equal(proxy == passed ? [] : ["HTTPS_PROXY"], variables.WithoutLogins([]));
        Assert.Empty(variables.WithoutLogins(["https_proxy=http://image:1"]));
    }

    [Fact]
    public void A_proxy_that_the_recipe_names_is_passed_on_as_it_is()
    {
        _test.Variables["https_proxy"] = "http://user:pass@proxy:3128";
        var variables = Of(Recipe([], "https_proxy"));

        Assert.Equal("https_proxy=http://user:pass@proxy:3128", variables.For([])[^1]);
        Assert.Contains("HTTPS_PROXY=http://proxy:3128", variables.For([]));
        Assert.Empty(variables.WithoutLogins([]));
    }

    [Fact]
    public void What_is_passed_on_and_not_set_is_an_error_that_names_it()
    {
        _test.Variables["EMPTY"] = "";
        Of(Recipe([], "EMPTY", "HF_TOKEN?")).Require();
        Of(Recipe([], "HF_TOKEN"), "HF_TOKEN=x").Require();

        var failure = Assert.Throws<TorchyardException>(() => Of(Recipe([], "HF_TOKEN", "WANDB_API_KEY")).Require());

        Assert.Equal(("TY4124", true), (failure.Code, failure.IsUsage));
        Assert.Contains("HF_TOKEN, WANDB_API_KEY", failure.Message, StringComparison.Ordinal);
        Assert.Contains("\"HF_TOKEN?\"", failure.Cure, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_on_the_command_line_that_is_not_set_is_an_error_and_in_a_file_nothing()
    {
        _test.Write("train.env", "# settings\nEPOCHS=3\nNOT_SET\n");

        Assert.Equal(["EPOCHS=3", "A=b"], RunTimeVariables.Read(_test.Host, ["train.env"], ["A=b"]));
        Assert.Equal("TY4124", Assert.Throws<TorchyardException>(() => RunTimeVariables.Read(_test.Host, [], ["NOT_SET"])).Code);
        Assert.Equal("TY4062", Assert.Throws<TorchyardException>(() => RunTimeVariables.Read(_test.Host, ["missing.env"], [])).Code);
    }

    [Fact]
    public void A_running_environment_with_the_same_variables_has_no_changes()
    {
        _test.Variables["HF_TOKEN"] = Secret;
        var started = Of(Recipe([("A", "1")], "HF_TOKEN"), "B=2");

        Assert.Empty(started.Changes(Labels(started), started.For([])));
        // Without the option, and in a shell without the token: nothing was changed by anybody.
        _test.Variables.Remove("HF_TOKEN");
        Assert.Empty(Of(Recipe([("A", "1")], "HF_TOKEN")).Changes(Labels(started), started.For([])));
    }

    [Fact]
    public void Every_change_is_named_and_no_value()
    {
        _test.Variables["HF_TOKEN"] = Secret;
        var started = Of(Recipe([("A", "1"), ("GONE", "1")], "HF_TOKEN"), "B=2");
        var (labels, running) = (Labels(started), started.For([]));
        _test.Variables["HF_TOKEN"] = "hf_another_secret";

        var changes = Of(Recipe([("A", "3"), ("NEW", "1")], "HF_TOKEN"), "B=4").Changes(labels, running).ToList();

        Assert.All(changes, change => Assert.Equal(ChangeState.NeedsRecreate, change.State));
        Assert.Equal(
            [
                "environment.B: another value is given",
                "environment.A: another value",
                "environment.GONE: removed",
                "environment.HF_TOKEN: yours has another value by now",
                "environment.NEW: which is new",
            ],
            changes.Select(change => change.Text)
        );
        Assert.DoesNotContain(changes, change =>
            $"{change.Text}{change.Running}{change.Recipe}".Contains("secret", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void The_value_of_a_token_is_not_shown_when_the_recipe_sets_it_from_now_on()
    {
        _test.Variables["HF_TOKEN"] = Secret;
        var started = Of(Recipe([], "HF_TOKEN"));

        var change = Assert.Single(Of(Recipe([("HF_TOKEN", "hf_another_secret")])).Changes(Labels(started), started.For([])));

        Assert.Equal(("environment.HF_TOKEN: another value", null, null), (change.Text, change.Running, change.Recipe));
    }

    [Fact]
    public void Labels_have_names_alone()
    {
        _test.Variables["HF_TOKEN"] = Secret;

        Assert.DoesNotContain(
            Secret,
            string.Concat(Of(Recipe([], "HF_TOKEN"), "B=" + Secret).Labels.Select(label => label.Key + label.Value)),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Shared_caches_lead_programs_to_their_directories_and_tokens_stay_with_the_project()
    {
        var recipe = Recipe([("HF_HOME", "/workspace/mine")]) with
        {
            Caches = [SharedCache.Find("huggingface")!, SharedCache.Find("pip")!],
        };

        var variables = Of(recipe).For([]);

        Assert.Contains("PIP_CACHE_DIR=/var/cache/torchyard/pip", variables);
        Assert.Contains(variables, variable => variable.StartsWith("HF_TOKEN_PATH=/home/trainer/", StringComparison.Ordinal));
        Assert.Equal("HF_HOME=/workspace/mine", variables.Last(variable => variable.StartsWith("HF_HOME=", StringComparison.Ordinal)));
    }

    private static Dictionary<string, string> Labels(RunTimeVariables variables) => new(variables.Labels);

    private RunTimeVariables Of(Recipe recipe, params string[] given) => RunTimeVariables.Of(_test.Host.Caller, recipe, given);

    private static Recipe Recipe((string Name, string Value)[] variables, params string[] pass) =>
        new()
        {
            Name = "x",
            Base = new DebianBase { Suite = "trixie" },
            Environment = new EnvironmentSettings
            {
                Variables = variables.ToDictionary(pair => pair.Name, pair => pair.Value),
                Pass = [.. pass.Select(name => new PassedVariable(name.TrimEnd('?'), name.EndsWith('?')))],
            },
        };
}
