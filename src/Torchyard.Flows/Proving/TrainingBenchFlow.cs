using System.Globalization;
using Torchyard.Flows.Hosts;
using Torchyard.Platform.Files;
using Torchyard.Platform.Processes;
using Torchyard.Recipes.Presets;
using Torchyard.Reports.Bench;
using Torchyard.Reports.Page;

namespace Torchyard.Flows.Proving;

/// <summary>What is to be trained, and where.</summary>
internal sealed record TrainingBenchRequest
{
    /// <summary>The image in which it is trained; null for this machine.</summary>
    public string? Image { get; init; }

    /// <summary>The interpreter of this machine, where no image is named.</summary>
    public HostProgram? Python { get; init; }

    /// <summary>The GPUs of the container, as <c>--gpus</c> has them; null is all where there are any.</summary>
    public string? Gpus { get; init; }

    /// <summary>Size of the model; null for the one that suits what is there.</summary>
    public string? Size { get; init; }

    /// <summary>Seconds of training in each precision, after the compilation.</summary>
    public required double Seconds { get; init; }
}

/// <summary>Trains the model of the example in every precision, and on all GPUs together.</summary>
internal sealed class TrainingBenchFlow(Host host)
{
    /// <summary>A size that keeps a GPU with 24 GB or more busy, and needs seconds.</summary>
    private const string SizeForGpus = "350m";

    private delegate Task<CommandResult> Trainer(int ranks, IReadOnlyList<string> arguments);

    /// <summary>Trains it.</summary>
    public async Task<GpuReport> RunAsync(TrainingBenchRequest request, CancellationToken cancellation)
    {
        var files = new Dictionary<string, string>
        {
            [TrainingExample.Gpt.FileName] = TrainingExample.Gpt.Read(),
            [TrainingBench.FileName] = TrainingBench.Program,
        };
        if (request.Image is not { } image)
        {
            using var folder = BuildDirectory.Create(host.Store);
            foreach (var (name, text) in files)
            {
                AtomicFile.WriteText(Path.Combine(folder.Path, name), text);
            }

            return await MeasureAsync(request, host.Gpus().AllGpus().Count, (ranks, arguments) =>
                HostCommand.RunAsync(
                    request.Python ?? HostProgram.Require("python3"),
                    Command(Path.Combine(folder.Path, TrainingBench.FileName), ranks, arguments),
                    bounds: ProgramBounds.Proof,
                    cancellation: cancellation
                )
            );
        }

        await using var proof = await ImageProof.StartAsync(host, "bench train", image, request.Gpus, files, cancellation);
        return await MeasureAsync(request, proof.Gpus, (ranks, arguments) =>
            proof.PythonAsync(file => Command(file, ranks, arguments), TrainingBench.FileName, cancellation)
        );
    }

    private async Task<GpuReport> MeasureAsync(TrainingBenchRequest request, int gpus, Trainer train)
    {
        var results = new List<TrainingResult>();
        foreach (var precision in TrainingBench.Precisions)
        {
            results.Add(await OneAsync(request, gpus, precision, 1, train));
        }

        // From one to all, in the fastest precision that every model trains in.
        if (gpus > 1 && results.Find(r => r is { Precision: "bf16", Missing: null }) is not null)
        {
            results.Add(await OneAsync(request, gpus, "bf16", gpus, train));
        }

        var compared = TrainingBench.Compare(results);
        var machine = host.Gpus().ReadGpus();
        return new GpuReport
        {
            Kind = "bench train",
            Created = host.Clock.GetUtcNow(),
            DriverVersion = machine.DriverVersion,
            Libraries = [.. compared.Select(r => r.Torch).OfType<string>().Distinct().Select(version => $"PyTorch {version}")],
            Gpus = machine.Gpus,
            Training = compared,
            Verdict = TrainingBench.Judge(compared),
        };
    }

    private async Task<TrainingResult> OneAsync(TrainingBenchRequest request, int gpus, string precision, int ranks, Trainer train)
    {
        var size = request.Size ?? (gpus > 0 ? SizeForGpus : null);
        var done = await train(
            ranks,
            [
                "--seconds",
                request.Seconds.ToString(CultureInfo.InvariantCulture),
                "--precision",
                precision,
                .. size is null ? (string[])[] : ["--size", size],
                .. gpus > 0 ? (string[])[] : ["--device", "cpu"],
            ]
        );
        var result = TrainingBench.Read(precision, done.ExitCode, done.Output, done.Error);
        host.Progress.Note(
            result.Missing is { } why
                ? $"{TrainingBench.Name(result)}: {why}"
                : string.Create(CultureInfo.InvariantCulture, $"{TrainingBench.Name(result)}: {result.TokensPerSecond:#,0} tokens/s")
        );
        return result;
    }

    private static IReadOnlyList<string> Command(string file, int ranks, IReadOnlyList<string> arguments) =>
        ranks == 1
            ? ["-I", file, .. arguments]
            :
            [
                "-m",
                "torch.distributed.run",
                "--standalone",
                $"--nproc-per-node={ranks.ToString(CultureInfo.InvariantCulture)}",
                file,
                .. arguments,
            ];
}
