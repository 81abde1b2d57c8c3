using Torchyard.CommandLine;
using Torchyard.Terminal;

namespace Torchyard.Tests;

/// <summary>Runs the program in process, in a directory of its own, and keeps what it printed.</summary>
internal sealed class CommandRun : IDisposable
{
    private readonly Dictionary<string, string> _variables = new(StringComparer.Ordinal);

    public CommandRun()
    {
        Directory = System.IO.Directory.CreateTempSubdirectory("torchyard-test-").FullName;
        _variables["TORCHYARD_STORE"] = Path.Combine(Directory, "store");
        _variables["HOME"] = Directory;
    }

    /// <summary>Working directory of the command; removed at the end.</summary>
    public string Directory { get; }

    public string Output { get; private set; } = "";

    public string Error { get; private set; } = "";

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
            WorkingDirectory = Directory,
            UserId = 1000,
            Clock = TimeProvider.System,
        };
        var status = await new Application(caller, new ScreenStreams { Output = output, Error = error }, interruption).RunAsync(arguments);
        Output = output.ToString();
        Error = error.ToString();
        return status;
    }

    public void Dispose() => System.IO.Directory.Delete(Directory, recursive: true);
}
