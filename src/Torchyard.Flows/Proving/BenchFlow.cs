using System.Globalization;
using Torchyard.Flows.Hosts;
using Torchyard.Reports.Page;

namespace Torchyard.Flows.Proving;

/// <summary>What is to be measured, and where.</summary>
internal sealed record BenchRequest
{
    /// <summary>The image in which it is measured; null for this machine.</summary>
    public string? Image { get; init; }

    /// <summary>The GPUs of the container, as <c>--gpus</c> has them; null is all where there are any.</summary>
    public string? Gpus { get; init; }

    /// <summary>Rows of the square matrices.</summary>
    public required int Size { get; init; }

    /// <summary>Seconds spent on each number.</summary>
    public required double Seconds { get; init; }

    /// <summary>The only areas that are measured; empty for all.</summary>
    public IReadOnlyList<string> Only { get; init; } = [];

    /// <summary>Directories with cuBLASLt or NCCL that are searched first: of the caller, or of the image.</summary>
    public IReadOnlyList<string> Libraries { get; init; } = [];
}

/// <summary>Measures GPUs and their links.</summary>
internal sealed class BenchFlow(Host host)
{
    /// <summary>Measures them.</summary>
    public async Task<GpuReport> RunAsync(BenchRequest request, CancellationToken cancellation)
    {
        if (request.Image is not { } image)
        {
            return host.Gpus([.. request.Libraries.Select(host.Caller.FullPath)])
                .Bench(request.Size, request.Seconds, request.Only, host.Progress, cancellation);
        }

        await using var proof = await ImageProof.StartAsync(
            host,
            "bench",
            image,
            request.Gpus,
            new Dictionary<string, string>(),
            cancellation
        );
        return await proof.ReportAsync(
            [
                "bench",
                "--size",
                request.Size.ToString(CultureInfo.InvariantCulture),
                "--seconds",
                request.Seconds.ToString(CultureInfo.InvariantCulture),
                .. request.Only.SelectMany(area => (string[])["--only", area]),
                .. request.Libraries.SelectMany(directory => (string[])["--libraries", directory]),
            ],
            cancellation
        );
    }
}
