using Torchyard.Platform.Processes;

namespace Torchyard.Tests.Launcher;

/// <summary>
/// The script <c>./torchyard</c> of a clone, with a .NET SDK that is a script of the test: never an older program in place of the sources.
/// </summary>
public sealed class LauncherTests : IDisposable
{
    private readonly TemporaryDirectory _clone = new();

    public LauncherTests()
    {
        foreach (var name in new[] { "src/One.cs", "eng/x", "global.json", "Directory.Build.props" })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(_clone.Path, name))!);
            File.WriteAllText(Path.Combine(_clone.Path, name), "");
        }

        File.Copy(SourceTree.At("torchyard"), Path.Combine(_clone.Path, "torchyard"));
        Write(
            "bin/dotnet",
            """
            #!/bin/sh
            case $1 in
            --version) echo 10.0.100 ;;
            publish)
                while [ "$1" != -o ]; do shift; done
                [ ! -e "$CLONE/broken" ] || { echo 'error CS1002'; exit 1; }
                [ ! -e "$CLONE/hangs" ] || kill -KILL $(ps -o ppid= -p $PPID) $PPID $$
                mkdir -p "$2"
                { echo '#!/bin/sh'; echo "echo program of $(cat "$CLONE/src/One.cs")"; } >"$2/torchyard"
                chmod 755 "$2/torchyard" ;;
            esac
            """
        );
    }

    public void Dispose() => _clone.Dispose();

    [Fact]
    public async Task It_builds_on_first_use_and_after_a_change_and_not_again()
    {
        Source("one");
        Assert.Contains("building", (await RunAsync()).Error, StringComparison.Ordinal);
        Assert.Equal((0, "program of one\n", ""), await RunAsync());

        Source("two");
        Assert.Equal("program of two\n", (await RunAsync()).Output);
        Assert.Equal((0, "program of two\n", ""), await RunAsync());

        File.WriteAllText(Path.Combine(_clone.Path, "src/More.cs"), "");
        Assert.Contains("building", (await RunAsync()).Error, StringComparison.Ordinal);
        File.Delete(Path.Combine(_clone.Path, "src/More.cs"));
        Assert.Contains("building", (await RunAsync()).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("broken")]
    [InlineData("hangs")]
    public async Task After_a_build_that_failed_or_was_killed_the_older_program_is_never_run(string how)
    {
        Source("one");
        await RunAsync();
        Source("two");
        File.WriteAllText(Path.Combine(_clone.Path, how), "");
        for (var again = 0; again < 2; again++)
        {
            var (code, output, _) = await RunAsync();
            Assert.NotEqual(0, code);
            Assert.Equal("", output);
        }

        File.Delete(Path.Combine(_clone.Path, how));
        Assert.Equal("program of two\n", (await RunAsync()).Output);
    }

    private void Source(string text) => File.WriteAllText(Path.Combine(_clone.Path, "src/One.cs"), text);

    private void Write(string name, string text)
    {
        var path = Path.Combine(_clone.Path, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text.ReplaceLineEndings("\n"));
        File.SetUnixFileMode(path, (UnixFileMode)0x1ED);
    }

    private async Task<(int Code, string Output, string Error)> RunAsync()
    {
        var result = await HostCommand.RunAsync(
            HostProgram.Require("sh"),
            [Path.Combine(_clone.Path, "torchyard")],
            changes: new Dictionary<string, string?>
            {
                ["PATH"] = Path.Combine(_clone.Path, "bin") + ":/usr/bin:/bin",
                ["CLONE"] = _clone.Path,
                ["DOTNET_ROOT"] = null,
            },
            cancellation: TestContext.Current.CancellationToken
        );
        return (result.ExitCode, result.Output, result.Error);
    }
}
