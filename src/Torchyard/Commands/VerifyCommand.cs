using System.CommandLine;
using System.Globalization;
using Torchyard.CommandLine;
using Torchyard.Flows.Proving;
using Torchyard.Platform.Files;
using Torchyard.Reports.Page;
using Torchyard.Reports.Verify;
using Torchyard.Terminal;

namespace Torchyard.Commands;

/// <summary><c>torchyard verify</c>: do the GPUs compute, copy and talk to each other rightly.</summary>
internal sealed class VerifyCommand : Verb
{
    private readonly Option<double?> _memory = new("--memory-gib")
    {
        Description = "Test at most this much of each GPU's free memory (default: all)",
        HelpName = "GIB",
    };
    private readonly Option<string?> _python = new("--python")
    {
        Description = "Also check the PyTorch of this interpreter",
        HelpName = "PYTHON",
    };
    private readonly Option<string?> _gpus = new("--gpus")
    {
        Description = "GPUs for the container: all (default where there are any), none, a number, or a list",
        HelpName = "GPUS",
    };
    private readonly Argument<string?> _image = new("IMAGE")
    {
        Description = "Prove it inside this image, PyTorch included",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private readonly Option<string?> _html = new("--html") { Description = "Also write a page", HelpName = "FILE" };

    public VerifyCommand()
        : base("verify", VerbGroup.Machine, "Prove that GPUs, precisions and links work")
    {
        Arguments.Add(_image);
        _gpus.CompletionSources.Add("all", "none");
        Options.Add(_gpus);
        Options.Add(_python);
        Options.Add(_memory);
        Options.Add(GpuOptions.Libraries);
        Options.Add(_html);
        Options.Add(GlobalOptions.Json);
        Details = """
            For each GPU: memory test, matrix products in every precision against a reference in
            double precision, copies; then peers and NCCL over all GPUs. What a GPU does not have
            is "not supported", not a failure. With an image or --python PyTorch itself is checked
            as well: every GPU served by the build, cuDNN, attention, autocast until the loss
            falls, FP8, torch.compile, DataLoader workers, torchrun.
            """;
        Examples =
        [
            new("torchyard verify cpu", "the image cpu, in a container"),
            new("torchyard verify --python /opt/venv/bin/python3", "this machine and that environment"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var report = await new VerifyFlow(invocation.Host).RunAsync(
            new VerifyRequest
            {
                Image = invocation.Get(_image),
                Python = invocation.Get(_python) is { } python ? invocation.Caller.FullPath(python) : null,
                Gpus = invocation.Get(_gpus),
                MemoryGibibytes = invocation.Get(_memory),
                Libraries = GpuOptions.LibraryDirectories(invocation),
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
        screen.Table([new("GPU"), new("PROOF"), new("RESULT"), new("SECONDS", Right: true), new("DETAIL")], [.. report.Verify.Select(Row)]);
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
