using Torchyard.Platform.Errors;
using Torchyard.Trimming.Errors;
using Torchyard.Trimming.Fatbins;

namespace Torchyard.Trimming.Rules;

/// <summary>For which GPUs device code stays.</summary>
public sealed record TrimTargets
{
    /// <summary>The architectures, each once, oldest first.</summary>
    public required IReadOnlyList<CudaArchitecture> Architectures { get; init; }

    /// <summary>All PTX stays, for GPUs that are newer than the targets.</summary>
    public bool KeepPtx { get; init; }

    /// <summary>Targets from names such as <c>sm_90</c>.</summary>
    /// <exception cref="TorchyardException">TY3081: a name is something else, or there is none.</exception>
    public static TrimTargets Of(IEnumerable<string> names, bool keepPtx = false) => Of(names.Select(CudaArchitecture.Parse), keepPtx);

    /// <summary>Targets from architectures in any order.</summary>
    public static TrimTargets Of(IEnumerable<CudaArchitecture> architectures, bool keepPtx = false) =>
        architectures.Distinct().Order().ToList() is { Count: > 0 } targets
            ? new() { Architectures = targets, KeepPtx = keepPtx }
            // For no GPU, nothing would stay.
            : throw TrimErrors.Architecture("");
}
