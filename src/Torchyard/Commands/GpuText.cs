using System.Globalization;

namespace Torchyard.Commands;

/// <summary>Numbers about GPUs as people read them.</summary>
internal static class GpuText
{
    /// <summary>Gibibytes with one digit; a dash when unknown.</summary>
    public static string Gibibytes(long? bytes) => bytes is { } b ? (b / 1073741824.0).ToString("0.0", CultureInfo.InvariantCulture) : "-";

    /// <summary>A rate; a dash when unknown.</summary>
    public static string Rate(double? value) => value is { } v ? v.ToString(v < 100 ? "0.#" : "0", CultureInfo.InvariantCulture) : "-";
}
