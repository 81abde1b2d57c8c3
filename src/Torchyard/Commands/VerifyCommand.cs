using System.CommandLine;
using System.Globalization;
using Torchyard.CommandLine;
using Torchyard.Gpus.Report;
using Torchyard.Gpus.Verify;
using Torchyard.Platform;
using Torchyard.Platform.Files;
using Torchyard.Proving;
using Torchyard.Terminal;

namespace Torchyard.Commands;

/// <summary><c>torchyard verify</c>: do the GPUs compute, copy and talk to each other rightly.</summary>
internal sealed class VerifyCommand : Verb
{
    private readonly Option<double?> _memory = new("--memory-gib") { Description = "Test at most this much of each GPU's free memory (default: all)", HelpName = "GIB" };
    private readonly Option<string?> _python = new("--python") { Description = "Also check the PyTorch of this interpreter", HelpName = "PYTHON" };
    private readonly Option<string?> _gpus = new("--gpus") { Description = "GPUs for the container: all (default where there are any), none, a number, or a list", HelpName = "GPUS" };
    private readonly Argument<string?> _image = new("IMAGE") { Description = "Prove it inside this image, PyTorch included", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<string?> _html = new("--html") { Description = "Also write a page", HelpName = "FILE" };

    public VerifyCommand()
        : base("verify", VerbGroup.Machine, "Prove that GPUs, precisions and links work")
    {
        Arguments.Add(_image);
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
        var report = invocation.Get(_image) is { } image
            ? await InImageAsync(invocation, image, cancellation)
            : await OnMachineAsync(invocation, cancellation);
        if (invocation.Get(_html) is { } page)
            AtomicFile.WriteText(invocation.Caller.FullPath(page), HtmlReport.Of(report));
        invocation.Answer(report, GpuJson.Default.GpuReport, found => Show(found, invocation.Screen));
        return report.Verdict.Good ? ExitCode.Done : ExitCode.Failed;
    }

    private async Task<GpuReport> OnMachineAsync(Invocation invocation, CancellationToken cancellation)
    {
        var limit = invocation.Get(_memory) is { } gibibytes ? (long)(gibibytes * (1L << 30)) : long.MaxValue;
        if (invocation.Get(_python) is not { } python)
            return GpuOptions.Machine(invocation).Verify(limit, invocation.Screen.Progress, cancellation);

        GpuReport native;
        try
        {
            native = GpuOptions.Machine(invocation).Verify(limit, invocation.Screen.Progress, cancellation);
        }
        catch (TorchyardException none) when (none.Code is "TY5001" or "TY5002")
        {
            // PyTorch can be checked without a GPU as well.
            native = Empty(invocation) with { Verify = [new VerifyResult(null, "driver", "CUDA driver", VerifyOutcome.Skipped, none.Message, 0)] };
        }

        return Joined(native, await PyTorchProof.OnMachineAsync(invocation, invocation.Caller.FullPath(python), cancellation));
    }

    private static GpuReport Empty(Invocation invocation) =>
        new() { Kind = "verify", Created = invocation.Caller.Clock.GetUtcNow(), Verdict = new Verdict(false, "nothing was done", []) };

    private async Task<GpuReport> InImageAsync(Invocation invocation, string image, CancellationToken cancellation)
    {
        await using var proof = await ImageProof.StartAsync(
            invocation, image, invocation.Get(_gpus), new Dictionary<string, string> { ["verify.py"] = PyTorchVerification.Program }, cancellation);
        var native = proof.Gpus > 0 ? await NativeAsync(invocation, proof, cancellation) : Empty(invocation);
        var checks = await proof.PythonAsync("verify.py", [proof.Gpus > 0 ? "--gpus=required" : "--gpus=auto"], cancellation);
        return Joined(native, PyTorchVerification.Read(checks.Output, checks.ExitCode, checks.Error));
    }

    private async Task<GpuReport> NativeAsync(Invocation invocation, ImageProof proof, CancellationToken cancellation)
    {
        string[] memory = invocation.Get(_memory) is { } gibibytes ? ["--memory-gib", gibibytes.ToString(CultureInfo.InvariantCulture)] : [];
        try
        {
            return await proof.ReportAsync(["verify", .. memory], cancellation);
        }
        catch (TorchyardException failure)
        {
            // What PyTorch says about the same GPUs is worth the more then.
            return Empty(invocation) with { Verify = [new VerifyResult(null, "driver", "native proofs", VerifyOutcome.Failed, failure.Message, 0)] };
        }
    }

    /// <summary>One verdict over both parts.</summary>
    private static GpuReport Joined(GpuReport native, IReadOnlyList<VerifyResult> pytorch)
    {
        IReadOnlyList<VerifyResult> all = [.. native.Verify, .. pytorch];
        return native with { Verify = all, Verdict = VerifyVerdict.Of(all) };
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
