using System.Text.Json;
using Torchyard.EndToEnd.Streams;

namespace Torchyard.EndToEnd.Environment;

/// <summary>The recipe is changed while its environment runs, and <c>up</c> is typed again.</summary>
[Collection(SmallContainerTests.Name)]
public sealed class ChangedRecipeTests(SmallContainer small)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Limits_are_in_force_at_once_and_the_rest_is_told_line_by_line()
    {
        var project = await StartAsync("[limits]\nmemory = \"512MiB\"\ncpus = 1\nprocesses = 200\n");
        try
        {
            Assert.Empty(Changes(await UpAsync(project)));
            Write(
                project,
                """
                packages = ["bash", "python3", "hello"]
                """,
                """
                [limits]
                memory = "256MiB"
                cpus = 0.5
                processes = 100
                shared-memory = "64MiB"
                [[mounts]]
                source = "./data"
                target = "/data"
                """
            );

            var text = await small.Store.RunAsync(project, ["up"], Cancellation);
            text.Succeeded()
                .Printed("memory 256 MiB, was 512 MiB")
                .Printed("cpus 0.5, was 1")
                .Printed("processes 100, was 200")
                .Printed("torchyard up --recreate")
                .Printed("shared-memory 64 MiB, was 256 MiB")
                .Printed("hello")
                .Printed("mount /data: ");
            Assert.Equal(
                ("268435456", "50000", "100"),
                (
                    await Inside(project, "memory/memory.limit_in_bytes", "memory.max"),
                    await Inside(project, "cpu/cpu.cfs_quota_us", "cpu.max"),
                    await Inside(project, "pids/pids.max", "pids.max")
                )
            );

            // What is in force is told once; the rest until there is a new container. ps and the panel say what is so.
            var again = await UpAsync(project);
            Assert.All(Changes(again), change => Assert.Equal("needs_recreate", change.GetProperty("state").GetString()));
            Assert.Equal(268435456, again.Json.GetProperty("memory").GetInt64());
            Assert.Equal(
                ["limits.shared-memory", "mount /data", "packages"],
                Changes(again).Select(change => change.GetProperty("what").GetString()!).Order(StringComparer.Ordinal)
            );

            var anew = UpReport.Read(
                (await small.Store.RunAsync(project, ["up", "--recreate", "--json"], Cancellation)).Succeeded().Output
            );
            Assert.Empty(Changes(anew));
            Assert.Empty(Changes(await UpAsync(project)));
        }
        finally
        {
            await small.Store.RunAsync(project, ["down"], Cancellation);
        }
    }

    [Fact]
    public async Task A_mount_that_moves_and_a_lock_that_is_new_wait_and_more_memory_than_there_is_is_told()
    {
        var mount = "[[mounts]]\nsource = \"./one\"\ntarget = \"/data\"\n";
        var project = await StartAsync(mount);
        try
        {
            Write(
                project,
                null,
                mount.Replace("./one", "./two", StringComparison.Ordinal) + "read-only = true\n[limits]\nmemory = \"512TiB\"\n"
            );
            File.AppendAllText(Path.Combine(project, "torchyard.lock"), "\r\n");
            var up = await small.Store.RunAsync(project, ["up", "--json"], Cancellation);
            var lines = Changes(UpReport.Read(up.Succeeded().Output)).Select(change => change.GetProperty("text").GetString()!).ToList();
            Assert.Equal(2, lines.Count);
            Assert.StartsWith("memory 512 TiB, was ", lines[0], StringComparison.Ordinal);
            Assert.Equal($"mount /data: {project}/two (read-only), was {project}/one", lines[1]);
            Assert.Contains("the memory limit of 512 TiB is more than the ", up.Error, StringComparison.Ordinal);
            Assert.Equal(
                ["limits.memory", "mount /data"],
                Changes(await DowngradeAsync(project)).Select(change => change.GetProperty("what").GetString()!)
            );
        }
        finally
        {
            await small.Store.RunAsync(project, ["down"], Cancellation);
        }

        async Task<UpReport> DowngradeAsync(string directory)
        {
            Write(directory, null, mount.Replace("./one", "./two", StringComparison.Ordinal) + "[limits]\nmemory = \"50%\"\n");
            return await UpAsync(directory);
        }
    }

    /// <summary>A recipe with CRLF, as git's autocrlf makes it, and its lock with them, are the same recipe and lock.</summary>
    [Fact]
    public async Task Other_line_ends_are_no_change()
    {
        var project = await StartAsync("");
        try
        {
            foreach (var name in new[] { "torchyard.toml", "torchyard.lock" })
            {
                var file = Path.Combine(project, name);
                File.WriteAllText(file, "\uFEFF" + File.ReadAllText(file).Replace("\n", "\r\n", StringComparison.Ordinal));
            }

            Assert.Empty(Changes(await UpAsync(project)));
            (await small.Store.RunAsync(project, ["lock", "--check"], Cancellation)).Succeeded();
        }
        finally
        {
            await small.Store.RunAsync(project, ["down"], Cancellation);
        }
    }

    private static List<JsonElement> Changes(UpReport report) => [.. report.Json.GetProperty("changes").EnumerateArray()];

    private async Task<UpReport> UpAsync(string project) =>
        UpReport.Read((await small.Store.RunAsync(project, ["up", "--json"], Cancellation)).Succeeded().Output);

    private async Task<string> Inside(string project, string version1, string version2) =>
        (
            await small.Store.RunAsync(
                project,
                ["exec", Path.GetFileName(project), "sh", "-c", $"cd /sys/fs/cgroup; cat {version1} 2>/dev/null || cat {version2}"],
                Cancellation
            )
        )
            .Succeeded()
            .Output.Split('\n', ' ')[0];

    private async Task<string> StartAsync(string more)
    {
        var project = small.NewDirectory();
        Write(project, null, more);
        Assert.False((await UpAsync(project)).AlreadyRunning);
        return project;
    }

    private static void Write(string project, string? packages, string more) =>
        File.WriteAllText(
            Path.Combine(project, "torchyard.toml"),
            $"name = \"{Path.GetFileName(project)}\"\n{packages ?? "packages = [\"bash\", \"python3\"]"}\n[base]\nsuite = "
                + $"\"trixie\"\n{more}"
        );
}
