using System.Globalization;
using System.Text.Json;
using Torchyard.EndToEnd.Environment;
using Torchyard.EndToEnd.Program;

namespace Torchyard.EndToEnd.Gpus;

/// <summary>Several people on one machine of fakes: who has which GPU, and GPUs that nobody uses.</summary>
[Collection(SmallImageTests.Name)]
public sealed class SharedMachineTests(SmallImage small)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_users_see_each_others_GPUs_and_get_none_that_the_other_has()
    {
        FakeGpuMachine.Require();
        await using var machine = await FakeGpuMachine.CreateAsync(gpus: 2);
        await using var user = await OrdinaryUser.CreateAsync(small.Store, small.Project, Cancellation);
        (await machine.RunAsync([.. user.MountAccount(), "true"], user.Home, new Dictionary<string, string>(), Cancellation)).Succeeded();
        var project = Project("shared");
        try
        {
            var mine = UpReport.Read((await RootAsync(machine, project, "up", "--gpus", "1", "--json")).Succeeded().Output);

            // What the other has is not free, however many are asked for, and said to be whose.
            (await UserAsync(machine, user, "up", "--gpus", "2", "--best-effort"))
                .Ended(1)
                .Reported($"error TY5013: 2 GPUs were asked for and 1 of 2 are free: GPU 0: environment {mine.Name} of root");
            var theirs = UpReport.Read((await UserAsync(machine, user, "up", "--gpus", "1", "--best-effort", "--json")).Succeeded().Output);
            Assert.Equal("1: NVIDIA H200", theirs.Json.GetProperty("gpus")[0].GetString());
            (await RootAsync(machine, project, "run", "--rm", "--gpus", "1", SmallImage.Name, "true"))
                .Ended(125)
                .Reported($"GPU 0: container {mine.Name}; GPU 1: environment {theirs.Name} of somebody");

            // Each sees the same, and itself as its own.
            Assert.Equal(
                [("environment", "root", mine.Name, true), ("environment", "somebody", theirs.Name, false)],
                Holders(await RootAsync(machine, project, "top", "--json"))
            );
            Assert.Equal(
                [("environment", "root", mine.Name, false), ("environment", "somebody", theirs.Name, true)],
                Holders(await UserAsync(machine, user, "top", "--json"))
            );
            (await UserAsync(machine, user, "top", "--no-stream")).Succeeded().Printed("HELD BY").Printed($"root       {mine.Name}");

            // What is given back is free for the other at once.
            (await RootAsync(machine, project, "down")).Succeeded();
            (
                await UserAsync(machine, user, "run", "--rm", "--gpus", "1", "--best-effort", SmallImage.Name, "ls", "/dev/nvidia0")
            ).Succeeded();
        }
        finally
        {
            await RootAsync(machine, project, "down");
            await UserAsync(machine, user, "down");
        }
    }

    [Fact]
    public async Task GPUs_that_nobody_uses_are_given_back_after_a_warning_and_the_next_up_says_why()
    {
        FakeGpuMachine.Require();
        await using var machine = await FakeGpuMachine.CreateAsync(gpus: 2);
        var project = Project("idle");
        try
        {
            await UseAsync(machine, 40);
            var up = UpReport.Read(
                (await RootAsync(machine, project, "up", "--gpus", "1", "--idle-release", "10s", "--json")).Succeeded().Output
            );
            Assert.Equal("10s", up.Text("idle_release"));
            // Somebody sits at a terminal in it.
            using var terminal = Start(machine, project, "exec", "-t", up.Name, "sleep", "600");
            var seen = terminal.StandardOutput.ReadToEndAsync(Cancellation);

            // The log ends with the container.
            await UseAsync(machine, 0);
            var log = await RootAsync(machine, project, "logs", "-f", up.Name);
            log.Succeeded()
                .Reported($"torchyard: the GPUs of {up.Name} are idle: it is stopped in 1 s, after 10 s without use")
                .Reported($"torchyard: {up.Name} is stopped: its GPUs were idle for 10 s");
            Assert.Contains($"torchyard: the GPUs of {up.Name} are idle: it is stopped in 1 s", await seen, StringComparison.Ordinal);
            (await RootAsync(machine, project, "ps", "-a")).Succeeded().Printed(", stopped: its GPUs were idle for 10 s)");
            var given = Json(await RootAsync(machine, project, "top", "--json")).GetProperty("given_back");
            Assert.Equal("its GPUs were idle for 10 s", Assert.Single(given.EnumerateArray()).GetProperty("why").GetString());

            await UseAsync(machine, 40);
            var again = await RootAsync(machine, project, "up", "--json");
            again.Succeeded().Reported($"{up.Name} was stopped: its GPUs were idle for 10 s; starting it again");
            var report = UpReport.Read(again.Output);
            Assert.Equal(("10s", 1), (report.Text("idle_release"), report.Json.GetProperty("gpus").GetArrayLength()));

            (await RootAsync(machine, project, "up", "--idle-release", "off")).Succeeded().Printed("idle-release off, was 10 s");
        }
        finally
        {
            // Other tests of this store need its GPUs.
            await RootAsync(machine, project, "down");
        }
    }

    /// <summary>Lets NVML say how much all GPUs are used.</summary>
    private static async Task UseAsync(FakeGpuMachine machine, int percent) =>
        (
            await machine.RunAsync(
                [
                    "sh",
                    "-ec",
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $$"""
                        for file in /usr/local/nvidia/lib64/libnvidia-ml.so.*.answers; do
                            sed 's|^\([0-9]*/nvmlDeviceGetUtilizationRates\) .*|\1 0 {{percent}} 0|' "$file" >"$file.new"
                            mv "$file.new" "$file"
                        done
                        """
                    ),
                ],
                "/",
                new Dictionary<string, string>(),
                Cancellation
            )
        ).Succeeded();

    private static IEnumerable<(string?, string?, string?, bool)> Holders(ProgramOutput top) =>
        Json(top)
            .GetProperty("gpus")
            .EnumerateArray()
            .SelectMany(gpu => gpu.GetProperty("held_by").EnumerateArray())
            .Select(held =>
                (
                    held.GetProperty("kind").GetString(),
                    held.GetProperty("user").GetString(),
                    held.GetProperty("name").GetString(),
                    held.GetProperty("own").GetBoolean()
                )
            );

    private Task<ProgramOutput> RootAsync(FakeGpuMachine machine, string project, params string[] arguments) =>
        machine.RunAsync([TestStore.Program, .. arguments], project, small.Store.Variables(), Cancellation);

    private static Task<ProgramOutput> UserAsync(FakeGpuMachine machine, OrdinaryUser user, params string[] arguments) =>
        machine.RunAsync(
            [.. user.Identity(user.Project), Path.Combine(user.Home, "program/torchyard"), .. arguments],
            user.Project,
            user.Variables,
            Cancellation
        );

    private System.Diagnostics.Process Start(FakeGpuMachine machine, string project, params string[] arguments) =>
        HostProgram.Start(
            machine.Prefix[0],
            [.. machine.Prefix.Skip(1), $"--wd={project}", TestStore.Program, .. arguments],
            environment: small.Store.Variables()
        );

    /// <summary>A directory with the recipe and the lock of the small image.</summary>
    private string Project(string name)
    {
        var project = small.Store.NewProject(name);
        foreach (var file in new[] { "torchyard.toml", "torchyard.lock" })
        {
            File.Copy(Path.Combine(small.Project, file), Path.Combine(project, file));
        }

        return project;
    }

    private static JsonElement Json(ProgramOutput output) => JsonDocument.Parse(output.Succeeded().Output).RootElement;
}
