using System.Buffers;
using System.Text.Json;
using Torchyard.Supervisor.Services;

namespace Torchyard.Supervisor.Control;

/// <summary>Writes reply lines of the control socket.</summary>
internal static class ControlReply
{
    public static byte[] Done() => Line(json => json.WriteBoolean("ok", true));

    public static byte[] End() => Line(json => json.WriteBoolean("end", true));

    public static byte[] Refused(string error) =>
        Line(json =>
        {
            json.WriteBoolean("ok", false);
            json.WriteString("error", error);
        });

    /// <summary>A line of a log. Bytes that are not UTF-8 are shown as U+FFFD.</summary>
    public static byte[] LogLine(ReadOnlySpan<byte> line)
    {
        var text = System.Text.Encoding.UTF8.GetString(line);
        return Line(json => json.WriteString("line", text));
    }

    public static byte[] Status(SupervisorStatus status) =>
        Line(json =>
        {
            json.WriteBoolean("ok", true);
            json.WriteNumber("protocol", 1);
            json.WriteString("state", status.IsStopping ? "stopping" : "running");
            json.WriteBoolean("ready", status.Services.All(service => service.IsReady || service.State == ServiceState.Stopped));
            json.WriteNumber("uptimeSeconds", Math.Round(status.Now.TotalSeconds, 1));
            if (status.MainProcess != 0)
            {
                json.WriteStartObject("command");
                json.WriteNumber("pid", status.MainProcess);
                json.WriteEndObject();
            }

            json.WriteStartArray("services");
            foreach (var service in status.Services)
            {
                WriteService(json, service, status);
            }

            json.WriteEndArray();
            json.WriteStartArray("warnings");
            foreach (var warning in status.Warnings)
            {
                json.WriteStringValue(warning);
            }

            json.WriteEndArray();
        });

    private static void WriteService(Utf8JsonWriter json, Service service, SupervisorStatus status)
    {
        json.WriteStartObject();
        json.WriteString("name", service.Name);
        json.WriteString("state", StateName(service.State));
        json.WriteNumber("restarts", service.Restarts);
        if (service.Process != 0)
        {
            json.WriteNumber("pid", service.Process);
            json.WriteNumber("uptimeSeconds", Math.Round((status.Now - service.StartedAt).TotalSeconds, 1));
        }

        if (service.Port is { } port)
        {
            json.WriteString("listen", service.Listen);
            json.WriteNumber("port", port);
            json.WriteBoolean("tls", service.HasTls);
        }

        if (service.LastExit is { } exit)
        {
            json.WriteString("lastExit", exit.ToString());
        }

        if (service.Message is { } message)
        {
            json.WriteString("message", message);
        }

        if (status.LogPath(service) is { } log)
        {
            json.WriteString("log", log);
        }

        json.WriteEndObject();
    }

    private static string StateName(ServiceState state) =>
        state switch
        {
            ServiceState.Stopped => "stopped",
            ServiceState.Waiting => "waiting",
            ServiceState.Starting => "starting",
            ServiceState.Ready => "ready",
            ServiceState.Unhealthy => "unhealthy",
            ServiceState.BackOff => "back-off",
            ServiceState.Stopping => "stopping",
            _ => "failed",
        };

    private static byte[] Line(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        buffer.Write("\n"u8);
        return buffer.WrittenSpan.ToArray();
    }
}

/// <summary>What the status reply shows.</summary>
internal sealed record SupervisorStatus
{
    public required TimeSpan Now { get; init; }
    public required bool IsStopping { get; init; }
    public required int MainProcess { get; init; }
    public required IReadOnlyList<Service> Services { get; init; }
    public required IReadOnlyList<string> Warnings { get; init; }
    public required Func<Service, string?> LogPath { get; init; }
}
