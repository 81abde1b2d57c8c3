using System.CommandLine;
using Torchyard.CommandLine;
using Torchyard.Machine.Catalogue;
using Torchyard.Machine.Gpus;
using Torchyard.Reports.Page;
using Torchyard.Terminal;

namespace Torchyard.Commands;

/// <summary><c>torchyard gpus</c>: the GPUs of this machine beside the catalogue.</summary>
internal sealed class GpusCommand : Verb
{
    private readonly Option<bool> _catalogue = new("--catalogue") { Description = "Show every model that is known, with its source" };

    public GpusCommand()
        : base("gpus", VerbGroup.Machine, "Show the GPUs of this machine beside their data sheets")
    {
        Options.Add(_catalogue);
        Options.Add(GlobalOptions.Json);
        Details = """
            Peak rates are in TFLOPS (INT8: TOPS), dense and with 2:4 sparsity apart: sheets often
            print the sparse one, which ordinary programs do not reach.
            """;
        Examples = [new("torchyard gpus --catalogue", "A100, H100, H200 and the others")];
    }

    public override Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        if (invocation.Get(_catalogue))
        {
            invocation.Answer(GpuCatalogue.All, GpuJson.Default.IReadOnlyListGpuModel, found =>
                ShowModels(found, withSource: true, invocation.Screen)
            );
            return Task.FromResult(ExitCode.Done);
        }

        var snapshot = GpuOptions.Machine(invocation).ReadGpus();
        invocation.Answer(snapshot, GpuJson.Default.GpuSnapshot, found => ShowMachine(found, invocation.Screen));
        return Task.FromResult(ExitCode.Done);
    }

    private static void ShowMachine(GpuSnapshot snapshot, Screen screen)
    {
        if (snapshot.Gpus.Count == 0)
        {
            screen.Line($"no GPU was found (NVML: {snapshot.Status}); torchyard doctor says why, --catalogue shows the models");
            return;
        }

        screen.Table(
            [
                new("GPU", Right: true),
                new("UUID", Whole: true),
                new("NAME"),
                new("CC"),
                new("MEMORY", Right: true),
                new("USED", Right: true),
                new("PCI"),
                new("NUMA", Right: true),
                new("PROCESSES"),
            ],
            [.. snapshot.Gpus.Select(Row)]
        );
        foreach (var gpu in snapshot.Gpus)
        {
            foreach (var mig in gpu.MigDevices)
            {
                screen.Line(
                    $"GPU {gpu.Index} MIG {mig.Index}  {mig.Uuid}  {mig.Multiprocessors} SMs, {GpuText.Gibibytes(mig.MemoryBytes)} GiB"
                );
            }
        }

        var models = snapshot.Gpus.Select(g => GpuCatalogue.Find(g.Name)).OfType<GpuModel>().DistinctBy(m => m.Id).ToList();
        if (models.Count > 0)
        {
            screen.Line();
            ShowModels(models, withSource: true, screen);
        }
    }

    private static IReadOnlyList<string> Row(GpuState gpu) =>
        [
            $"{gpu.Index}",
            gpu.Uuid ?? "-",
            gpu.Name ?? gpu.Status.ToString(),
            gpu.ComputeCapability ?? "-",
            GpuText.Gibibytes(gpu.MemoryTotalBytes),
            GpuText.Gibibytes(gpu.MemoryUsedBytes),
            gpu.PciAddress ?? "-",
            gpu.NumaNode is { } node ? $"{node}" : "-",
            gpu.Processes is null ? "unknown"
            : gpu.Processes.Count == 0 ? "none"
            : string.Join(' ', gpu.Processes.Select(p => p.Pid)),
        ];

    private static void ShowModels(IReadOnlyList<GpuModel> models, bool withSource, Screen screen)
    {
        string[] precisions = ["fp64", "fp32", "tf32", "fp16", "bf16", "fp8", "int8", "fp4"];
        screen.Table(
            [
                new("MODEL", Whole: true),
                new("CHIP"),
                new("CC"),
                new("SM", Right: true),
                new("PROCESS"),
                new("MEMORY"),
                new("GB/S", Right: true),
                new("NVLINK GB/S", Right: true),
                new("W", Right: true),
                .. precisions.Select(p => new Column(p.ToUpperInvariant(), Right: true)),
            ],
            [
                .. models.Select(m =>
                    (IReadOnlyList<string>)
                        [
                            m.Id,
                            m.Chip,
                            m.ComputeCapability,
                            $"{m.Multiprocessors}",
                            m.Process,
                            $"{GpuText.Rate(m.MemoryGigabytes)} GB {m.MemoryType}",
                            GpuText.Rate(m.MemoryGigabytesPerSecond),
                            GpuText.Rate(m.NvlinkGigabytesPerSecond),
                            GpuText.Rate(m.PowerWatts),
                            .. precisions.Select(p => Rates(m, p)),
                        ]
                ),
            ]
        );
        screen.Line();
        screen.Line("rates: dense/with 2:4 sparsity; FP64 and FP32: vector, then tensor cores where they differ");
        if (!withSource)
        {
            return;
        }

        foreach (var model in models)
        {
            screen.Line(
                $"{model.Id}: {model.Source}{(model.Confirmed ? "" : $"; not confirmed: {model.Doubt}")}"
                    + $"{(model.UsualSource is { } usual ? $"; usual values: {usual}" : "")}"
            );
        }
    }

    private static string Rates(GpuModel model, string precision)
    {
        var rates = model
            .Rates.Where(r => r.Precision == precision)
            .Select(r => r.Sparse is { } sparse ? $"{GpuText.Rate(r.Dense)}/{GpuText.Rate(sparse)}" : GpuText.Rate(r.Dense))
            .ToList();
        return rates.Count == 0 ? "-" : string.Join(' ', rates);
    }
}
