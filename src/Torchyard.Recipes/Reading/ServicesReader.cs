using System.Text.RegularExpressions;
using Torchyard.Platform.Files;
using Torchyard.Platform.Text;
using Torchyard.Platform.Toml;
using Torchyard.Recipes.Settings;

namespace Torchyard.Recipes.Reading;

/// <summary>Reads <c>[services]</c>: those that Torchyard knows by name, and the user's own.</summary>
internal static partial class ServicesReader
{
    private const string Jupyter = "jupyter";
    private const string Ssh = "ssh";
    private static readonly string[] Names = [Jupyter, Ssh, TensorBoardSettings.Name];

    private const string Shell = "/bin/sh";

    public static ServiceSettings Read(TomlTableReader table)
    {
        var result = new ServiceSettings
        {
            Jupyter = Known(table, Jupyter, () => new JupyterSettings(), ReadJupyter),
            Ssh = Known(table, Ssh, () => new SshSettings(), ReadSsh),
            TensorBoard = Known(table, TensorBoardSettings.Name, () => new TensorBoardSettings(), ReadTensorBoard),
        };
        result = result with { Own = [.. table.OtherTables().Select(own => ReadOwn(table, own.Key, own.Value))] };
        table.Finish();
        var seen = new Dictionary<int, string>();
        foreach (var service in result.Ports.Where(service => service.Port is > 0))
        {
            if (!seen.TryAdd(service.Port!.Value, service.Name))
            {
                throw table.Wrong(
                    service.Name,
                    $"{Shown(seen[service.Port.Value])} and {Shown(service.Name)} both have port {service.Port}",
                    "give one of them another port, or 0 for a free one",
                    "TY1007"
                );
            }
        }

        return result;
    }

    /// <summary>The service of a table, or of <c>true</c>, which is an empty table.</summary>
    private static T? Known<T>(TomlTableReader table, string name, Func<T> usual, Func<TomlTableReader, T> read)
        where T : class =>
        table.IsFlag(name)
            ? table.Flag(name) == true
                ? usual()
                : null
            : table.Table(name) is { } settings
                ? read(settings)
                : null;

    private static JupyterSettings ReadJupyter(TomlTableReader table)
    {
        var defaults = new JupyterSettings();
        var result = new JupyterSettings(RecipeChecks.Port(table) ?? defaults.Port, Listen(table) ?? defaults.Listen);
        table.Finish();
        return result;
    }

    private static SshSettings ReadSsh(TomlTableReader table)
    {
        var defaults = new SshSettings();
        var result = new SshSettings(RecipeChecks.Port(table) ?? defaults.Port, Listen(table) ?? defaults.Listen);
        table.Finish();
        return result;
    }

    private static TensorBoardSettings ReadTensorBoard(TomlTableReader table)
    {
        var defaults = new TensorBoardSettings();
        var result = new TensorBoardSettings(
            RecipeChecks.Port(table) ?? defaults.Port,
            Listen(table) ?? defaults.Listen,
            Directory(table, "logdir") ?? defaults.Logdir
        );
        table.Finish();
        return result;
    }

    private static OwnService ReadOwn(TomlTableReader services, string name, TomlTableReader table)
    {
        if (!table.Has("command") && NearestName.Find(name, Names) is { } meant)
        {
            throw services.Wrong(
                name,
                $"[services.{name}] has no command, and is not a service that Torchyard knows",
                $"write '{meant}'",
                "TY1002"
            );
        }

        if (!ServiceName.IsValid(name))
        {
            throw services.Wrong(
                name,
                $"'{name}' cannot be the name of a service",
                "use at most 32 lower-case letters, digits and '-', beginning with a letter, such as [services.api]"
            );
        }

        var port = RecipeChecks.Port(table);
        var (ready, path) = Ready(table, port);
        var result = new OwnService
        {
            Name = name,
            Command = Command(table),
            Port = port,
            Listen = Listen(table) ?? new OwnService { Name = "", Command = [] }.Listen,
            Directory = Path.GetFullPath(Directory(table, "directory") ?? EnvironmentPlaces.Workspace, EnvironmentPlaces.Workspace),
            Environment = RecipeChecks.Environment(table, table.TextMap("environment") ?? new Dictionary<string, string>()),
            Ready = ready,
            ReadyPath = path,
            Restart = table.Text("restart") switch
            {
                null or "always" => ServiceRestart.Always,
                "on-failure" => ServiceRestart.OnFailure,
                "never" => ServiceRestart.Never,
                var other => throw table.Wrong(
                    "restart",
                    $"there is no restart '{other}'",
                    "write \"always\", \"on-failure\" or \"never\""
                ),
            },
        };
        table.Finish();
        return result;
    }

    private static IReadOnlyList<string> Command(TomlTableReader table)
    {
        var command = table.IsText("command") ? [Shell, "-c", table.Text("command")!] : table.Texts("command") ?? [];
        return command.Count > 0 && command.All(word => word.Trim().Length > 0)
            ? command.Any(word => word.Contains('\0', StringComparison.Ordinal))
                ? throw table.Wrong("command", "the command has a zero byte in it", "take it out")
                : command
            : throw table.Wrong(
                "command",
                "the service has no command",
                "write command = \"python3 serve.py --port ${port}\", or a list: [\"python3\", \"serve.py\"]",
                table.Has("command") ? "TY1005" : "TY1006"
            );
    }

    private static (ServiceReady Ready, string Path) Ready(TomlTableReader table, int? port)
    {
        var text = table.Text("ready");
        var (ready, path) = text switch
        {
            null => (port is null ? ServiceReady.Running : ServiceReady.Tcp, "/"),
            "none" => (ServiceReady.Running, "/"),
            "tcp" => (ServiceReady.Tcp, "/"),
            "http" => (ServiceReady.Http, "/"),
            _ when HttpPattern().Match(text) is { Success: true } match => (ServiceReady.Http, match.Groups[1].Value),
            _ => throw table.Wrong(
                "ready",
                $"'{text}' does not say when a service is ready",
                "write \"tcp\" (its port accepts), \"http\" or \"http:/path\" (it answers), or \"none\" (it runs)"
            ),
        };
        return ready != ServiceReady.Running && port is null
            ? throw table.Wrong("ready", $"ready = \"{text}\" asks a port, and the service has none", "add port = 8000, or another")
            : (ready, path);
    }

    private static string? Listen(TomlTableReader table) => table.Text("listen") is { } text ? RecipeChecks.Listen(table, text) : null;

    private static string? Directory(TomlTableReader table, string key) =>
        table.Text(key) is not { } text ? null
        : text.Length > 0 && !text.Contains('\0', StringComparison.Ordinal) && text[0] is not ('~' or '$') ? text
        : throw table.Wrong(key, $"'{text}' is not a directory of the environment", "write it from /workspace on, or absolute");

    private static string Shown(string name) =>
        name switch
        {
            Jupyter => "Jupyter",
            Ssh => "SSH",
            _ => name,
        };

    [GeneratedRegex(@"\Ahttp:(/[\x21-\x7E]*)\z", RegexOptions.CultureInvariant)]
    private static partial Regex HttpPattern();
}
