using System.Text.Json.Serialization;
using Torchyard.Gpus.Bench;
using Torchyard.Gpus.Catalogue;
using Torchyard.Gpus.Doctor;
using Torchyard.Gpus.Machine;
using Torchyard.Gpus.Tune;
using Torchyard.Gpus.Verify;

namespace Torchyard.Gpus.Report;

/// <summary>What <c>verify</c> or <c>bench</c> found on a machine.</summary>
public sealed record GpuReport
{
    /// <summary>verify or bench.</summary>
    public required string Kind { get; init; }

    /// <summary>When it ended.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>Version of the driver.</summary>
    public string? DriverVersion { get; init; }

    /// <summary>The libraries that were used, with version and file.</summary>
    public IReadOnlyList<string> Libraries { get; init; } = [];

    /// <summary>What was missing.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];

    /// <summary>The GPUs as NVML described them at the end, under load or shortly after it.</summary>
    public IReadOnlyList<GpuState> Gpus { get; init; } = [];

    /// <summary>The proofs.</summary>
    public IReadOnlyList<VerifyResult> Verify { get; init; } = [];

    /// <summary>The numbers.</summary>
    public IReadOnlyList<BenchResult> Bench { get; init; } = [];

    /// <summary>The one clear verdict.</summary>
    public required Verdict Verdict { get; init; }
}

/// <summary>A verdict.</summary>
/// <param name="Good">True when nothing failed.</param>
/// <param name="Text">One sentence.</param>
/// <param name="Reasons">What failed or stood out.</param>
public sealed record Verdict(bool Good, string Text, IReadOnlyList<string> Reasons);

/// <summary>JSON form of the records of this project.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals)]
[JsonSerializable(typeof(GpuReport))]
[JsonSerializable(typeof(GpuSnapshot))]
[JsonSerializable(typeof(List<VerifyResult>))]
[JsonSerializable(typeof(DoctorReport))]
[JsonSerializable(typeof(IReadOnlyList<GpuModel>))]
[JsonSerializable(typeof(IReadOnlyList<TuneSetting>))]
public sealed partial class GpuJson : JsonSerializerContext;
