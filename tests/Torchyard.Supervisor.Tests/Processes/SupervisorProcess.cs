using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Torchyard.Supervisor.Tests.Processes;

/// <summary>A supervisor that runs, with its own directories, and a client of its control socket.</summary>
internal sealed class SupervisorProcess : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly StringBuilder _errors = new();
    private Process? _process;

    public SupervisorProcess()
    {
        foreach (var name in (string[])["run", "state", "log"])
        {
            Directory.CreateDirectory(Path(name));
        }

        Environment["TORCHYARD_RUN_DIR"] = Path("run");
        Environment["TORCHYARD_STATE_DIR"] = Path("state");
        Environment["TORCHYARD_LOG_DIR"] = Path("log");
        Environment["TORCHYARD_SERVICES_FILE"] = Path("services.json");
    }

    /// <summary>The program: the published one where a variable names it, else the one beside the tests.</summary>
    public static string Program { get; } =
        System.Environment.GetEnvironmentVariable("TORCHYARD_SUPERVISOR")
        ?? System.IO.Path.Combine(AppContext.BaseDirectory, "torchyard-supervisor");

    public Dictionary<string, string> Environment { get; } = [];

    /// <summary>Programs before the supervisor's, such as unshare and its options.</summary>
    public string[] Prefix { get; set; } = [];

    public string Errors
    {
        get
        {
            lock (_errors)
            {
                return _errors.ToString();
            }
        }
    }

    public int Id => _process!.Id;

    public string Path(string name) => System.IO.Path.Combine(_directory.Path, name);

    public void Services(string services) =>
        File.WriteAllText(Path("services.json"), $$"""{ "version": 1, "services": [ {{services}} ] }""");

    public SupervisorProcess Start(params string[] command)
    {
        string[] line = [.. Prefix, Program, .. command];
        var start = new ProcessStartInfo(line[0], line[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in Environment)
        {
            start.Environment[name] = value;
        }

        _process = Process.Start(start)!;
        _process.ErrorDataReceived += (_, line) =>
        {
            lock (_errors)
            {
                _errors.AppendLine(line.Data);
            }
        };
        _process.BeginErrorReadLine();
        return this;
    }

    /// <summary>Waits for its end and gives exit code and standard output.</summary>
    public async Task<(int Code, string Output)> EndAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        try
        {
            var output = await _process!.StandardOutput.ReadToEndAsync(limit.Token);
            await _process.WaitForExitAsync(limit.Token);
            return (_process.ExitCode, output);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"the supervisor did not end; it said:\n{Errors}");
        }
    }

    public void Signal(string signal) =>
        Process.Start("kill", ["-s", signal, Id.ToString(System.Globalization.CultureInfo.InvariantCulture)])!.WaitForExit();

    /// <summary>Sends one line to the control socket and gives the first line that comes back.</summary>
    public async Task<JsonElement> AskAsync(string request)
    {
        using var socket = await ConnectAsync();
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(Encoding.UTF8.GetBytes(request + "\n"), TestContext.Current.CancellationToken);
        using var reader = new StreamReader(stream);
        return JsonDocument.Parse(await reader.ReadLineAsync(TestContext.Current.CancellationToken) ?? "{}").RootElement;
    }

    public async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path("run/supervisor.sock")), TestContext.Current.CancellationToken);
        return socket;
    }

    /// <summary>The status of a service as soon as it has the wanted state.</summary>
    public Task<JsonElement> ServiceAsync(string name, string state) => UntilAsync($"{name} is {state}", async () =>
        {
            var status = await AskAsync("""{"op":"status"}""");
            var service = status
                .GetProperty("services")
                .EnumerateArray()
                .Single(service => service.GetProperty("name").GetString() == name);
            return service.GetProperty("state").GetString() == state ? service : null;
        });

    /// <summary>Asks again until there is an answer: processes have no event to wait for.</summary>
    public async Task<JsonElement> UntilAsync(string what, Func<Task<JsonElement?>> ask)
    {
        var began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(60))
        {
            try
            {
                if (await ask() is { } answer)
                {
                    return answer;
                }
            }
            catch (Exception e) when (e is SocketException or IOException or JsonException)
            {
                // Not listening yet.
            }

            if (_process!.HasExited)
            {
                break;
            }

            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        throw new TimeoutException($"never came true: {what}; the supervisor said:\n{Errors}");
    }

    public Task<string> FileAsync(string name, Func<string, bool> isWanted) => WaitForFileAsync(Path(name), isWanted);

    public void Dispose()
    {
        if (_process is { HasExited: false })
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
        }

        _process?.Dispose();
        _directory.Dispose();
    }

    private async Task<string> WaitForFileAsync(string path, Func<string, bool> isWanted)
    {
        var text = "";
        await UntilAsync($"content of {path}: {text}", async () =>
        {
            text = File.Exists(path) ? await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken) : "";
            return isWanted(text) ? default(JsonElement) : null;
        });
        return text;
    }
}
