using Torchyard.Images.Capture.Plan;
using Torchyard.Images.Capture.Prove;
using Torchyard.Images.Oci;

namespace Torchyard.Images.Capture;

/// <summary>A layer that was made or found.</summary>
/// <param name="Plan">What it has.</param>
/// <param name="Packed">Its blob.</param>
/// <param name="Reused">True when nothing of it was read because nothing had changed.</param>
internal sealed record CapturedLayer(PlannedLayer Plan, PackedLayer Packed, bool Reused);

/// <summary>A layer of a report.</summary>
public sealed record CaptureLayerReport
{
    /// <summary>What it has.</summary>
    public required string Title { get; init; }

    /// <summary>Number of files.</summary>
    public required int Files { get; init; }

    /// <summary>Bytes of the files, without bytecode that the capture makes.</summary>
    public required long Size { get; init; }

    /// <summary>Bytes of the blob; null before it is made.</summary>
    public required long? Compressed { get; init; }

    /// <summary>Digest of the blob; null before it is made.</summary>
    public required string? Digest { get; init; }

    /// <summary>True when an earlier capture had made it.</summary>
    public required bool Reused { get; init; }
}

/// <summary>A library that nothing provides, neither the environment nor the machine.</summary>
/// <param name="Library">Its name.</param>
/// <param name="NeededBy">A file that asks for it.</param>
public sealed record MissingLibraryReport(string Library, string NeededBy);

/// <summary>What a capture takes, leaves out and found.</summary>
public sealed record CaptureReport
{
    /// <summary>The directory on the machine.</summary>
    public required string Directory { get; init; }

    /// <summary>The directory in the image.</summary>
    public required string Target { get; init; }

    /// <summary>What the directory is.</summary>
    public required EnvironmentKind Kind { get; init; }

    /// <summary>Version of its interpreter, or null.</summary>
    public required string? Python { get; init; }

    /// <summary>The interpreter's file on the machine, or null.</summary>
    public required string? Interpreter { get; init; }

    /// <summary>The machine's system.</summary>
    public required string System { get; init; }

    /// <summary>Services of the image.</summary>
    public required IReadOnlyList<string> Services { get; init; }

    /// <summary>Distributions as <c>name version</c>.</summary>
    public required IReadOnlyList<string> Distributions { get; init; }

    /// <summary>The machine's packages as <c>name version</c>.</summary>
    public required IReadOnlyList<string> Packages { get; init; }

    /// <summary>Layers, bottom first.</summary>
    public required IReadOnlyList<CaptureLayerReport> Layers { get; init; }

    /// <summary>What was taken from outside the environment.</summary>
    public required IReadOnlyList<Addition> Added { get; init; }

    /// <summary>What was not taken.</summary>
    public required IReadOnlyList<Omission> LeftOut { get; init; }

    /// <summary>Libraries that are nowhere.</summary>
    public required IReadOnlyList<MissingLibraryReport> Missing { get; init; }

    /// <summary>Libraries of the NVIDIA driver that the environment loads: <c>run --gpus</c> brings those of its machine.</summary>
    public required IReadOnlyList<string> Drivers { get; init; }

    /// <summary>What to know before relying on the image.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>How the finished image did; null for a preview.</summary>
    public CaptureTrial? Trial { get; init; }

    /// <summary>Bytes of files that were read.</summary>
    public long BytesRead { get; init; }

    /// <summary>Time that reading, compressing and writing took; zero for a preview.</summary>
    public TimeSpan Elapsed { get; init; }

    internal static CaptureReport Of(CapturePlan plan) => Of(plan, [], TimeSpan.Zero);

    internal static CaptureReport Of(CapturePlan plan, IReadOnlyList<CapturedLayer> layers, TimeSpan elapsed) =>
        new()
        {
            Directory = plan.Environment.Path,
            Target = plan.Target,
            Kind = plan.Environment.Kind,
            Python = plan.Environment.FullVersion,
            Interpreter = plan.Environment.RealInterpreter,
            System = plan.System,
            Services =
            [
                .. new[] { plan.Services.Jupyter is null ? null : "jupyter", plan.Services.Ssh is null ? null : "ssh" }.OfType<string>(),
            ],
            Distributions = [.. plan.Distributions.Select(distribution => $"{distribution.Name} {distribution.Version}")],
            Packages = [.. plan.Packages.Select(package => $"{package.Name} {package.Version}")],
            Layers =
                layers.Count > 0
                    ?
                    [
                        .. layers.Select(layer => new CaptureLayerReport
                        {
                            Title = layer.Plan.Title,
                            Files = layer.Plan.Files,
                            Size = layer.Plan.Size,
                            Compressed = layer.Packed.Size,
                            Digest = layer.Packed.Blob.ToString(),
                            Reused = layer.Reused,
                        }),
                    ]
                    :
                    [
                        .. plan.Layers.Select(layer => new CaptureLayerReport
                        {
                            Title = layer.Title,
                            Files = layer.Files,
                            Size = layer.Size,
                            Compressed = null,
                            Digest = null,
                            Reused = false,
                        }),
                    ],
            Added = plan.Added,
            LeftOut = plan.LeftOut,
            Missing = [.. plan.Missing.Select(missing => new MissingLibraryReport(missing.Name, missing.NeededBy))],
            Drivers = [.. plan.Drivers],
            Warnings = plan.Warnings,
            BytesRead = layers.Where(layer => !layer.Reused).Sum(layer => layer.Plan.Size),
            Elapsed = elapsed,
        };
}
