using Torchyard.EndToEnd.Environment;
using Torchyard.EndToEnd.Program;

namespace Torchyard.EndToEnd.Engines;

/// <summary>docker's options of <c>run</c>, seen from inside the container; those for limits are in <see cref="LimitTests"/>.</summary>
[Collection(SmallImageTests.Name)]
public sealed class RunOptionTests(SmallImage small)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("-e A=1 -e B=", "echo \"$A|$B|\"", "1||\n")]
    [InlineData("--env-file settings.env", "echo $FROM_FILE", "file\n")]
    [InlineData("-w /usr/share", "pwd", "/usr/share\n")]
    [InlineData("-u 1234:4321", "id -u; id -g", "1234\n4321\n")]
    [InlineData("-u nobody", "id -un", "nobody\n")]
    [InlineData("-h inside --network none", "hostname", "inside\n")]
    [InlineData("--read-only", "touch /x 2>/dev/null || echo refused", "refused\n")]
    [InlineData(
        "--read-only --tmpfs /scratch:size=1m,mode=1777",
        "head -c 2000000 /dev/zero 2>/dev/null > /scratch/x; stat -c %s /scratch/x",
        "1048576\n"
    )]
    [InlineData("--ulimit nofile=77:99", "ulimit -Sn; ulimit -Hn", "77\n99\n")]
    [InlineData("--network none", "ls /sys/class/net", "lo\n")]
    [InlineData("--network private", "ls /sys/class/net | grep -c lo", "1\n")]
    [InlineData("-v shared:/seen", "cat /seen/here", "from the host\n")]
    [InlineData("-v shared:/seen:ro", "touch /seen/x 2>/dev/null || echo refused", "refused\n")]
    [InlineData("--mount type=bind,source=shared,target=/seen", "touch /seen/new && cat /seen/here", "from the host\n")]
    [InlineData("--mount type=bind,source=shared,target=/seen,readonly", "touch /seen/x 2>/dev/null || echo refused", "refused\n")]
    [InlineData("--mount type=tmpfs,target=/mem,tmpfs-size=4096", "stat -fc '%T %b*%S' /mem", "tmpfs 1*4096\n")]
    [InlineData("--entrypoint /usr/bin/env", "tr '\\0' '\\n' < /proc/1/cmdline | head -n 1", "sh\n")]
    public async Task Each_does_what_docker_says(string options, string script, string printed)
    {
        var shared = Directory.CreateDirectory(Path.Combine(small.Project, "shared")).FullName;
        await File.WriteAllTextAsync(Path.Combine(shared, "here"), "from the host\n", Cancellation);
        await File.WriteAllTextAsync(Path.Combine(small.Project, "settings.env"), "# a comment\nFROM_FILE=file\n", Cancellation);
        // A bare name would be a volume.
        var words = options.Replace("shared", shared, StringComparison.Ordinal).Split(' ');

        var run = await small.RunAsync(
            new Dictionary<string, string>(),
            Cancellation,
            ["run", "--rm", .. words, SmallImage.Name, "sh", "-c", script]
        );

        Assert.Equal(printed, run.Succeeded().Output);
    }

    [Fact]
    public async Task A_named_volume_outlives_its_containers()
    {
        var none = new Dictionary<string, string>();

        (
            await small.RunAsync(
                none,
                Cancellation,
                "run",
                "--rm",
                "-v",
                "kept:/kept",
                SmallImage.Name,
                "sh",
                "-c",
                "echo value > /kept/file"
            )
        ).Succeeded();
        var read = await small.RunAsync(none, Cancellation, "run", "--rm", "-v", "kept:/kept", SmallImage.Name, "cat", "/kept/file");

        Assert.Equal("value\n", read.Succeeded().Output);
    }

    [Fact]
    public async Task A_published_port_reaches_the_program_in_a_network_of_its_own()
    {
        var none = new Dictionary<string, string>();
        var name = "published-" + Guid.NewGuid().ToString("N")[..6];
        var started = await small.RunAsync(
            none,
            Cancellation,
            "run",
            "-d",
            "--rm",
            "--name",
            name,
            "-p",
            "127.0.0.1::8000",
            SmallImage.Name,
            "python3",
            "-m",
            "http.server",
            "--directory",
            "/etc/torchyard",
            "--bind",
            "127.0.0.1",
            "8000"
        );
        try
        {
            // "published 127.0.0.1:PORT->8000/tcp"
            var address = started
                .Succeeded()
                .Error.Split('\n')
                .First(line => line.StartsWith("published ", StringComparison.Ordinal))
                .Split(' ')[1]
                .Split("->")[0];
            using var client = new HttpClient();
            Assert.Contains("services.json", await AnswerAsync(client, new Uri($"http://{address}/")), StringComparison.Ordinal);
        }
        finally
        {
            // It removes itself when it is killed; that must not be in the way of rm.
            (await small.RunAsync(none, CancellationToken.None, "rm", "--force", name)).Succeeded();
        }
    }

    // A connection that is cut means that the program does not listen yet.
    private static async Task<string> AnswerAsync(HttpClient client, Uri address)
    {
        for (var end = DateTime.UtcNow.AddSeconds(30); ; )
        {
            try
            {
                return await client.GetStringAsync(address, Cancellation);
            }
            catch (HttpRequestException) when (DateTime.UtcNow < end)
            {
                await Task.Delay(20, Cancellation);
            }
        }
    }
}
