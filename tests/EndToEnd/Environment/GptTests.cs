namespace Torchyard.EndToEnd.Environment;

/// <summary>
/// The example of <c>init --example gpt</c>, with the PyTorch of the preset <c>cpu</c>; the checks themselves are in Python.
/// </summary>
[Collection(RunningEnvironmentTests.Name)]
public sealed class GptTests(RunningEnvironment environment)
{
    private const string Checks = "gpt_checks.py";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("loss_falls")]
    [InlineData("fp8_linear")]
    [InlineData("what_fits")]
    [InlineData("not_a_number")]
    public Task What_the_script_is_made_of_does_what_it_says(string check) => CheckAsync(check);

    /// <summary>Each starts the script several times, and PyTorch starts in seconds.</summary>
    [Theory]
    [InlineData("exact_resume")]
    [InlineData("ranks_equal_one")]
    [InlineData("runs_do_not_mix")]
    [InlineData("refusals")]
    [InlineData("fp8_follows_bf16")]
    public async Task Whole_runs_resume_share_and_refuse_as_they_say(string check)
    {
        Assert.SkipUnless(
            System.Environment.GetEnvironmentVariable("TORCHYARD_TEST_LONG") is { Length: > 0 },
            "takes minutes; TORCHYARD_TEST_LONG=1 runs it"
        );
        await CheckAsync(check);
    }

    [Fact]
    public async Task Bench_train_measures_what_an_image_without_gpus_can_do()
    {
        var said = await environment.Store.RunAsync(
            environment.Project,
            ["bench", "train", environment.Report.Image, "--gpus", "none", "--size", "1m", "--seconds", "0.3", "--json"],
            Cancellation
        );

        using var report = System.Text.Json.JsonDocument.Parse(said.Succeeded().Output);
        var training = report.RootElement.GetProperty("training").EnumerateArray().ToList();
        Assert.Equal(["fp32", "tf32", "fp16", "bf16", "fp8"], training.Select(one => one.GetProperty("precision").GetString()));
        Assert.True(training[0].GetProperty("tokens_per_second").GetDouble() > 0);
        Assert.True(training[3].GetProperty("speed_up").GetDouble() > 0);
        Assert.Contains("has no FP8 products", training[4].GetProperty("missing").GetString(), StringComparison.Ordinal);
    }

    private async Task CheckAsync(string check)
    {
        await File.WriteAllTextAsync(
            Path.Combine(environment.Project, Checks),
            await File.ReadAllTextAsync(SourceTree.At("tests/EndToEnd/Training/" + Checks), Cancellation),
            Cancellation
        );
        await File.WriteAllTextAsync(
            Path.Combine(environment.Project, "gpt.py"),
            await File.ReadAllTextAsync(SourceTree.At("src/Torchyard.Recipes/Example/gpt.py"), Cancellation),
            Cancellation
        );
        (await environment.ExecAsync(Cancellation, "python3", "/workspace/" + Checks, check)).Succeeded().Printed("passed: " + check);
    }
}
