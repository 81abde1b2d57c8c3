using System.CommandLine;
using System.Text.Json.Serialization;
using Torchyard.CommandLine;
using Torchyard.Containers.Requests;
using Torchyard.Containers.State;
using Torchyard.Flows.Hosts;
using Torchyard.Flows.Starting;
using Torchyard.Platform.Text;
using Torchyard.Terminal;

namespace Torchyard.Commands;

/// <summary><c>torchyard ps</c>: containers.</summary>
internal sealed partial class PsCommand : Verb
{
    private const string Supervisor = "/usr/lib/torchyard/supervisor";

    private readonly Option<bool> _all = new("--all", "-a") { Description = "Also those that ended" };
    private readonly Option<bool> _quiet = new("--quiet", "-q") { Description = "Only ids" };

    public PsCommand()
        : base("ps", VerbGroup.Containers, "List containers")
    {
        Options.Add(_all);
        Options.Add(_quiet);
        Options.Add(GlobalOptions.Json);
        Details = """
            On a terminal that is too narrow, COMMAND is cut, and CREATED and PORTS are left out; into a
            pipe or a file everything is printed. PORTS has published ports, and the services of an
            environment with the port that each has got; 'torchyard open' has the address with its token.
            With --json, times are RFC 3339 in UTC, or null. Which GPUs others have shows 'torchyard top'.
            """;
        Examples = [new("torchyard ps -a", "also containers that ended, with their exit status")];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var containers = (await invocation.Host.Containers().ListAsync(cancellation))
            .Where(c => c.IsRunning || invocation.Get(_all))
            .ToList();
        if (invocation.Get(_quiet))
        {
            containers.ForEach(c => invocation.Screen.Line(c.Record.Id[..12]));
            return ExitCode.Done;
        }

        var now = invocation.Caller.Clock.GetUtcNow();
        // A column of dashes would tell nothing on a machine without GPUs.
        var gpus = containers.Any(c => c.Record.Gpus.Count > 0);
        invocation.Answer([.. containers.Select(Row.Of)], Json.Default.RowArray, _ =>
            invocation.Screen.Table(
                [
                    new("CONTAINER ID", Whole: true),
                    new("NAME", Whole: true),
                    new("IMAGE"),
                    new("STATUS", Whole: true),
                    new("CREATED", Drop: 1),
                    new("PORTS", Drop: 2),
                    .. gpus ? [new("GPUS", Whole: true)] : Array.Empty<Column>(),
                    new("COMMAND", Drop: 3),
                ],
                [
                    .. containers.Select(c =>
                        (IReadOnlyList<string>)
                            [
                                c.Record.Id[..12],
                                c.Record.Name,
                                c.Record.ImageName,
                                Status(c, now),
                                AgeText.Of(now - DateTimeOffset.FromUnixTimeSeconds(c.Record.Created)) + " ago",
                                string.Join(
                                    ", ",
                                    [
                                        .. c.Record.Ports.Select(port => port.ToString()),
                                        .. PlacedServices.Of(c.Record.Labels).Select(service => service.Text),
                                    ]
                                ),
                                .. gpus ? [GpuNames(c)] : Array.Empty<string>(),
                                Program(c.Record.Command),
                            ]
                    ),
                ]
            )
        );
        return ExitCode.Done;
    }

    /// <summary>What the user started: the supervisor stands before it in every image of Torchyard's.</summary>
    private static string Program(IReadOnlyList<string> command) =>
        string.Join(' ', command is [Supervisor, _, ..] ? command.Skip(1) : command);

    private static string GpuNames(ContainerInfo container) =>
        container.Record.Gpus.Count == 0 ? "-" : string.Join(',', container.Record.Gpus.Select(g => g.Name));

    private static string Status(ContainerInfo container, DateTimeOffset now)
    {
        var state = container.State;
        return state.Status switch
        {
            ContainerStatus.Running => "Up "
                + AgeText.Of(now - DateTimeOffset.FromUnixTimeMilliseconds(state.Started))
                + (IdleStop(state) is var stop && GpuTable.IdleText(stop, now) is { } idle ? $" ({idle})" : ""),
            ContainerStatus.Created => "Created",
            _ => $"Exited ({state.ExitCode?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "unknown"}"
                + $"{(state.OutOfMemory ? ", out of memory" : "")}{(state.Stopped is { } why ? ", stopped: " + why : "")}) "
                + AgeText.Of(now - DateTimeOffset.FromUnixTimeMilliseconds(state.Finished))
                + " ago",
        };
    }

    private static DateTimeOffset? IdleStop(ContainerState state) =>
        state.IdleStop == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(state.IdleStop);

    internal sealed record Row
    {
        public required string Id { get; init; }
        public required string Name { get; init; }
        public required string Image { get; init; }
        public required string ImageDigest { get; init; }
        public required IReadOnlyList<string> Command { get; init; }
        public required ContainerStatus Status { get; init; }
        public required int? ExitCode { get; init; }
        public required bool OutOfMemory { get; init; }
        public required long? PeakMemory { get; init; }
        public required long MemoryLimit { get; init; }
        public required string Limits { get; init; }
        public required IReadOnlyList<string> NotEnforced { get; init; }
        public required int? ProcessId { get; init; }
        public required string? Created { get; init; }
        public required string? Started { get; init; }
        public required string? Finished { get; init; }
        public required string Network { get; init; }
        public required IReadOnlyList<string> Ports { get; init; }
        public required IReadOnlyList<PlacedService> Services { get; init; }
        public required IReadOnlyDictionary<string, string> Labels { get; init; }
        public required IReadOnlyList<GrantedGpu> Gpus { get; init; }
        public required string? IdleRelease { get; init; }
        public required string? IdleStop { get; init; }
        public required string? Stopped { get; init; }
        public required string? Error { get; init; }
        public required string? Damage { get; init; }

        public static Row Of(ContainerInfo container)
        {
            var (record, state) = container;
            return new Row
            {
                Id = record.Id,
                Name = record.Name,
                Image = record.ImageName,
                ImageDigest = record.ImageDigest,
                Command = record.Command,
                Status = state.Status,
                ExitCode = state.ExitCode,
                OutOfMemory = state.OutOfMemory,
                PeakMemory = state.PeakMemory,
                MemoryLimit = record.Limits.Memory,
                Limits = record.Limits.ToString(),
                NotEnforced = record.NotEnforced,
                ProcessId = container.IsRunning ? state.Init?.Id : null,
                Created = TimeText.Of(record.Created * 1000),
                Started = TimeText.Of(state.Started),
                Finished = TimeText.Of(state.Finished),
                Network = record.Network.ToString().ToLowerInvariant(),
                Ports = [.. record.Ports.Select(p => p.ToString())],
                Services = PlacedServices.Of(record.Labels),
                Labels = record.Labels,
                Gpus = record.Gpus,
                IdleRelease = record.IdleRelease == 0 ? null : Duration.Written(TimeSpan.FromSeconds(record.IdleRelease)),
                IdleStop = TimeText.Of(state.IdleStop),
                Stopped = state.Stopped,
                Error = state.Error,
                Damage = container.Damage,
            };
        }
    }

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true)]
    [JsonSerializable(typeof(Row[]))]
    internal sealed partial class Json : JsonSerializerContext;
}
