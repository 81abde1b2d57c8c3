using System.CommandLine;
using System.Globalization;
using Torchyard.CommandLine;
using Torchyard.Gpus.Report;
using Torchyard.Gpus.Verify;
using Torchyard.Platform.Files;
using Torchyard.Terminal;

namespace Torchyard.Commands;

/// <summary><c>torchyard verify</c>: do the GPUs compute, copy and talk to each other rightly.</summary>
internal sealed class VerifyCommand : Verb
{
    private readonly Option<double?> _memory = new("--memory-gib") { Description = "Test at most this much of each GPU's free memory (default: all)", HelpName = "GIB" };
    private readonly Option<string?> _html = new("--html") { Description = "Also write a page", HelpName = "FILE" };

    public VerifyCommand()
        : base("verify", VerbGroup.Machine, "Prove that GPUs, precisions and links work")
    {
        Options.Add(_memory);
        Options.Add(GpuOptions.Libraries);
        Options.Add(_html);
        Options.Add(GlobalOptions.Json);
        Details = """
            For each GPU: memory test, matrix products in every precision against a reference in
            double precision, copies; then peers and NCCL over all GPUs. What a GPU does not have
            is "not supported", not a failure.
            """;
        Examples = [new("torchyard verify --json", "the same for programs")];
    }

    public override Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var limit = invocation.Get(_memory) is { } gibibytes ? (long)(gibibytes * (1L << 30)) : long.MaxValue;
        var report = GpuOptions.Machine(invocation).Verify(limit, invocation.Screen.Progress, cancellation);
        if (invocation.Get(_html) is { } page)
            AtomicFile.WriteText(invocation.Caller.FullPath(page), HtmlReport.Of(report));
        invocation.Answer(report, GpuJson.Default.GpuReport, found => Show(found, invocation.Screen));
        return Task.FromResult(report.Verdict.Good ? ExitCode.Done : ExitCode.Failed);
    }

    private static void Show(GpuReport report, Screen screen)
    {
        foreach (var library in report.Libraries)
            screen.Line(library);
        screen.Line();
        screen.Table(
            [new("GPU"), new("PROOF"), new("RESULT"), new("SECONDS", Right: true), new("DETAIL")],
            [.. report.Verify.Select(Row)]);
        screen.Line();
        GpuOptions.Show(report.Verdict, screen);
    }

    private static IReadOnlyList<string> Row(VerifyResult result) =>
    [
        result.Gpu?.ToString(CultureInfo.InvariantCulture) ?? "all",
        result.Name,
        result.Outcome switch
        {
            VerifyOutcome.Passed => "passed",
            VerifyOutcome.Failed => "FAILED",
            VerifyOutcome.NotSupported => "not supported",
            _ => "not tried",
        },
        result.Seconds.ToString("0.00", CultureInfo.InvariantCulture),
        result.Detail,
    ];
}
