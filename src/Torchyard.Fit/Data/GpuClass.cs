using System.Text.Json.Serialization;

namespace Torchyard.Fit.Data;

/// <summary>Product line of a GPU; NVIDIA supports forward compatibility by it.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<GpuClass>))]
public enum GpuClass
{
    /// <summary>Not known.</summary>
    [JsonStringEnumMemberName("unknown")]
    Unknown,

    /// <summary>Data-centre products, formerly Tesla.</summary>
    [JsonStringEnumMemberName("data-centre")]
    DataCentre,

    /// <summary>RTX and Quadro workstation products.</summary>
    [JsonStringEnumMemberName("workstation")]
    Workstation,

    /// <summary>GeForce and TITAN.</summary>
    [JsonStringEnumMemberName("consumer")]
    Consumer,

    /// <summary>Jetson boards.</summary>
    [JsonStringEnumMemberName("jetson")]
    Jetson,
}

/// <summary>How <see cref="GpuClass"/> is written in data files and texts.</summary>
internal static class GpuClassText
{
    /// <summary>The written form, e.g. <c>data-centre</c>.</summary>
    public static string Text(this GpuClass value) =>
        value switch
        {
            GpuClass.DataCentre => "data-centre",
            GpuClass.Workstation => "workstation",
            GpuClass.Consumer => "consumer",
            GpuClass.Jetson => "jetson",
            _ => "unknown",
        };
}
