using System.CommandLine;
using System.Globalization;
using Torchyard.CommandLine;
using Torchyard.Flows.Proving;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Processes;
using Torchyard.Reports.Bench;
using Torchyard.Reports.Page;
using Torchyard.Terminal;

namespace Torchyard.Commands;

/// <summary><c>torchyard bench</c>: how fast the GPUs and their links are, beside what they should reach.</summary>
internal sealed class BenchCommand : Verb
{
    /// <summary>The first word that asks for training; an image of that name is <c>train:latest</c>.</summary>
    private const string Train = "train";
    private const int DefaultRows = 8192;

    private readonly Option<string> _size = new("--size")
    {
        Description = "Rows of the square matrices; usual values are known for 8192 only. With train: the model (1m to 1b)",
        DefaultValueFactory = _ => "",
        HelpName = "N",
    };
    private readonly Option<double?> _seconds = new("--seconds")
    {
        Description = "Time spent on each number (default: 0.5; with train: 6)",
        HelpName = "S",
    };
    private readonly Option<string?> _python = new("--python")
    {
        Description = "With train and without an image: the interpreter that has PyTorch (default: python3)",
        HelpName = "PYTHON",
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
    private readonly Argument<string?> _what = new("WHAT")
    {
        Description = "'train': train a GPT in every precision. Else the image to measure inside, with its libraries",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private readonly Argument<string?> _image = new("IMAGE")
    {
        Description = "With train: the image to train in",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private readonly Option<string?> _html = new("--html") { Description = "Also write a page with charts", HelpName = "FILE" };

    public BenchCommand()
        : base("bench", VerbGroup.Machine, "Measure GPUs and their links beside the hardware's peak")
    {
        _only.AcceptOnlyFromAmong("matrix", "memory", "host", "peer", "nccl", "launch");
        _what.CompletionSources.Add(Train);
        Arguments.Add(_what);
        Arguments.Add(_image);
        _gpus.CompletionSources.Add("all", "none");
        Options.Add(_gpus);
        Options.Add(_size);
        Options.Add(_seconds);
        Options.Add(_only);
        Options.Add(GpuOptions.Libraries);
        Options.Add(_python);
        Options.Add(_html);
        Options.Add(GlobalOptions.Json);
        Details = """
            Runs on this machine, or inside a container of IMAGE that has its GPUs. Rates are
            dense; the peak is that of the data sheet, the usual value what such GPUs were seen to
            reach.

            bench train trains the model of 'init --example gpt' for some seconds in each precision: tokens
            per second, model FLOPs utilisation (MFU), memory, energy, and with several GPUs how much of
            linear scaling all of them reach. docs/training.md says what the numbers mean.
            """;
        Examples =
        [
            new("torchyard bench --only matrix", "matrix products in every precision"),
            new("torchyard bench h100", "inside the image h100, with its cuBLASLt and NCCL"),
            new("torchyard bench train h100", "what FP32, TF32, FP16, BF16 and FP8 give in training"),
            new("torchyard bench --html bench.html", "a page with charts"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var report =
            invocation.Get(_what) == Train ? await TrainAsync(invocation, cancellation) : await MeasureAsync(invocation, cancellation);
        if (invocation.Get(_html) is { } page)
        {
            AtomicFile.WriteText(invocation.Caller.FullPath(page), HtmlReport.Of(report));
        }

        invocation.Answer(report, GpuJson.Default.GpuReport, found => Show(found, invocation.Screen));
        return report.Verdict.Good ? ExitCode.Done : ExitCode.Failed;
    }

    private Task<GpuReport> MeasureAsync(Invocation invocation, CancellationToken cancellation)
    {
        if (invocation.Get(_image) is { } second)
        {
            throw Wrong($"'torchyard bench' does not take '{second}'", "name one image, or write train before it");
        }

        var size = invocation.Get(_size);
        var rows = DefaultRows;
        if (size is { Length: > 0 } && (!int.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out rows) || rows < 1))
        {
            throw Wrong($"'{size}' is not a number of rows", "write --size 8192");
        }

        return new BenchFlow(invocation.Host).RunAsync(
            new BenchRequest
            {
                Image = invocation.Get(_what),
                Gpus = invocation.Get(_gpus),
                Size = rows,
                Seconds = invocation.Get(_seconds) ?? 0.5,
                Only = invocation.Get(_only) ?? [],
                Libraries = invocation.Get(GpuOptions.Libraries) ?? [],
            },
            cancellation
        );
    }

    private Task<GpuReport> TrainAsync(Invocation invocation, CancellationToken cancellation) =>
        new TrainingBenchFlow(invocation.Host).RunAsync(
            new TrainingBenchRequest
            {
                Image = invocation.Get(_image),
                Python = invocation.Get(_python) is { } python ? HostProgram.At(invocation.Caller.FullPath(python)) : null,
                Gpus = invocation.Get(_gpus),
                Size = invocation.Get(_size) is { Length: > 0 } size ? size : null,
                Seconds = invocation.Get(_seconds) ?? 6,
            },
            cancellation
        );

    private static TorchyardException Wrong(string message, string cure) => new("TY9001", message, cure) { IsUsage = true };

    private static void Show(GpuReport report, Screen screen)
    {
        if (report.Training.Count > 0)
        {
            TrainingText.Show(report, screen);
            return;
        }

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
