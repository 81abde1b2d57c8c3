using System.Text.Json;
using Torchyard.Commands;
using Torchyard.Flows.Gpus;
using Torchyard.Terminal;
using Torchyard.Testing.Golden;

namespace Torchyard.Tests.Commands;

/// <summary>What <c>top</c> prints of a machine that several people use.</summary>
public sealed class TopTests
{
    private static readonly JsonSerializerOptions Indented = new(TopJson.Default.Options) { WriteIndented = true };

    private static readonly DateTimeOffset Now = new(2026, 6, 1, 13, 0, 0, TimeSpan.Zero);

    private static TopAnswer Answer { get; } =
        new()
        {
            Containers =
            [
                new TopRow
                {
                    Id = new string('a', 64),
                    Name = "vision",
                    CpuPercent = 212.5,
                    Memory = 12L << 30,
                    MemoryLimit = 64L << 30,
                    MemoryPercent = 18.8,
                    PeakMemory = 20L << 30,
                    Processes = 41,
                    Gpus =
                    [
                        new TopGpu
                        {
                            Name = "0",
                            Uuid = "GPU-aa",
                            Model = "NVIDIA H200",
                            UtilisationPercent = 97,
                            MemoryUsedBytes = 120L << 30,
                            MemoryTotalBytes = 141L << 30,
                            PowerWatts = 655.4,
                            TemperatureCelsius = 61,
                        },
                    ],
                },
            ],
            Gpus =
            [
                Gpu("0", 97, 120L << 30, Held(HoldingKind.Environment, "alice", "vision", 130) with { Own = true }),
                Gpu(
                    "1",
                    0,
                    2L << 30,
                    Held(HoldingKind.Environment, "alice", "notebook", 3 * 60) with
                    {
                        Own = true,
                        IdleStop = Now.AddMinutes(8),
                    },
                    Held(HoldingKind.Process, "bob", "python3", 1)
                ),
                Gpu("2", 55, 80L << 30, Held(HoldingKind.Environment, "carol", null, 4 * 24 * 60)),
                Gpu("3", 12, 1L << 30, Held(HoldingKind.Process, null, null, null)),
                Gpu("4:0", null, null),
                Gpu("5", 0, 4L << 20),
            ],
            GivenBack =
            [
                new GivenBackRow
                {
                    Name = "thesis",
                    Stopped = Now.AddMinutes(-100),
                    Why = "its GPUs were idle for 2 h",
                },
            ],
        };

    [Theory]
    [InlineData(null, "pipe")]
    [InlineData(80, "narrow")]
    public void Who_has_which_GPU_since_when_is_a_table(int? columns, string name)
    {
        using var output = new StringWriter();
        var streams = new ScreenStreams
        {
            Output = output,
            Error = TextWriter.Null,
            Input = null,
            OutputIsTerminal = columns is not null,
            Unicode = true,
            Width = () => columns ?? 80,
        };
        using (var screen = new Screen(streams, TimeProvider.System, ProgressStyle.Auto))
        {
            TopTables.Show(Answer, Now, screen);
        }

        GoldenFile.Compare($"tests/Torchyard.Tests/Golden/Top/{name}.golden", output.ToString());
    }

    [Fact]
    public void And_JSON_for_a_program()
    {
        GoldenFile.Compare("tests/Torchyard.Tests/Golden/Top/json.golden", JsonSerializer.Serialize(Answer, Indented) + "\n");
    }

    private static OccupiedGpu Gpu(string name, int? percent, long? used, params GpuHolding[] holders) =>
        new()
        {
            Name = name,
            Uuid = "GPU-" + name,
            Model = "NVIDIA H200",
            UtilisationPercent = percent,
            MemoryUsedBytes = used,
            MemoryTotalBytes = 141L << 30,
            HeldBy = holders,
        };

    private static GpuHolding Held(HoldingKind kind, string? user, string? name, int? minutes) =>
        new()
        {
            Kind = kind,
            User = user,
            Name = name,
            ProcessId = 4242,
            Since = minutes is { } ago ? Now.AddMinutes(-ago) : null,
        };
}
