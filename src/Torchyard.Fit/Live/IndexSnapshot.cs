using System.Text.Json;
using System.Text.Json.Serialization;

namespace Torchyard.Fit.Live;

/// <summary>What the indexes had of PyTorch on a day.</summary>
public sealed record IndexSnapshot
{
    /// <summary>Form of the record in the store; another is not read.</summary>
    public const int CurrentForm = 1;

    /// <summary>Form of this record.</summary>
    public int Form { get; init; } = CurrentForm;

    /// <summary>When the indexes were asked.</summary>
    public required DateTimeOffset AsOf { get; init; }

    /// <summary>Root of the index that was asked.</summary>
    public required string Index { get; init; }

    /// <summary>The builds.</summary>
    public required IReadOnlyList<IndexedBuild> Builds { get; init; }

    /// <summary>Number of wheels with a variant label, which were left out.</summary>
    public int Variants { get; init; }

    /// <summary>The day, as YYYY-MM-DD.</summary>
    [JsonIgnore]
    public string Day => AsOf.UtcDateTime.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>The record as it is kept.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, IndexSnapshotJson.Default.IndexSnapshot);

    /// <summary>Reads a record; null for one that is damaged or of another form.</summary>
    public static IndexSnapshot? FromJson(ReadOnlySpan<byte> content)
    {
        try
        {
            return JsonSerializer.Deserialize(content, IndexSnapshotJson.Default.IndexSnapshot) is { Form: CurrentForm } read ? read : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>A release of PyTorch in one build, as an index lists it.</summary>
public sealed record IndexedBuild
{
    /// <summary>Release, e.g. <c>2.9.1</c>.</summary>
    public required string Torch { get; init; }

    /// <summary>Build, e.g. <c>cu128</c>.</summary>
    public required string Build { get; init; }

    /// <summary>CPython versions with an x86_64 wheel.</summary>
    public IReadOnlyList<string> X86 { get; init; } = [];

    /// <summary>CPython versions with an aarch64 wheel.</summary>
    public IReadOnlyList<string> Arm { get; init; } = [];

    /// <summary>Minor version of glibc 2 that the x86_64 wheels ask for; null when their tag does not say.</summary>
    public int? X86Glibc { get; init; }

    /// <summary>The same of the aarch64 wheels.</summary>
    public int? ArmGlibc { get; init; }

    /// <summary>True when every wheel was taken back.</summary>
    public bool IsYanked { get; init; }

    /// <summary>What METADATA of a wheel pins; null when it was not read.</summary>
    public IndexedPins? Pins { get; init; }
}

/// <summary>Versions that METADATA of a wheel of torch pins; null for what it does not.</summary>
public sealed record IndexedPins
{
    /// <summary>CUDA release, from <c>cuda-toolkit</c> or the CUDA runtime.</summary>
    public string? Cuda { get; init; }

    /// <summary>cuDNN.</summary>
    public string? Cudnn { get; init; }

    /// <summary>NCCL.</summary>
    public string? Nccl { get; init; }

    /// <summary>NVSHMEM.</summary>
    public string? Nvshmem { get; init; }

    /// <summary>cuSPARSELt.</summary>
    public string? Cusparselt { get; init; }

    /// <summary>Triton.</summary>
    public string? Triton { get; init; }
}

[JsonSerializable(typeof(IndexSnapshot))]
internal sealed partial class IndexSnapshotJson : JsonSerializerContext;
