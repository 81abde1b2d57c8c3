using System.CommandLine;
using System.Text.Json.Serialization;
using Torchyard.CommandLine;
using Torchyard.Containers.Requests;
using Torchyard.Containers.State;
using Torchyard.Terminal;

namespace Torchyard.Commands;

/// <summary><c>torchyard ps</c>: containers.</summary>
internal sealed partial class PsCommand : Verb
{
    private readonly Option<bool> _all = new("--all", "-a") { Description = "Also those that ended" };
    private readonly Option<bool> _quiet = new("--quiet", "-q") { Description = "Only ids" };

    public PsCommand()
        : base("ps", VerbGroup.Containers, "List containers")
    {
        Options.Add(_all);
        Options.Add(_quiet);
        Options.Add(GlobalOptions.Json);
        Examples = [new("torchyard ps -a", "also containers that ended, with their exit status")];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var containers = (await invocation.Containers().ListAsync(cancellation)).Where(c => c.IsRunning || invocation.Get(_all)).ToList();
        if (invocation.Get(_quiet))
        {
            containers.ForEach(c => invocation.Screen.Line(c.Record.Id[..12]));
            return ExitCode.Done;
        }

        var now = invocation.Caller.Clock.GetUtcNow();
        // A column of dashes would tell nothing on a machine without GPUs.
        var gpus = containers.Any(c => c.Record.Gpus.Count > 0);
        invocation.Answer([.. containers.Select(Row.Of)], Json.Default.RowArray, _ => invocation.Screen.Table(
            [new("CONTAINER ID", Whole: true), new("IMAGE"), new("COMMAND"), new("CREATED"), new("STATUS"), new("PORTS"), .. gpus ? [new("GPUS", Whole: true)] : Array.Empty<Column>(), new("NAME", Whole: true)],
            [.. containers.Select(c => (IReadOnlyList<string>)
                [
                    c.Record.Id[..12],
                    c.Record.ImageName,
                    string.Join(' ', c.Record.Command),
                    ContainerServices.Age(now - DateTimeOffset.FromUnixTimeSeconds(c.Record.Created)) + " ago",
                    Status(c, now),
                    string.Join(", ", c.Record.Ports),
                    .. gpus ? [GpuNames(c)] : Array.Empty<string>(),
                    c.Record.Name,
                ])]));
        return ExitCode.Done;
    }

    private static string GpuNames(ContainerInfo container) => container.Record.Gpus.Count == 0 ? "-" : string.Join(',', container.Record.Gpus.Select(g => g.Name));

    private static string Status(ContainerInfo container, DateTimeOffset now)
    {
        var state = container.State;
        return state.Status switch
        {
            ContainerStatus.Running => "Up " + ContainerServices.Age(now - DateTimeOffset.FromUnixTimeMilliseconds(state.Started)),
            ContainerStatus.Created => "Created",
            _ => $"Exited ({state.ExitCode?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "unknown"}{(state.OutOfMemory ? ", out of memory" : "")}) "
                + ContainerServices.Age(now - DateTimeOffset.FromUnixTimeMilliseconds(state.Finished)) + " ago",
        };
    }

    internal sealed record Row(
        string Id,
        string Name,
        string Image,
        string ImageDigest,
        IReadOnlyList<string> Command,
        ContainerStatus Status,
        int? ExitCode,
        bool OutOfMemory,
        long? PeakMemory,
        long MemoryLimit,
        string Limits,
        IReadOnlyList<string> NotEnforced,
        int? ProcessId,
        long Created,
        long Started,
        long Finished,
        string Network,
        IReadOnlyList<string> Ports,
        IReadOnlyDictionary<string, string> Labels,
        IReadOnlyList<GrantedGpu> Gpus,
        string? Error)
    {
        public static Row Of(ContainerInfo container)
        {
            var (record, state) = container;
            return new Row(
                record.Id, record.Name, record.ImageName, record.ImageDigest, record.Command, state.Status, state.ExitCode, state.OutOfMemory,
                state.PeakMemory, record.Limits.Memory, record.Limits.ToString(), record.NotEnforced, container.IsRunning ? state.Init?.Id : null,
                record.Created, state.Started, state.Finished, record.Network.ToString().ToLowerInvariant(), [.. record.Ports.Select(p => p.ToString())],
                record.Labels, record.Gpus, state.Error);
        }
    }

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true)]
    [JsonSerializable(typeof(Row[]))]
    internal sealed partial class Json : JsonSerializerContext;
}
