using System.Text.Json;
using Torchyard.EndToEnd.Environment;
using Torchyard.EndToEnd.Program;

namespace Torchyard.EndToEnd.Gpus;

/// <summary>
/// <c>up</c> from the choice of GPUs to their return, on machines of fakes, with an image that has neither PyTorch nor CUDA.
/// </summary>
[Collection(SmallImageTests.Name)]
public sealed class UpWithGpusTests(SmallImage small)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Environments_get_free_gpus_prove_them_keep_them_and_give_them_back()
    {
        FakeGpuMachine.Require();
        await using var machine = await FakeGpuMachine.CreateAsync(gpus: 2);
        var (first, second, third) = (Project("gpus-first"), Project("gpus-second"), Project("gpus-third"));
        try
        {
            await ShareAsync(machine, first, second, third);
        }
        finally
        {
            // Other tests of this store need its GPUs; what is down already stays so.
            foreach (var project in new[] { first, second, third })
            {
                await RunAsync(machine, project, "down");
            }
        }
    }

    private async Task ShareAsync(FakeGpuMachine machine, string first, string second, string third)
    {
        var up = await RunAsync(machine, first, "up", "--gpus", "1");
        up.Succeeded().Printed(" is ready").Printed("GPUs    0: NVIDIA H200").Printed("torchyard down");
        Assert.Contains("Proving GPUs: all 4 proofs passed", up.Error, StringComparison.Ordinal);
        var holder = UpReport.Read((await RunAsync(machine, first, "up", "--json")).Succeeded().Output);
        Assert.True(holder.AlreadyRunning);

        // Exactly this GPU, the driver's tools, and the settings, each of which tune has a reason for.
        (await RunAsync(machine, first, "exec", holder.Name, "nvidia-smi", "-L")).Succeeded().Printed("GPU 0: NVIDIA H200");
        var nodes = (await RunAsync(machine, first, "exec", holder.Name, "sh", "-c", "cd /dev; ls nvidia*; ls /run/torchyard"))
            .Succeeded()
            .Output;
        Assert.Equal("nvidia-uvm\nnvidia-uvm-tools\nnvidia0\nnvidiactl\n", nodes);
        var inside = Variables((await RunAsync(machine, first, "exec", holder.Name, "env")).Succeeded().Output);
        var reasons = Json(await RunAsync(machine, first, "tune", "--json"))
            .EnumerateArray()
            .ToDictionary(s => s.GetProperty("name").GetString()!, s => s.GetProperty("reason").GetString()!);
        Assert.Equal("expandable_segments:True", inside["PYTORCH_CUDA_ALLOC_CONF"]);
        Assert.All(reasons.Keys.Where(inside.ContainsKey), name => Assert.True(reasons[name].Length > 20, $"{name}: {reasons[name]}"));
        Assert.Contains($"NCCL_IB_DISABLE={inside["NCCL_IB_DISABLE"]}", up.Error, StringComparison.Ordinal);
        // What the machine has set wins over what tune would set.
        Assert.Equal("lo", inside["NCCL_SOCKET_IFNAME"]);
        Assert.DoesNotContain("NCCL_SOCKET_IFNAME", up.Error, StringComparison.Ordinal);

        // Without --gpus an environment gets what is free.
        var other = UpReport.Read((await RunAsync(machine, second, "up", "--json")).Succeeded().Output);
        Assert.Equal(["1: NVIDIA H200"], Strings(other, "gpus"));
        Assert.Equal("GPUs", Assert.Single(other.Json.GetProperty("checks").EnumerateArray()).GetProperty("name").GetString());
        var held = Json(await RunAsync(machine, first, "ps", "--json"))
            .EnumerateArray()
            .Where(c => c.GetProperty("gpus").GetArrayLength() > 0)
            .ToDictionary(c => c.GetProperty("name").GetString()!, c => c.GetProperty("gpus").ToString());
        Assert.Equal([holder.Name, other.Name], held.Keys.Order(StringComparer.Ordinal));

        // One more is refused, and who has them is named; nothing is left of the attempt.
        var refused = (await RunAsync(machine, third, "up", "--gpus", "1")).Ended(1);
        Assert.Contains(
            $"error TY5013: 1 GPU was asked for and 0 of 2 are free: GPU 0: container {holder.Name}",
            refused.Error,
            StringComparison.Ordinal
        );
        Assert.Contains($"GPU 1: container {other.Name}", refused.Error, StringComparison.Ordinal);
        Assert.Equal(
            2,
            Json(await RunAsync(machine, first, "ps", "--all", "--json"))
                .EnumerateArray()
                .Count(c => c.GetProperty("name").GetString()!.StartsWith("small", StringComparison.Ordinal))
        );

        // A second up answers at once: it starts, proves and hands over nothing.
        var again = await RunAsync(machine, first, "up", "--gpus", "2");
        again.Succeeded().Printed($"{holder.Name} is running").Printed("GPUs    0: NVIDIA H200");
        Assert.DoesNotContain("Proving", again.Error, StringComparison.Ordinal);
        Assert.Contains($"{holder.Name} keeps the GPUs that it was started with", again.Error, StringComparison.Ordinal);

        // What down gives back is free for the next.
        (await RunAsync(machine, first, "down")).Succeeded();
        var next = UpReport.Read((await RunAsync(machine, third, "up", "--gpus", "1", "--json")).Succeeded().Output);
        Assert.Equal(["0: NVIDIA H200"], Strings(next, "gpus"));
        (await RunAsync(machine, second, "down")).Succeeded();
        (await RunAsync(machine, third, "down")).Succeeded();
        Assert.DoesNotContain(Json(await RunAsync(machine, first, "ps", "--json")).EnumerateArray(), c =>
            c.GetProperty("gpus").GetArrayLength() > 0
        );
    }

    [Theory]
    [InlineData("NO_KERNELS", "GPU 0, memory test: zeros: 0 of ")]
    [InlineData("NO_START", " does not start: error 999 (CUDA_ERROR_UNKNOWN)")]
    public async Task A_gpu_that_does_not_work_is_found_at_the_end_of_up(string driver, string found)
    {
        FakeGpuMachine.Require();
        await using var machine = await FakeGpuMachine.CreateAsync(gpus: 1, driver);
        var project = Project("gpus-" + driver);

        try
        {
            var up = (await RunAsync(machine, project, "up")).Ended(1);
            up.Reported("error TY4112: the GPUs of small do not work as they should: ")
                .Reported(found)
                .Reported("torchyard verify small:latest shows every proof");
        }
        finally
        {
            // Other tests of this store need its GPUs.
            (await RunAsync(machine, project, "down")).Succeeded();
        }
    }

    [Fact]
    public async Task An_ordinary_user_gets_gpus_too()
    {
        FakeGpuMachine.Require();
        await using var machine = await FakeGpuMachine.CreateAsync(gpus: 2);
        await using var user = await OrdinaryUser.CreateAsync(small.Store, small.Project, Cancellation);
        (await machine.RunAsync([.. user.MountAccount(), "true"], user.Home, new Dictionary<string, string>(), Cancellation)).Succeeded();
        Task<ProgramOutput> asUser(params string[] arguments) =>
            machine.RunAsync(
                [.. user.Identity(user.Project), Path.Combine(user.Home, "program/torchyard"), .. arguments],
                user.Project,
                user.Variables,
                Cancellation
            );

        // Limits need a cgroup that such a user rarely has.
        var report = UpReport.Read((await asUser("up", "--gpus", "1", "--best-effort", "--json")).Succeeded().Output);
        Assert.Equal(["0: NVIDIA H200"], Strings(report, "gpus"));
        Assert.StartsWith(
            "all ",
            Assert.Single(report.Json.GetProperty("checks").EnumerateArray()).GetProperty("result").GetString(),
            StringComparison.Ordinal
        );
        (await asUser("exec", report.Name, "nvidia-smi", "-L")).Succeeded().Printed("GPU 0: NVIDIA H200");
        (await asUser("ps")).Succeeded().Printed(report.Name);
        (await asUser("down")).Succeeded();
    }

    private Task<ProgramOutput> RunAsync(FakeGpuMachine machine, string project, params string[] arguments)
    {
        var variables = small.Store.Variables();
        variables["NCCL_SOCKET_IFNAME"] = "lo";
        return machine.RunAsync([TestStore.Program, .. arguments], project, variables, Cancellation);
    }

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

    private static IEnumerable<string?> Strings(UpReport report, string name) =>
        report.Json.GetProperty(name).EnumerateArray().Select(value => value.GetString());

    private static Dictionary<string, string> Variables(string lines) =>
        lines
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split('=', 2))
            .ToDictionary(pair => pair[0], pair => pair[1]);
}
