using System.Text.Json.Serialization;
using Torchyard.Fit.Data;

namespace Torchyard.Fit.Answer;

/// <summary>A report as <c>--json</c> prints it and the lock records it.</summary>
public sealed record FitAnswer
{
    /// <summary>True when every machine has a stack.</summary>
    public required bool Fits { get; init; }

    /// <summary>The stacks: one for all machines, or the smallest set.</summary>
    public required IReadOnlyList<StackAnswer> Stacks { get; init; }

    /// <summary>The reasoning against the best stack that was asked for, when it does not fit.</summary>
    public IReadOnlyList<MachineAnswer> Refused { get; init; } = [];

    /// <summary>The nearest stack that fits, when the one asked for does not.</summary>
    public StackAnswer? Nearest { get; init; }

    /// <summary>Oldest driver with which the request could be met.</summary>
    public string? DriverThatFits { get; init; }

    /// <summary>What builds of PyTorch are known, in words, when none of them is what was asked for.</summary>
    public string? Known { get; init; }

    /// <summary>The sources that the reasoning names.</summary>
    public required IReadOnlyList<FactSource> Sources { get; init; }

    /// <summary>Makes the answer.</summary>
    public static FitAnswer Of(FitReport report, FitTables tables)
    {
        var stacks = report.Stacks.Select(stack => StackAnswer.Of(stack.Candidate, stack.Machines, tables)).ToArray();
        var refused = report.ServesAll ? [] : report.Refused.Select(MachineAnswer.Of).ToArray();
        var nearest = report.Nearest.Count == 0 ? null : StackAnswer.Of(report.Nearest[0].Candidate, report.Nearest, tables);
        var ids = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var machine in stacks.SelectMany(stack => stack.Machines).Concat(refused).Concat(nearest?.Machines ?? []))
        {
            Collect(machine.Verdict, ids);
        }

        return new FitAnswer
        {
            Fits = report.ServesAll,
            Stacks = stacks,
            Refused = refused,
            Nearest = nearest,
            DriverThatFits = report.DriverThatFits?.ToString(),
            Known = !report.ServesAll && refused.Length == 0 ? KnownBuilds(tables) : null,
            Sources = [.. ids.Where(tables.Sources.ContainsKey).Select(id => tables.Sources[id])],
        };
    }

    private static string KnownBuilds(FitTables tables)
    {
        var releases = tables.Builds.Select(build => DottedVersion.Parse(build.Torch)).Order().ToArray();
        return $"{releases[0]} to {releases[^1]}, in the builds "
            + $"{string.Join(", ", tables.Builds.Select(build => build.Build).Distinct().Order(StringComparer.Ordinal))}";
    }

    private static void Collect(Verdict verdict, SortedSet<string> ids)
    {
        ids.UnionWith(verdict.Sources);
        foreach (var part in verdict.Parts)
        {
            Collect(part, ids);
        }
    }
}

/// <summary>A stack with everything that is pinned with it.</summary>
public sealed record StackAnswer
{
    /// <summary>PyTorch release.</summary>
    public required string Torch { get; init; }

    /// <summary>Build.</summary>
    public required string Build { get; init; }

    /// <summary>CPython.</summary>
    public required string Python { get; init; }

    /// <summary>Index of the build; null for a package of Debian.</summary>
    public string? Index { get; init; }

    /// <summary>The package of Debian that has the build; null for wheels.</summary>
    public string? Package { get; init; }

    /// <summary>CUDA toolkit, or null.</summary>
    public string? Cuda { get; init; }

    /// <summary>cuDNN that the build pins, if recorded.</summary>
    public string? Cudnn { get; init; }

    /// <summary>NCCL that the build pins, if recorded.</summary>
    public string? Nccl { get; init; }

    /// <summary>NVSHMEM that the build pins, if recorded.</summary>
    public string? Nvshmem { get; init; }

    /// <summary>Triton that the build pins, if recorded.</summary>
    public string? Triton { get; init; }

    /// <summary>Torchvision of the release.</summary>
    public string? Torchvision { get; init; }

    /// <summary>Torchaudio of the release.</summary>
    public string? Torchaudio { get; init; }

    /// <summary>Package that the image needs for forward compatibility, or null.</summary>
    public string? CompatPackage { get; init; }

    /// <summary>What to know about the row, where sources disagree.</summary>
    public string? Note { get; init; }

    /// <summary>The machines that it serves.</summary>
    public required IReadOnlyList<MachineAnswer> Machines { get; init; }

    /// <summary>Requirements that hold pip to this stack.</summary>
    [JsonIgnore]
    public IEnumerable<string> Requirements
    {
        get
        {
            yield return $"torch=={Torch}";
            if (Torchvision is not null)
            {
                yield return $"torchvision=={Torchvision}";
            }

            if (Torchaudio is not null)
            {
                yield return $"torchaudio=={Torchaudio}";
            }
        }
    }

    internal static StackAnswer Of(StackCandidate candidate, IReadOnlyList<StackVerdict> machines, FitTables tables) =>
        new()
        {
            Torch = candidate.Torch.Torch,
            Build = candidate.Torch.Build,
            Python = candidate.Python,
            Index = candidate.Torch.Package is null ? candidate.Index(tables) : null,
            Package = candidate.Torch.Package,
            Cuda = candidate.Torch.Cuda?.ToString(),
            Cudnn = candidate.Torch.Cudnn,
            Nccl = candidate.Torch.Nccl,
            Nvshmem = candidate.Torch.Nvshmem,
            Triton = candidate.Torch.Triton,
            Torchvision = candidate.Torch.Torchvision,
            Torchaudio = candidate.Torch.Torchaudio,
            CompatPackage = machines.Select(machine => machine.CompatPackage).FirstOrDefault(package => package is not null),
            Note = candidate.Torch.Note,
            Machines = [.. machines.Select(MachineAnswer.Of)],
        };
}

/// <summary>A machine with the reasoning for a stack on it.</summary>
public sealed record MachineAnswer
{
    /// <summary>Name of the machine.</summary>
    public required string Machine { get; init; }

    /// <summary>Its GPUs.</summary>
    public required IReadOnlyList<string> Gpus { get; init; }

    /// <summary>Its driver, or null.</summary>
    public string? Driver { get; init; }

    /// <summary>The reasoning.</summary>
    public required Verdict Verdict { get; init; }

    internal static MachineAnswer Of(StackVerdict verdict) =>
        new()
        {
            Machine = verdict.Target.Name,
            Gpus = [.. verdict.Target.Gpus.Select(gpu => gpu.Name)],
            Driver = verdict.Target.Driver?.ToString(),
            Verdict = verdict.Verdict,
        };
}

/// <summary>JSON of <see cref="FitAnswer"/>.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(FitAnswer))]
public sealed partial class FitAnswerJson : JsonSerializerContext;
