using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization;
using Torchyard.Platform.Files;

namespace Torchyard.Containers.Sessions;

/// <summary>
/// What a container's supervisor says about itself (docs/supervisor.md, "Control socket"). Untrusted: the container writes it.
/// </summary>
/// <remarks>The generated reader sets what a document lacks to null, whatever the initialisers say: hence <c>field ??</c>.</remarks>
public sealed record SupervisorStatus
{
    /// <summary><c>running</c> or <c>stopping</c>.</summary>
    public string State
    {
        get => field ?? "";
        init;
    } = "";

    /// <summary>True when every service is ready.</summary>
    public bool Ready { get; init; }

    /// <summary>Seconds since it started.</summary>
    public double UptimeSeconds { get; init; }

    /// <summary>The services.</summary>
    public IReadOnlyList<ServiceStatus> Services
    {
        get => field ?? [];
        init;
    } = [];

    /// <summary>Warnings for the user.</summary>
    public IReadOnlyList<string> Warnings
    {
        get => field ?? [];
        init;
    } = [];
}

/// <summary>One service of a supervisor.</summary>
public sealed record ServiceStatus
{
    /// <summary>Name, e.g. <c>jupyter</c>.</summary>
    public string Name
    {
        get => field ?? "";
        init;
    } = "";

    /// <summary>
    /// <c>stopped</c>, <c>waiting</c>, <c>starting</c>, <c>ready</c>, <c>unhealthy</c>, <c>back-off</c>, <c>stopping</c> or <c>failed</c>.
    /// </summary>
    public string State
    {
        get => field ?? "";
        init;
    } = "";

    /// <summary>How often it was started again.</summary>
    public int Restarts { get; init; }

    /// <summary>Process id inside.</summary>
    public int? Pid { get; init; }

    /// <summary>Address it listens on.</summary>
    public string? Listen { get; init; }

    /// <summary>Port it listens on.</summary>
    public int? Port { get; init; }

    /// <summary>It speaks TLS.</summary>
    public bool Tls { get; init; }

    /// <summary>How it ended last.</summary>
    public string? LastExit { get; init; }

    /// <summary>What is wrong.</summary>
    public string? Message { get; init; }

    /// <summary>Its log, as a path inside.</summary>
    public string? Log { get; init; }
}

/// <summary>Talks to a container's supervisor over the socket in its run directory.</summary>
public static class SupervisorClient
{
    private const int MaximumReply = 1 << 20;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>Asks for the status.</summary>
    /// <param name="runDirectory">The host's view of /run/torchyard.</param>
    /// <param name="cancellation">Ends the question.</param>
    /// <returns>The status; null when no supervisor answers within two seconds.</returns>
    public static async Task<SupervisorStatus?> StatusAsync(UntrustedDirectory runDirectory, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(runDirectory);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(Patience);
        try
        {
            // A link made inside could lead to another program's socket of the caller's.
            using var directory = runDirectory.TryOpen();
            using var socket = directory is null ? null : await directory.ConnectAsync("supervisor.sock", patience.Token);
            if (socket is null)
            {
                return null;
            }

            await socket.SendAsync("{\"op\":\"status\"}\n"u8.ToArray(), SocketFlags.None, patience.Token);
            return Parse(await ReadLineAsync(socket, patience.Token));
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception error) when (error is SocketException or IOException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Reads a reply; null for one that is not a status.</summary>
    internal static SupervisorStatus? Parse(ReadOnlySpan<byte> line) =>
        RecordText.Parse(line, SupervisorJson.Default.SupervisorStatus, RecordNulls.Members).Value is { State.Length: > 0 } status
            ? status
            : null;

    private static async Task<byte[]> ReadLineAsync(Socket socket, CancellationToken cancellation)
    {
        var buffer = new byte[4096];
        var length = 0;
        while (length < MaximumReply)
        {
            if (length == buffer.Length)
            {
                Array.Resize(ref buffer, buffer.Length * 2);
            }

            var read = await socket.ReceiveAsync(buffer.AsMemory(length), SocketFlags.None, cancellation);
            length += read;
            var end = buffer.AsSpan(0, length).IndexOf((byte)'\n');
            if (end >= 0)
            {
                return buffer[..end];
            }

            if (read == 0)
            {
                break;
            }
        }

        return [];
    }
}

/// <summary>Source-generated JSON of the control socket.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    AllowDuplicateProperties = false,
    MaxDepth = RecordText.MostDepth
)]
[JsonSerializable(typeof(SupervisorStatus))]
internal sealed partial class SupervisorJson : JsonSerializerContext;
