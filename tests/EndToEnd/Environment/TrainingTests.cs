using System.Globalization;
using Torchyard.EndToEnd.Program;

namespace Torchyard.EndToEnd.Environment;

/// <summary>The example of <c>init --example</c>.</summary>
[Collection(RunningEnvironmentTests.Name)]
public sealed class TrainingTests(RunningEnvironment environment)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Killed_in_the_middle_and_run_again_it_ends_with_the_weights_of_an_undisturbed_run()
    {
        var whole = await environment.ExecAsync(Cancellation, Training("checkpoints/whole"));
        var expected = Weights(whole.Succeeded());

        var killed = await RunUntilCheckpointThenKillAsync("checkpoints/killed");
        Assert.DoesNotContain("weights sha256:", killed, StringComparison.Ordinal);
        var resumed = await environment.ExecAsync(Cancellation, Training("checkpoints/killed"));

        resumed.Succeeded().Printed("resumed from");
        Assert.Equal(expected, Weights(resumed));
    }

    [Fact]
    public async Task Files_in_the_workspace_belong_to_the_caller()
    {
        (
            await environment.ExecAsync(Cancellation, "sh", "-c", "echo x > /workspace/mine; echo y > /workspace/checkpoints/mine")
        ).Succeeded();

        var project = await HostProgram.RunAsync("stat", ["-c", "%u:%g", environment.Project], Cancellation);
        var files = await HostProgram.RunAsync(
            "stat",
            ["-c", "%u:%g", Path.Combine(environment.Project, "mine"), Path.Combine(environment.Project, "checkpoints/mine")],
            Cancellation
        );

        var owner = project.Succeeded().Output.Trim();
        Assert.Equal(string.Create(CultureInfo.InvariantCulture, $"{owner}\n{owner}\n"), files.Succeeded().Output);
    }

    private static string[] Training(string checkpoints) =>
        [
            "python3",
            "/workspace/train.py",
            "--epochs",
            "2",
            "--samples",
            "1920",
            "--workers",
            "1",
            "--checkpoint-every",
            "5",
            "--log-every",
            "5",
            "--checkpoints",
            "/workspace/" + checkpoints,
        ];

    private async Task<string> RunUntilCheckpointThenKillAsync(string checkpoints)
    {
        using var saved = new SemaphoreSlim(0);
        // A checkpoint appears by rename; the first of many is far from the end.
        using var watcher = new FileSystemWatcher(Path.Combine(environment.Project, "checkpoints")) { IncludeSubdirectories = true };
        watcher.Renamed += (_, _) => saved.Release();
        watcher.EnableRaisingEvents = true;
        using var training = environment.Store.Start(environment.Project, ["exec", environment.Report.Name, .. Training(checkpoints)]);
        var output = training.StandardOutput.ReadToEndAsync(Cancellation);
        var error = training.StandardError.ReadToEndAsync(Cancellation);
        var ended = training.WaitForExitAsync(Cancellation);
        await Task.WhenAny(saved.WaitAsync(Cancellation), ended);
        foreach (var victim in HostProcesses.PythonsWith("/workspace/" + checkpoints))
        {
            HostProcesses.Kill(victim);
        }

        await ended;
        var text = $"exit status {training.ExitCode}\n{await output}\n{await error}";
        Assert.True(training.ExitCode == 137, $"it was not killed in the middle: {text}");
        return text;
    }

    private static string Weights(ProgramOutput training)
    {
        var line = training.Output.Split('\n').FirstOrDefault(line => line.StartsWith("weights sha256:", StringComparison.Ordinal));
        Assert.True(line is not null, training.Transcript);
        return line;
    }
}
