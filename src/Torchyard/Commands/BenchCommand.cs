using System.CommandLine;
using System.Globalization;
using Torchyard.CommandLine;
using Torchyard.Flows.Proving;
using Torchyard.Platform.Files;
using Torchyard.Reports.Bench;
using Torchyard.Reports.Page;
using Torchyard.Terminal;

namespace Torchyard.Commands;

/// <summary><c>torchyard bench</c>: how fast the GPUs and their links are, beside what they should reach.</summary>
internal sealed class BenchCommand : Verb
{
    private readonly Option<int> _size = new("--size")
    {
        Description = "Rows of the square matrices; usual values are known for 8192 only",
        DefaultValueFactory = _ => 8192,
        HelpName = "N",
    };
    private readonly Option<double> _seconds = new("--seconds")
    {
        Description = "Time spent on each number",
        DefaultValueFactory = _ => 0.5,
        HelpName = "S",
    };
    private readonly Option<string[]> _only = new("--only")
    {
        Description = "Measure only: matrix, memory, host, peer, nccl, launch",
        HelpName = "AREA",
        AllowMultipleArgumentsPerToken = true,
    };
    private readonly Option<string?> _gpus = new("--gpus")
    {
        Description = "GPUs for the container: all (default where there are any), a number, or a list",
        HelpName = "GPUS",
    };
    private readonly Argument<string?> _image = new("IMAGE")
    {
        Description = "Measure inside this image, with its libraries",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private readonly Option<string?> _html = new("--html") { Description = "Also write a page with charts", HelpName = "FILE" };

    public BenchCommand()
        : base("bench", VerbGroup.Machine, "Measure GPUs and their links beside the hardware's peak")
    {
        _only.AcceptOnlyFromAmong("matrix", "memory", "host", "peer", "nccl", "launch");
        Arguments.Add(_image);
        _gpus.CompletionSources.Add("all", "none");
        Options.Add(_gpus);
        Options.Add(_size);
        Options.Add(_seconds);
        Options.Add(_only);
        Options.Add(GpuOptions.Libraries);
        Options.Add(_html);
        Options.Add(GlobalOptions.Json);
        Details = """
            Runs on this machine, or inside a container of IMAGE that has its GPUs. Rates are
            dense; the peak is that of the data sheet, the usual value what such GPUs were seen to
            reach.
            """;
        Examples =
        [
            new("torchyard bench --only matrix", "matrix products in every precision"),
            new("torchyard bench train", "inside the image train, with its cuBLASLt and NCCL"),
            new("torchyard bench --html bench.html", "a page with charts"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var report = await new BenchFlow(invocation.Host).RunAsync(
            new BenchRequest
            {
                Image = invocation.Get(_image),
                Gpus = invocation.Get(_gpus),
                Size = invocation.Get(_size),
                Seconds = invocation.Get(_seconds),
                Only = invocation.Get(_only) ?? [],
                Libraries = invocation.Get(GpuOptions.Libraries) ?? [],
            },
            cancellation
        );
        if (invocation.Get(_html) is { } page)
        {
            AtomicFile.WriteText(invocation.Caller.FullPath(page), HtmlReport.Of(report));
        }

        invocation.Answer(report, GpuJson.Default.GpuReport, found => Show(found, invocation.Screen));
        return report.Verdict.Good ? ExitCode.Done : ExitCode.Failed;
    }

    private static void Show(GpuReport report, Screen screen)
    {
        foreach (var library in report.Libraries)
        {
            screen.Line(library);
        }

        screen.Line();
        screen.Table(
            [
                new("GPU"),
                new("MEASURED"),
                new("VALUE", Right: true),
                new("UNIT"),
                new("PEAK", Right: true),
                new("OF PEAK", Right: true),
                new("USUAL", Right: true),
                new("HOW"),
            ],
            [.. report.Bench.Select(Row)]
        );
        screen.Line();
        GpuOptions.Show(report.Verdict, screen);
    }

    private static IReadOnlyList<string> Row(BenchResult result) =>
        [
            result.Gpu?.ToString(CultureInfo.InvariantCulture) ?? "all",
            result.Name,
            result.Missing is null ? Number(result.Value) : "-",
            result.Unit,
            result.Peak is { } peak ? Number(peak) : "-",
            result.Peak is { } most && result.Missing is null ? (result.Value / most).ToString("0%", CultureInfo.InvariantCulture) : "-",
            result.Usual is { } usual ? Number(usual) : "-",
            result.Missing ?? result.Detail,
        ];

    private static string Number(double value) => value.ToString(value < 100 ? "0.0" : "0", CultureInfo.InvariantCulture);
}
