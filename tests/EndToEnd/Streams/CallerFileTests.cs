using System.Security.Cryptography;

namespace Torchyard.EndToEnd.Streams;

/// <summary>
/// Files of the caller as standard streams. Their offset is shared with the script around the command: every byte is there once and in
/// order, whatever the command relays through.
/// </summary>
[Collection(SmallContainerTests.Name)]
public sealed class CallerFileTests(SmallContainer small)
{
    private const string Direct = "run --rm $SMALL",
        Monitored = "run $SMALL",
        Network = "run --rm --network private $SMALL",
        Published = "run --rm -p 127.0.0.1::80 $SMALL";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> Outputs
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (
                var mode in (string[])
                    [
                        Direct,
                        Monitored,
                        Network,
                        Published,
                        "run --rm -i $SMALL",
                        "run --rm -t $SMALL",
                        "run -t $SMALL",
                        "exec $KEPT",
                        "exec -i $KEPT",
                        "exec -t $KEPT",
                    ]
            )
            {
                data.Add(mode, ">");
                data.Add(mode, ">>");
            }

            return data;
        }
    }

    public static TheoryData<string, int> Inputs
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (var mode in (string[])["run --rm -i $SMALL", "run -i $SMALL", "run --rm -i --network private $SMALL", "exec -i $KEPT"])
            {
                data.Add(mode, 2);
                data.Add(mode, 50_000_000);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Outputs))]
    public async Task Output_stands_between_what_the_script_itself_writes(string mode, string redirection)
    {
        var directory = small.NewDirectory();
        await File.WriteAllTextAsync(Path.Combine(directory, "f"), redirection == ">>" ? "there\n" : "replaced\n", Cancellation);

        var run = await small.ScriptAsync(
            $"{{ echo before; ty {mode} sh -c 'echo one; sleep 0.05; echo two'; echo after; }} {redirection} f",
            directory,
            Cancellation
        );

        var text = await File.ReadAllTextAsync(Path.Combine(directory, "f"), Cancellation);
        Assert.Equal(
            (redirection == ">>" ? "there\n" : "") + "before\none\ntwo\nafter\n",
            text.Replace("\r\n", "\n", StringComparison.Ordinal)
        );
        run.Succeeded();
    }

    [Theory]
    [InlineData(Direct)]
    [InlineData(Monitored)]
    [InlineData("exec $KEPT")]
    public async Task Both_outputs_may_share_one_file(string mode)
    {
        var directory = small.NewDirectory();
        (
            await small.ScriptAsync(
                $"{{ ty {mode} sh -c 'for i in 1 2 3 4 5 6; do echo out $i; echo err $i >&2; done'; echo last; }} > f 2>&1",
                directory,
                Cancellation
            )
        ).Succeeded();

        var lines = await File.ReadAllLinesAsync(Path.Combine(directory, "f"), Cancellation);
        Assert.Equal("last", lines[^1]);
        Assert.Equal(Enumerable.Range(1, 6).Select(i => $"out {i}"), lines.Where(l => l.StartsWith("out", StringComparison.Ordinal)));
        Assert.Equal(Enumerable.Range(1, 6).Select(i => $"err {i}"), lines.Where(l => l.StartsWith("err", StringComparison.Ordinal)));
        Assert.Equal(13, lines.Length);
    }

    [Theory]
    [MemberData(nameof(Inputs))]
    public async Task A_file_is_read_by_the_program_and_only_then_by_the_script(string mode, int size)
    {
        var directory = small.NewDirectory();
        var content = new byte[size];
        new Random(size).NextBytes(content);
        await File.WriteAllBytesAsync(Path.Combine(directory, "f"), content, Cancellation);

        (await small.ScriptAsync($"{{ ty {mode} cat > copy; cat > rest; }} < f", directory, Cancellation)).Succeeded();

        Assert.Equal(Hash(content), Hash(await File.ReadAllBytesAsync(Path.Combine(directory, "copy"), Cancellation)));
        Assert.Empty(await File.ReadAllBytesAsync(Path.Combine(directory, "rest"), Cancellation));
    }

    [Theory]
    [MemberData(nameof(Inputs))]
    public async Task What_the_program_does_not_read_is_left_for_the_script(string mode, int size)
    {
        var directory = small.NewDirectory();
        var content = new byte[size];
        new Random(size).NextBytes(content);
        await File.WriteAllBytesAsync(Path.Combine(directory, "f"), content, Cancellation);

        (
            await small.ScriptAsync($"{{ ty {mode} dd bs=1 count=1 status=none > first; cat > rest; }} < f", directory, Cancellation)
        ).Succeeded();

        Assert.Equal(content[..1], await File.ReadAllBytesAsync(Path.Combine(directory, "first"), Cancellation));
        Assert.Equal(Hash(content[1..]), Hash(await File.ReadAllBytesAsync(Path.Combine(directory, "rest"), Cancellation)));
    }

    [Theory]
    [InlineData(Direct)]
    [InlineData(Monitored)]
    [InlineData("exec $KEPT")]
    public async Task A_reader_that_goes_away_ends_the_program(string mode)
    {
        var run = await small.ScriptAsync(
            $"timeout 30 '{Program.TestStore.Program}' {mode} yes | head -n 1",
            small.NewDirectory(),
            Cancellation
        );

        Assert.Equal("y\n", run.Succeeded().Output);
        // Nothing of it runs on.
        var left = await small.ScriptAsync("ty exec $KEPT sh -c 'cat /proc/[0-9]*/comm'; ty ps", small.NewDirectory(), Cancellation);
        Assert.DoesNotContain("yes\n", left.Output, StringComparison.Ordinal);
        Assert.Single(left.Output.Split('\n'), line => line.Contains("small", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Output_that_finds_no_room_is_an_error_and_not_silence()
    {
        var run = await small.ScriptAsync("ty exec $KEPT echo lost > /dev/full", small.NewDirectory(), Cancellation);

        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains("TY4086", run.Error, StringComparison.Ordinal);
    }

    private static string Hash(byte[] content) => Convert.ToHexString(SHA256.HashData(content)) + " " + content.Length;
}
