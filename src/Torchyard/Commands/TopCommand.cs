using System.CommandLine;
using System.Globalization;
using System.Text.Json.Serialization;
using Torchyard.CommandLine;
using Torchyard.Containers.Requests;
using Torchyard.Containers.Starting;
using Torchyard.Containers.State;
using Torchyard.Flows.Gpus;
using Torchyard.Flows.Hosts;
using Torchyard.Flows.Naming;
using Torchyard.Machine.Gpus;
using Torchyard.Platform.Text;
using Torchyard.Terminal;

namespace Torchyard.Commands;

/// <summary><c>torchyard top</c>: what running containers use.</summary>
internal sealed partial class TopCommand : Verb
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Option<bool> _noStream = new("--no-stream") { Description = "Print one table and end" };
    private readonly Argument<string[]> _containers = new("CONTAINER")
    {
        Description = "Names, ids, or projects' directories (default: all that run)",
        Arity = ArgumentArity.ZeroOrMore,
    };

    public TopCommand()
        : base("top", VerbGroup.Containers, "Show live what containers use, and who on this machine has which GPU")
    {
        _containers.CompletionSources.Add(ContainerNames.Complete);
        Options.Add(_noStream);
        Options.Add(GlobalOptions.Json);
        Arguments.Add(_containers);
        Details = """
            100 % CPU is one CPU kept busy. A dash stands for what this machine does not count: without
            root it counts nothing unless cgroups are delegated. A container with several GPUs has
            a line for each; GPU % is the share of time with a kernel running. Ctrl-C ends it.

            Below are the GPUs of this machine and who has them since when: environments of all users, and
            processes that Torchyard has not started. Others see your login name, which GPUs you have, and
            the environment's name unless TORCHYARD_PRIVATE_NAMES=1 is set when it starts. With names of
            containers, these alone are shown.
            """;
        Examples =
        [
            new("torchyard top", "all running containers, every second"),
            new("torchyard top .", "the environment of this directory alone"),
            new("torchyard top --no-stream --json train", "one measurement of the container 'train' for a program"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var clock = invocation.Caller.Clock;
        var once = invocation.Get(_noStream) || invocation.Json || !invocation.Screen.OutputIsTerminal;
        var before = await SampleAsync(invocation, cancellation);
        while (true)
        {
            await Task.Delay(Interval, clock, cancellation);
            var now = await SampleAsync(invocation, cancellation);
            var all = (invocation.Get(_containers) ?? []).Length == 0;
            // A machine without a driver has nothing to ask.
            var machine = GpuOptions.Machine(invocation);
            var snapshot =
                now.Containers.Any(container => container.Record.Gpus.Count > 0) || (all && machine.HasDriver)
                    ? machine.ReadGpus()
                    : GpuSnapshot.None;
            var answer = new Answer
            {
                Containers =
                [
                    .. now.Samples.Select(sample =>
                        Row.Of(
                            before.Samples.FirstOrDefault(b => b.Container.Record.Id == sample.Container.Record.Id),
                            sample,
                            snapshot.Gpus,
                            clock
                        )
                    ),
                ],
                Gpus = all ? new GpuOccupancy(invocation.Host).Of(snapshot, now.Containers) : [],
                GivenBack = all ? [.. now.Containers.Where(container => container.State.Stopped is not null).Select(GivenBackRow.Of)] : [],
            };
            if (!once)
            {
                // Cursor to the corner, clear what follows (ECMA-48 CUP and ED).
                invocation.Screen.Output.Write("\e[H\e[J");
            }

            invocation.Answer(answer, TopJson.Default.Answer, _ => Show(invocation, answer, clock.GetUtcNow()));
            if (once)
            {
                return ExitCode.Done;
            }

            invocation.Screen.Output.Flush();
            before = now;
        }
    }

    private async Task<Measurement> SampleAsync(Invocation invocation, CancellationToken cancellation)
    {
        var store = invocation.Host.Containers();
        var names = invocation.Get(_containers) ?? [];
        var containers =
            names.Length == 0
                ? await store.ListAsync(cancellation)
                : await Task.WhenAll(names.Select(name => new NamedContainers(invocation.Host).FindAsync(name, cancellation)));
        return new Measurement(
            containers,
            [
                .. containers
                    .Where(c => c.IsRunning)
                    .Select(c => new Sample(c, invocation.Host.Session(c).Usage(), invocation.Caller.Clock.GetTimestamp())),
            ]
        );
    }

    private static void Show(Invocation invocation, Answer answer, DateTimeOffset now)
    {
        ShowContainers(invocation, answer.Containers);
        if (answer.Gpus.Count > 0)
        {
            invocation.Screen.Line();
            GpuTable.Show(answer.Gpus, now, invocation.Screen);
        }

        foreach (var stopped in answer.GivenBack)
        {
            invocation.Screen.Line();
            invocation.Screen.Line($"{stopped.Name} was stopped at {stopped.Stopped}: {stopped.Why}; 'torchyard up' starts it again");
        }
    }

    private static void ShowContainers(Invocation invocation, IReadOnlyList<Row> rows)
    {
        var withGpus = rows.Any(row => row.Gpus.Count > 0);
        invocation.Screen.Table(
            [
                new("CONTAINER ID", Whole: true),
                new("NAME", Whole: true),
                new("CPU %", Right: true),
                new("MEMORY", Right: true),
                new("LIMIT", Right: true),
                new("MEMORY %", Right: true),
                new("PEAK", Right: true),
                new("PROCESSES", Right: true),
                .. withGpus ? GpuColumns : [],
            ],
            [.. rows.SelectMany(row => Lines(row, withGpus))]
        );
    }

    private static readonly Column[] GpuColumns =
    [
        new("GPU", Whole: true),
        new("GPU %", Right: true),
        new("GPU MEMORY", Right: true),
        new("OF", Right: true),
        new("W", Right: true),
        new("°C", Right: true),
    ];

    private static IEnumerable<IReadOnlyList<string>> Lines(Row row, bool withGpus)
    {
        string[] first =
        [
            row.Id[..12],
            row.Name,
            Text(row.CpuPercent, "0.0"),
            row.Memory is { } memory ? ByteSize.Binary(memory) : "-",
            ByteSize.Binary(row.MemoryLimit),
            Text(row.MemoryPercent, "0.0"),
            row.PeakMemory is { } peak ? ByteSize.Binary(peak) : "-",
            row.Processes?.ToString(CultureInfo.InvariantCulture) ?? "-",
        ];
        yield return withGpus ? [.. first, .. row.Gpus.Count > 0 ? Cells(row.Gpus[0]) : ["-", "-", "-", "-", "-", "-"]] : first;
        foreach (var gpu in row.Gpus.Skip(1))
        {
            yield return [.. Enumerable.Repeat("", first.Length), .. Cells(gpu)];
        }
    }

    private static string[] Cells(GpuRow gpu) =>
        [
            gpu.Name,
            gpu.UtilisationPercent?.ToString(CultureInfo.InvariantCulture) ?? "-",
            gpu.MemoryUsedBytes is { } used ? ByteSize.Binary(used) : "-",
            gpu.MemoryTotalBytes is { } total ? ByteSize.Binary(total) : "-",
            Text(gpu.PowerWatts, "0"),
            gpu.TemperatureCelsius?.ToString(CultureInfo.InvariantCulture) ?? "-",
        ];

    private static string Text(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "-";

    /// <summary>The containers, and what those that run had used at a moment.</summary>
    private sealed record Measurement(IReadOnlyList<ContainerInfo> Containers, IReadOnlyList<Sample> Samples);

    /// <summary>All that is shown.</summary>
    internal sealed record Answer
    {
        /// <summary>Running containers of this store.</summary>
        public required IReadOnlyList<Row> Containers { get; init; }

        /// <summary>GPUs of the machine; none where containers are named.</summary>
        public required IReadOnlyList<OccupiedGpu> Gpus { get; init; }

        /// <summary>Containers of this store that were stopped because their GPUs were idle.</summary>
        public required IReadOnlyList<GivenBackRow> GivenBack { get; init; }
    }

    /// <summary>A container that was stopped because its GPUs were idle.</summary>
    internal sealed record GivenBackRow
    {
        /// <summary>Its name.</summary>
        public required string Name { get; init; }

        /// <summary>When.</summary>
        public required string? Stopped { get; init; }

        /// <summary>Why.</summary>
        public required string Why { get; init; }

        public static GivenBackRow Of(ContainerInfo container) =>
            new()
            {
                Name = container.Record.Name,
                Stopped = TimeText.Of(container.State.Finished),
                Why = container.State.Stopped!,
            };
    }

    /// <summary>What a container had used at a moment.</summary>
    /// <param name="Container">The container.</param>
    /// <param name="Usage">What it had used.</param>
    /// <param name="Timestamp">When, by the clock's own count.</param>
    internal sealed record Sample(ContainerInfo Container, ContainerUsage Usage, long Timestamp);

    /// <summary>A container in the answer.</summary>
    internal sealed record Row
    {
        /// <summary>Its id.</summary>
        public required string Id { get; init; }

        /// <summary>Its name.</summary>
        public required string Name { get; init; }

        /// <summary>100 is one CPU; null where the machine does not count it.</summary>
        public required double? CpuPercent { get; init; }

        /// <summary>Bytes in use.</summary>
        public required long? Memory { get; init; }

        /// <summary>Bytes that it may use.</summary>
        public required long MemoryLimit { get; init; }

        /// <summary>Share of the limit.</summary>
        public required double? MemoryPercent { get; init; }

        /// <summary>Most bytes it had in use.</summary>
        public required long? PeakMemory { get; init; }

        /// <summary>Processes and threads.</summary>
        public required long? Processes { get; init; }

        /// <summary>Its GPUs.</summary>
        public required IReadOnlyList<GpuRow> Gpus { get; init; }

        public static Row Of(Sample? before, Sample now, IReadOnlyList<GpuState> gpus, TimeProvider clock)
        {
            var (record, usage) = (now.Container.Record, now.Usage);
            var elapsed = before is null ? 0 : clock.GetElapsedTime(before.Timestamp, now.Timestamp).TotalMicroseconds;
            double? cpu =
                elapsed > 0 && before!.Usage.CpuMicroseconds is { } earlier && usage.CpuMicroseconds is { } later
                    ? Math.Round(100 * Math.Max(0, later - earlier) / elapsed, 1)
                    : null;
            double? share =
                usage.Memory is { } memory && record.Limits.Memory > 0 ? Math.Round(100.0 * memory / record.Limits.Memory, 1) : null;
            return new Row
            {
                Id = record.Id,
                Name = record.Name,
                CpuPercent = cpu,
                Memory = usage.Memory,
                MemoryLimit = record.Limits.Memory,
                MemoryPercent = share,
                PeakMemory = usage.PeakMemory,
                Processes = usage.Processes,
                Gpus =
                [
                    .. record.Gpus.Select(gpu =>
                        GpuRow.Of(gpu, gpus.FirstOrDefault(g => g.Uuid == gpu.Uuid || g.MigDevices.Any(m => m.Uuid == gpu.Uuid)))
                    ),
                ],
            };
        }
    }

    /// <summary>A GPU of a container. A MIG device shows its GPU's power and temperature; use of it is not counted by the driver.</summary>
    internal sealed record GpuRow
    {
        /// <summary>Index, or index of GPU and MIG device.</summary>
        public required string Name { get; init; }

        /// <summary>UUID.</summary>
        public required string Uuid { get; init; }

        /// <summary>Product name.</summary>
        public required string? Model { get; init; }

        /// <summary>Share of time with a kernel running.</summary>
        public required int? UtilisationPercent { get; init; }

        /// <summary>Memory in use by whatever computes on it.</summary>
        public required long? MemoryUsedBytes { get; init; }

        /// <summary>Memory.</summary>
        public required long? MemoryTotalBytes { get; init; }

        /// <summary>Power.</summary>
        public required double? PowerWatts { get; init; }

        /// <summary>Temperature.</summary>
        public required int? TemperatureCelsius { get; init; }

        public static GpuRow Of(GrantedGpu gpu, GpuState? state)
        {
            var mig = state?.MigDevices.FirstOrDefault(m => m.Uuid == gpu.Uuid);
            return new GpuRow
            {
                Name = gpu.Name,
                Uuid = gpu.Uuid,
                Model = gpu.Model,
                UtilisationPercent = mig is null ? state?.UtilisationPercent : null,
                MemoryUsedBytes = mig is null ? state?.MemoryUsedBytes : null,
                MemoryTotalBytes = mig is null ? state?.MemoryTotalBytes : mig.MemoryBytes,
                PowerWatts = state?.PowerWatts,
                TemperatureCelsius = state?.TemperatureCelsius,
            };
        }
    }

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
    [JsonSerializable(typeof(Answer))]
    internal sealed partial class TopJson : JsonSerializerContext;
}
