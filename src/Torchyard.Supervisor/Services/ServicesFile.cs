using System.Text.Json;
using Torchyard.Supervisor.Native;

namespace Torchyard.Supervisor.Services;

/// <summary>The list of services is not usable; the message names the place.</summary>
internal sealed class ServicesFileException(string message) : Exception(message);

/// <summary>Reads <c>services.json</c>. A member that is not known is an error: a setting that does nothing would be worse.</summary>
internal static class ServicesFile
{
    public const int Version = 1;
    private const int LargestFile = 1 << 20;

    /// <summary>Reads the file; none is an image without services.</summary>
    public static IReadOnlyList<ServiceDefinition> Read(string path)
    {
        try
        {
            return Parse(PosixFile.Read(path, LargestFile), path);
        }
        catch (PosixException e) when (e.Error == Libc.ErrorNoEntry)
        {
            return [];
        }
    }

    public static IReadOnlyList<ServiceDefinition> Parse(ReadOnlyMemory<byte> json, string path)
    {
        using var document = ParseJson(json, path);
        var services = new List<ServiceDefinition>();
        var root = new JsonMembers(document.RootElement, path, "");
        if (root.Integer("version", 0, int.MaxValue, 0) != Version)
        {
            throw new ServicesFileException($"{path}: \"version\" must be {Version}");
        }

        foreach (var element in root.Array("services"))
        {
            services.Add(Service(element, path, $"services[{services.Count}]"));
        }

        root.RequireNoOthers();
        CheckNames(services, path);
        return services;
    }

    /// <summary>Parses JSON, with comments; the message of a failure names the place.</summary>
    public static JsonDocument ParseJson(ReadOnlyMemory<byte> json, string path)
    {
        JsonDocument? document = null;
        try
        {
            document = JsonDocument.Parse(
                json,
                new JsonDocumentOptions
                {
                    MaxDepth = 16,
                    CommentHandling = JsonCommentHandling.Skip,
                    AllowTrailingCommas = true,
                }
            );
            Decode(document.RootElement);
            return document;
        }
        catch (InvalidOperationException)
        {
            document?.Dispose();
            throw new ServicesFileException($"{path}: a string is not valid Unicode");
        }
        catch (JsonException e)
        {
            throw new ServicesFileException($"{path}:{e.LineNumber + 1}:{e.BytePositionInLine + 1}: not valid JSON");
        }
    }

    // Strings are decoded when they are read: wrong UTF-8 and half a surrogate pair would be seen only then.
    private static void Decode(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                element.GetString();
                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                {
                    Decode(item);
                }

                break;
            case JsonValueKind.Object:
                foreach (var member in element.EnumerateObject())
                {
                    _ = member.Name;
                    Decode(member.Value);
                }

                break;
        }
    }

    private static ServiceDefinition Service(JsonElement element, string path, string place)
    {
        var service = new JsonMembers(element, path, place);
        var definition = new ServiceDefinition
        {
            Name = service.Text("name", null),
            Kind = service.Choice("kind", ("command", ServiceKind.Command), ("jupyter", ServiceKind.Jupyter), ("ssh", ServiceKind.Ssh)),
            Command = service.Strings("command"),
            Programs = service.Strings("programs"),
            Environment = service.Map("environment"),
            Directory = service.OptionalText("directory"),
            Listen = service.Text("listen", "127.0.0.1"),
            Port = service.OptionalInteger("port", 0, 65535),
            Configuration = service.OptionalText("configuration"),
            After = service.Strings("after"),
        };
        if (service.Object("ready") is { } ready)
        {
            definition = definition with
            {
                Ready = new ProbeDefinition
                {
                    Kind = ready.Choice(
                        "kind",
                        ("none", ProbeKind.None),
                        ("tcp", ProbeKind.Tcp),
                        ("http", ProbeKind.Http),
                        ("unix", ProbeKind.Unix),
                        ("file", ProbeKind.File)
                    ),
                    Path = ready.Text("path", "/"),
                    ReadyTimeout = ready.Seconds("timeoutSeconds", 60),
                    Interval = ready.Seconds("intervalSeconds", 10),
                    Failures = ready.Integer("failures", 1, 1000, 3),
                },
            };
            ready.RequireNoOthers();
        }

        if (service.Object("restart") is { } restart)
        {
            definition = definition with
            {
                Restart = restart.Choice(
                    "policy",
                    ("always", RestartPolicy.Always),
                    ("on-failure", RestartPolicy.OnFailure),
                    ("never", RestartPolicy.Never)
                ),
                FirstDelay = restart.Seconds("firstDelaySeconds", 1),
                LongestDelay = restart.Seconds("longestDelaySeconds", 60),
                MaximumRestarts = restart.Integer("maximum", 0, int.MaxValue, 0),
            };
            restart.RequireNoOthers();
        }

        if (service.Object("stop") is { } stop)
        {
            var name = stop.Text("signal", "SIGTERM");
            if (!Signals.TryParse(name, out var signal))
            {
                throw new ServicesFileException($"{path}: {place}.stop.signal: '{name}' is not a signal");
            }

            definition = definition with { StopSignal = signal, StopTimeout = stop.Seconds("timeoutSeconds", 10) };
            stop.RequireNoOthers();
        }

        if (service.Object("log") is { } log)
        {
            definition = definition with
            {
                LogBytes = log.Integer("maximumBytes", 1024, int.MaxValue, 10 << 20),
                LogFiles = log.Integer("files", 0, 100, 3),
            };
            log.RequireNoOthers();
        }

        service.RequireNoOthers();
        if (definition.Command.Count == 0)
        {
            throw new ServicesFileException($"{path}: {place}.command is missing or empty");
        }

        return definition;
    }

    private static void CheckNames(List<ServiceDefinition> services, string path)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var service in services)
        {
            // The name becomes part of a file name.
            if (service.Name.Length is 0 or > 64 || !service.Name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
            {
                throw new ServicesFileException(
                    $"{path}: '{service.Name}' is not a service name (letters, digits, '-' and '_', at most 64)"
                );
            }

            // "After" may only name earlier services, so that there are no circles.
            if (service.After.FirstOrDefault(other => !names.Contains(other)) is { } unknown)
            {
                throw new ServicesFileException(
                    $"{path}: service '{service.Name}' starts after '{unknown}', which is not listed before it"
                );
            }

            if (!names.Add(service.Name))
            {
                throw new ServicesFileException($"{path}: two services are called '{service.Name}'");
            }
        }
    }
}
