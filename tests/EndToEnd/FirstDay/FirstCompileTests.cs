using Torchyard.EndToEnd.Terminals;

namespace Torchyard.EndToEnd.FirstDay;

/// <summary>
/// The first <c>./torchyard</c> of a clone at a terminal, with a .NET SDK that is a script: minutes in which something has to be seen.
/// </summary>
public sealed class FirstCompileTests : IDisposable
{
    private const string ControlC = "\u0003";

    private readonly TemporaryDirectory _clone = new();

    public FirstCompileTests()
    {
        foreach (var name in new[] { "src/One.cs", "eng/x", "global.json", "Directory.Build.props" })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(_clone.Path, name))!);
            File.WriteAllText(Path.Combine(_clone.Path, name), "");
        }

        File.Copy(SourceTree.At("torchyard"), Path.Combine(_clone.Path, "torchyard"));
        Script(
            "bin/dotnet",
            """
            #!/bin/sh
            case $1 in
            --version) echo 10.0.100 ;;
            publish)
                while [ "$1" != -o ]; do shift; done
                while [ ! -e go ]; do sleep 0.1; done
                echo '  Torchyard.Platform -> here'
                mkdir -p "$2"
                printf '#!/bin/sh\necho the program\n' >"$2/torchyard"
                chmod 755 "$2/torchyard" ;;
            esac
            """
        );
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _clone.Dispose();

    [Fact]
    public async Task It_says_how_long_it_takes_and_that_it_goes_on()
    {
        using var terminal = Start();
        await terminal.ShowsAsync("three to ten minutes", Cancellation);
        await terminal.ShowsAsync(", 1 s", Cancellation);
        await terminal.ShowsAsync(", 2 s", Cancellation);

        await File.WriteAllTextAsync(Path.Combine(_clone.Path, "go"), "", Cancellation);

        await terminal.ShowsAsync("the program", Cancellation);
        Assert.Equal(0, await terminal.EndAsync(Cancellation));
    }

    [Fact]
    public async Task Control_c_says_that_it_stopped_and_the_next_one_builds()
    {
        using (var terminal = Start())
        {
            await terminal.ShowsAsync(", 1 s", Cancellation);
            terminal.Type(ControlC);
            await terminal.ShowsAsync("stopped; nothing was built", Cancellation);
            Assert.Equal(130, await terminal.EndAsync(Cancellation));
        }

        await File.WriteAllTextAsync(Path.Combine(_clone.Path, "go"), "", Cancellation);
        using var again = Start();
        await again.ShowsAsync("the program", Cancellation);
        Assert.Equal(0, await again.EndAsync(Cancellation));
    }

    private PseudoTerminal Start() =>
        PseudoTerminal.StartProgram(
            _clone.Path,
            24,
            80,
            new Dictionary<string, string>
            {
                ["PATH"] = $"{_clone.Path}/bin:{System.Environment.GetEnvironmentVariable("PATH")}",
                ["HOME"] = _clone.Path,
            },
            "./torchyard"
        );

    private void Script(string name, string text)
    {
        var file = Path.Combine(_clone.Path, name);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
        File.SetUnixFileMode(file, (UnixFileMode)0b111_101_101);
    }
}
