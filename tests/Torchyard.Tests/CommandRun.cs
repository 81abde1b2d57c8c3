using Torchyard.CommandLine;
using Torchyard.Entry;
using Torchyard.Flows.Hosts;
using Torchyard.Terminal;

namespace Torchyard.Tests;

/// <summary>Runs the program in process, in a directory of its own, and keeps what it printed.</summary>
internal sealed class CommandRun : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly Dictionary<string, string> _variables = new(StringComparer.Ordinal);

    public CommandRun()
    {
        _variables["TORCHYARD_STORE"] = Path.Combine(Directory, "store");
        // No test depends on what an index has today.
        _variables["TORCHYARD_TORCH_INDEX"] = "off";
        // Below, as no project is a home directory.
        _variables["HOME"] = System.IO.Directory.CreateDirectory(PathOf("home")).FullName;
    }

    /// <summary>Working directory of the command; removed at the end.</summary>
    public string Directory => _directory.Path;

    public string Output { get; private set; } = "";

    public string Error { get; private set; } = "";

    /// <summary>What a person at a terminal types; null for none there.</summary>
    public string? Answers { get; set; }

    /// <summary>What was typed was not shown.</summary>
    public bool HidInput { get; private set; }

    /// <summary>What is piped in.</summary>
    public string Piped { get; set; } = "";

    /// <summary>Columns of the terminal that output goes to; null for none.</summary>
    public int? Columns { get; set; }

    public void Set(string variable, string value) => _variables[variable] = value;

    public string PathOf(string name) => Path.Combine(Directory, name);

    public string Write(string name, string text)
    {
        File.WriteAllText(PathOf(name), text);
        return PathOf(name);
    }

    public async Task<int> RunAsync(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        using var interruption = new Interruption();
        var caller = new Caller
        {
            Variable = _variables.GetValueOrDefault,
            Place = WorkingPlace.At(Directory),
            UserId = 1000,
            Clock = TimeProvider.System,
        };
        var status = await new Application(caller, Streams(output, error), interruption).RunAsync(arguments);
        Output = output.ToString();
        Error = error.ToString();
        return status;
    }

    private ScreenStreams Streams(StringWriter output, StringWriter error) =>
        new()
        {
            Output = output,
            Error = error,
            Input = Answers is null ? null : new StringReader(Answers),
            HideInput = () =>
            {
                HidInput = true;
                return null;
            },
            Piped = () => new MemoryStream(System.Text.Encoding.UTF8.GetBytes(Piped)),
            OutputIsTerminal = Columns is not null,
            Unicode = Columns is not null,
            Width = () => Columns ?? 80,
        };

    public void Dispose() => _directory.Dispose();
}
