using System.Collections;
using Torchyard.Supervisor.Control;
using Torchyard.Supervisor.Events;
using Torchyard.Supervisor.Native;
using Torchyard.Supervisor.Preparation;
using Torchyard.Supervisor.Services;
using Torchyard.Supervisor.Supervision;

const string Usage = """
    usage: supervisor [COMMAND [ARGUMENT...]]   start services, or only the command, as the first process of a container
           supervisor --status                  what runs, as a line of JSON
           supervisor --healthcheck             exit code 0 when every service is ready
           supervisor --ask JSON                any request of the control socket
           supervisor -- COMMAND...             a command whose name begins with '-'

    """;

var environment = new Dictionary<string, string>(StringComparer.Ordinal);
foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
{
    environment[(string)variable.Key] = (string?)variable.Value ?? "";
}

try
{
    switch (args)
    {
        case ["--help"]:
            Journal.Print(System.Text.Encoding.UTF8.GetBytes(Usage));
            return 0;
        case ["--status"]:
            return Ask("""{"op":"status"}""", print: true) is null ? 1 : 0;
        case ["--ask", var request]:
            return
                Ask(request.ReplaceLineEndings(" "), print: true) is { } reply && reply.StartsWith("{\"ok\":true", StringComparison.Ordinal)
                ? 0
                : 1;
        case ["--healthcheck"]:
            return Ask("""{"op":"status"}""", print: false)?.Contains("\"ready\":true", StringComparison.Ordinal) == true ? 0 : 1;
        case ["--", ..]:
            return Start(args[1..]);
        case [var option, ..] when option.StartsWith('-'):
            Journal.Say($"unknown option {option}\n{Usage}");
            return 2;
        default:
            return Start(args);
    }
}
catch (Exception e) when (e is PosixException or UsageException or ServicesFileException)
{
    Journal.Say(e.Message);
    return e is PosixException ? 1 : 2;
}

int Start(string[] command)
{
    Signals.EnsureBlocked(args);
    var all = ServicesFile.Read(environment.GetValueOrDefault("TORCHYARD_SERVICES_FILE") ?? "/etc/torchyard/services.json");
    var services = ServiceSelection.Choose(all, environment, command.Length > 0);
    if (Libc.UserId() == 0)
    {
        FirstStart.Run(FirstStart.Path, environment);
    }

    using var supervisor = new Supervisor(TimeProvider.System, environment, services, command);
    return supervisor.Run();
}

string? Ask(string request, bool print)
{
    string?[] directories = [environment.GetValueOrDefault("TORCHYARD_RUN_DIR"), "/run/torchyard", $"/tmp/torchyard-{Libc.UserId()}"];
    foreach (var directory in directories)
    {
        if (directory is not null && ControlClient.Ask(directory + "/supervisor.sock", request, print) is { } reply)
        {
            return reply;
        }
    }

    Journal.Say("no supervisor answers: the container runs only a command, or its socket is elsewhere (TORCHYARD_RUN_DIR)");
    return null;
}
