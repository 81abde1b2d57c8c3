using System.Text.Json.Serialization;
using Torchyard.Machine.Catalogue;
using Torchyard.Machine.Gpus;
using Torchyard.Platform.Files;
using Torchyard.Reports.Bench;
using Torchyard.Reports.Doctor;
using Torchyard.Reports.Tune;
using Torchyard.Reports.Verdicts;
using Torchyard.Reports.Verify;

namespace Torchyard.Reports.Page;

/// <summary>What <c>verify</c> or <c>bench</c> found on a machine.</summary>
public sealed record GpuReport
{
    /// <summary>verify, bench or bench train.</summary>
    public required string Kind { get; init; }

    /// <summary>When it ended.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>Version of the driver.</summary>
    public string? DriverVersion { get; init; }

    /// <summary>The libraries that were used, with version and file.</summary>
    public IReadOnlyList<string> Libraries
    {
        get => field ?? [];
        init;
    } = [];

    /// <summary>What was missing.</summary>
    public IReadOnlyList<string> Problems
    {
        get => field ?? [];
        init;
    } = [];

    /// <summary>The GPUs as NVML described them at the end, under load or shortly after it.</summary>
    public IReadOnlyList<GpuState> Gpus
    {
        get => field ?? [];
        init;
    } = [];

    /// <summary>The proofs.</summary>
    public IReadOnlyList<VerifyResult> Verify
    {
        get => field ?? [];
        init;
    } = [];

    /// <summary>The numbers.</summary>
    public IReadOnlyList<BenchResult> Bench
    {
        get => field ?? [];
        init;
    } = [];

    /// <summary>What training reached in each precision.</summary>
    public IReadOnlyList<TrainingResult> Training
    {
        get => field ?? [];
        init;
    } = [];

    /// <summary>The one clear verdict.</summary>
    public required Verdict Verdict { get; init; }
}

/// <summary>JSON form of the records of this project.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    MaxDepth = RecordText.MostDepth
)]
[JsonSerializable(typeof(GpuReport))]
[JsonSerializable(typeof(GpuSnapshot))]
[JsonSerializable(typeof(List<VerifyResult>))]
[JsonSerializable(typeof(DoctorReport))]
[JsonSerializable(typeof(IReadOnlyList<GpuModel>))]
[JsonSerializable(typeof(IReadOnlyList<TuneSetting>))]
public sealed partial class GpuJson : JsonSerializerContext;
