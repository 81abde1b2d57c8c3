using System.CommandLine;
using Torchyard.CommandLine;
using Torchyard.Machine.Catalogue;
using Torchyard.Machine.Gpus;
using Torchyard.Platform.Linux;
using Torchyard.Reports.Doctor;
using Torchyard.Reports.Page;
using Torchyard.Terminal;

namespace Torchyard.Commands;

/// <summary><c>torchyard doctor</c>: is this machine all right, and what fixes it.</summary>
internal sealed class DoctorCommand : Verb
{
    private readonly Option<bool> _all = new("--all") { Description = "Show what is as it should be, too" };

    public DoctorCommand()
        : base("doctor", VerbGroup.Machine, "Look over this machine: GPUs, driver, container support")
    {
        Options.Add(_all);
        Options.Add(GlobalOptions.Json);
        Details = """
            Works with no GPU, no driver and no permissions. Each finding says what was seen, why
            it matters and the command that fixes it. Exit status 1 when something is broken.
            """;
        Examples = [new("torchyard doctor --all", "every check"), new("torchyard doctor --json", "the same for programs")];
    }

    public override Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var report = GpuOptions.Machine(invocation).Examine((int)invocation.Caller.UserId, UserCalls.Groups(), invocation.Store.Root);
        invocation.Answer(report, GpuJson.Default.DoctorReport, found => Show(found, invocation.Get(_all), invocation.Screen));
        return Task.FromResult(report.IsHealthy ? ExitCode.Done : ExitCode.Failed);
    }

    private static void Show(DoctorReport report, bool all, Screen screen)
    {
        foreach (var gpu in report.Gpus.Gpus)
        {
            screen.Line(Describe(gpu));
        }

        if (report.Gpus.Gpus.Count > 0)
        {
            screen.Line();
        }

        foreach (var finding in report.Findings.Where(f => all || f.State != CheckState.Ok))
        {
            screen.Line($"{Mark(finding.State)}  {finding.Text}");
            if (finding.Why is { } why)
            {
                screen.Line($"         {why}");
            }

            if (finding.Cure is { } cure)
            {
                screen.Line($"         cure: {cure}");
            }
        }

        int Count(CheckState state) => report.Findings.Count(f => f.State == state);
        screen.Line(
            $"{Count(CheckState.Ok)} in order, {Count(CheckState.Warn)} to look at, {Count(CheckState.Fail)} broken, "
                + $"{Count(CheckState.Unknown)} unknown"
        );
    }

    private static string Mark(CheckState state) =>
        state switch
        {
            CheckState.Ok => "ok     ",
            CheckState.Warn => "warn   ",
            CheckState.Fail => "BROKEN ",
            _ => "unknown",
        };

    private static string Describe(GpuState gpu)
    {
        var model = GpuCatalogue.Find(gpu.Name);
        var parts = new List<string?>
        {
            $"GPU {gpu.Index}  {gpu.Name ?? gpu.Status.ToString()}",
            model is null
                ? gpu.ComputeCapability is { } capability
                    ? $"compute capability {capability}"
                    : null
                : $"{model.Architecture} {gpu.ComputeCapability}",
            gpu.MemoryTotalBytes is { } total ? $"{GpuText.Gibibytes(gpu.MemoryUsedBytes)} of {GpuText.Gibibytes(total)} GiB used" : null,
            gpu.PowerWatts is { } power ? $"{power:0} of {gpu.PowerLimitWatts:0} W" : null,
            gpu.TemperatureCelsius is { } celsius ? $"{celsius} °C" : null,
            gpu.SmClockMegahertz is { } clock ? $"{clock} of {gpu.SmClockMaxMegahertz} MHz" : null,
            gpu.PcieGeneration is { } generation
                ? $"PCIe {generation} x{gpu.PcieWidth} (max {gpu.PcieGenerationMax} x{gpu.PcieWidthMax})"
                : null,
            gpu.NvLinks is > 0 ? $"NVLink {gpu.NvLinksActive}/{gpu.NvLinks}" : null,
            gpu.EccEnabled is { } ecc
                ? ecc
                    ? "ECC"
                    : "no ECC"
                : null,
            gpu.MigEnabled == true ? $"MIG {gpu.MigDevices.Count}" : null,
            gpu.NumaNode is { } node ? $"NUMA {node}" : null,
            gpu.ClockReasons is { } bits and not 0 ? string.Join(", ", ClockReasons.All(bits)) : null,
        };
        return string.Join(", ", parts.OfType<string>());
    }
}
