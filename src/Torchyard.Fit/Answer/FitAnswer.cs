using System.Text.Json.Serialization;
using Torchyard.Fit.Data;

namespace Torchyard.Fit.Answer;

/// <summary>A report as <c>--json</c> prints it and the lock records it.</summary>
public sealed record FitAnswer
{
    /// <summary>The form of this answer; it grows when a member changes its meaning or goes, not when one is added.</summary>
    public int SchemaVersion { get; init; } = 2;

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

    /// <summary>The driver that would help each machine whose own stands in the way.</summary>
    public IReadOnlyList<DriverAnswer> Drivers { get; init; } = [];

    /// <summary>What to know besides: names given twice, what was not asked.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>What builds of PyTorch are known, in words, when none of them is what was asked for.</summary>
    public string? Known { get; init; }

    /// <summary>The day on which the builds were what the answer takes them to be.</summary>
    public string? AsOf { get; init; }

    /// <summary>The index that said so; null when it is the table of the program.</summary>
    public string? AsOfIndex { get; init; }

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
            DriverThatFits =
                report.Drivers.Count > 0 && report.Drivers.All(help => help.Driver is not null)
                    ? report.Drivers.Max(help => help.Driver!.Value).ToString()
                    : null,
            Drivers = [.. report.Drivers.Select(DriverAnswer.Of)],
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
            Torchvision = tables.CompanionFor("torchvision", candidate.Torch.Torchvision, candidate.Python),
            Torchaudio = tables.CompanionFor("torchaudio", candidate.Torch.Torchaudio, candidate.Python),
            CompatPackage = Compat(candidate, machines, tables),
            Note = candidate.Torch.Note,
            Machines = [.. machines.Select(MachineAnswer.Of)],
        };

    /// <summary>The package that serves all machines; where none does, that of the first which needs one.</summary>
    private static string? Compat(StackCandidate candidate, IReadOnlyList<StackVerdict> machines, FitTables tables) =>
        machines.Select(machine => machine.CompatPackage).FirstOrDefault(package => package is not null) is { } own
            ? ForwardChoice.Releases(candidate.Torch.Cuda!.Value, machines, tables) is [var first, ..]
                ? first.Package
                : own
            : null;
}

/// <summary>A machine with the reasoning for a stack on it.</summary>
public sealed record MachineAnswer
{
    /// <summary>Name of the machine.</summary>
    public required string Machine { get; init; }

    /// <summary>Names of the machines that are like it; null for none.</summary>
    public IReadOnlyList<string>? Alike { get; init; }

    /// <summary>Its GPUs.</summary>
    public required IReadOnlyList<string> Gpus { get; init; }

    /// <summary>Its driver, or null.</summary>
    public string? Driver { get; init; }

    /// <summary>Its architecture.</summary>
    public required string Architecture { get; init; }

    /// <summary>The reasoning.</summary>
    public required Verdict Verdict { get; init; }

    internal static MachineAnswer Of(StackVerdict verdict) =>
        new()
        {
            Machine = verdict.Target.Name,
            Alike = verdict.Target.Alike.Count > 0 ? verdict.Target.Alike : null,
            Architecture = verdict.Target.Architecture,
            Gpus = [.. verdict.Target.Gpus.Select(gpu => gpu.Name)],
            Driver = verdict.Target.Driver?.ToString(),
            Verdict = verdict.Verdict,
        };
}

/// <summary>The driver that would help a machine.</summary>
/// <param name="Machine">Name of the machine, with those like it.</param>
/// <param name="Driver">The oldest that helps; null when none does.</param>
/// <param name="LastBranch">The last branch that supports its GPUs, where there is one.</param>
/// <param name="Advice">The same as a sentence.</param>
public sealed record DriverAnswer(string Machine, string? Driver, int? LastBranch, string Advice)
{
    internal static DriverAnswer Of(DriverHelp help) =>
        new(
            help.Target.Title,
            help.Driver?.ToString(),
            help.LastBranch,
            (help.Driver, help.LastBranch) switch
            {
                ({ } driver, null) => $"with driver {driver} or newer, what was asked for fits",
                ({ } driver, { } last) =>
                    $"with driver {driver} or newer, up to branch {last}, the last that supports {help.Last}, what was asked for fits",
                (null, { } last) when help.Target.Driver?.Major > last =>
                    $"branch {last} is the last that supports {help.Last}: driver {help.Target.Driver} is past it, "
                        + "and only going back helps",
                (null, { } last) => $"no driver helps: this needs a newer one than branch {last}, the last that supports {help.Last}",
                _ => "no driver helps",
            }
        );
}

/// <summary>JSON of <see cref="FitAnswer"/>.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(FitAnswer))]
public sealed partial class FitAnswerJson : JsonSerializerContext;
