using System.Globalization;
using Torchyard.Flows.Hosts;
using Torchyard.Platform.Errors;
using Torchyard.Reports.Overview;
using Torchyard.Reports.Page;
using Torchyard.Reports.Verdicts;
using Torchyard.Reports.Verify;

namespace Torchyard.Flows.Proving;

/// <summary>What is to be proved, and where.</summary>
internal sealed record VerifyRequest
{
    /// <summary>The image in which it is proved; null for this machine.</summary>
    public string? Image { get; init; }

    /// <summary>An interpreter of this machine whose PyTorch is proved as well, absolute; null for none.</summary>
    public string? Python { get; init; }

    /// <summary>The GPUs of the container, as <c>--gpus</c> has them; null is all where there are any.</summary>
    public string? Gpus { get; init; }

    /// <summary>Most of each GPU's free memory that is tested; null for all.</summary>
    public double? MemoryGibibytes { get; init; }

    /// <summary>Directories with cuBLASLt or NCCL that are searched first.</summary>
    public IReadOnlyList<string> Libraries { get; init; } = [];
}

/// <summary>Proves GPUs, precisions and links, and PyTorch where it is asked for.</summary>
internal sealed class VerifyFlow(Host host)
{
    /// <summary>Proves them.</summary>
    /// <exception cref="TorchyardException">TY5001, TY5002: there is nothing that could be proved; TY5018: the container gave no
    /// report.</exception>
    public Task<GpuReport> RunAsync(VerifyRequest request, CancellationToken cancellation) =>
        request.Image is { } image ? InImageAsync(request, image, cancellation) : OnMachineAsync(request, cancellation);

    private async Task<GpuReport> OnMachineAsync(VerifyRequest request, CancellationToken cancellation)
    {
        var limit = request.MemoryGibibytes is { } gibibytes ? (long)(gibibytes * (1L << 30)) : long.MaxValue;
        if (request.Python is not { } python)
        {
            return host.Gpus(request.Libraries).Verify(limit, host.Progress, cancellation);
        }

        GpuReport native;
        try
        {
            native = host.Gpus(request.Libraries).Verify(limit, host.Progress, cancellation);
        }
        catch (TorchyardException none) when (GpuMachine.LacksDriver(none))
        {
            // PyTorch can be checked without a GPU as well.
            native = Empty() with
            {
                Verify =
                [
                    new VerifyResult
                    {
                        Area = "driver",
                        Name = "CUDA driver",
                        Outcome = VerifyOutcome.Skipped,
                        Detail = none.Message,
                        Seconds = 0,
                    },
                ],
            };
        }

        return Joined(native, await PyTorchProof.OnMachineAsync(host, python, cancellation));
    }

    private GpuReport Empty() =>
        new()
        {
            Kind = "verify",
            Created = host.Clock.GetUtcNow(),
            Verdict = new Verdict(false, "nothing was done", []),
        };

    private async Task<GpuReport> InImageAsync(VerifyRequest request, string image, CancellationToken cancellation)
    {
        await using var proof = await ImageProof.StartAsync(
            host,
            "verify",
            image,
            request.Gpus,
            new Dictionary<string, string> { ["verify.py"] = PyTorchVerification.Program },
            cancellation
        );
        var native = proof.Gpus > 0 ? await NativeAsync(request, proof, cancellation) : Empty();
        var checks = await proof.PythonAsync("verify.py", [proof.Gpus > 0 ? "--gpus=required" : "--gpus=auto"], cancellation);
        return Joined(native, PyTorchVerification.Read(checks.Output, checks.ExitCode, checks.Error));
    }

    private async Task<GpuReport> NativeAsync(VerifyRequest request, ImageProof proof, CancellationToken cancellation)
    {
        string[] memory = request.MemoryGibibytes is { } gibibytes
            ? ["--memory-gib", gibibytes.ToString(CultureInfo.InvariantCulture)]
            : [];
        try
        {
            return await proof.ReportAsync(["verify", .. memory], cancellation);
        }
        catch (TorchyardException failure)
        {
            // What PyTorch says about the same GPUs is worth the more then.
            return Empty() with
            {
                Verify =
                [
                    new VerifyResult
                    {
                        Area = "driver",
                        Name = "native proofs",
                        Outcome = VerifyOutcome.Failed,
                        Detail = failure.Message,
                        Seconds = 0,
                    },
                ],
            };
        }
    }

    /// <summary>One verdict over both parts.</summary>
    private static GpuReport Joined(GpuReport native, IReadOnlyList<VerifyResult> pytorch)
    {
        IReadOnlyList<VerifyResult> all = [.. native.Verify, .. pytorch];
        return native with { Verify = all, Verdict = VerifyVerdict.Of(all) };
    }
}
