using System.Globalization;
using Torchyard.Fit.Data;

namespace Torchyard.Fit.Fleet;

/// <summary>Reads the name of a GPU.</summary>
internal static class GpuReader
{
    private static readonly string[] CapabilityMarks = ["sm_", "compute_", "sm", "cc"];

    /// <summary>The GPU; null when nothing is known of it.</summary>
    public static TargetGpu? Read(string name, FitTables tables)
    {
        if (tables.Names.IsModel(name))
        {
            return Of(tables.FindModel(name)!);
        }

        if (Capability(name) is { } capability)
        {
            return OfCapability(name, capability, tables);
        }

        return tables.Names.Device(name) is { } device ? Of(device, tables)
            : tables.FindModel(name) is { } model ? Of(model)
            : null;
    }

    /// <summary>A GPU of the device list.</summary>
    public static TargetGpu Of(PciDevice device, FitTables tables)
    {
        var model = tables.FindModel(device.Name);
        return new TargetGpu(device.Name, device.Capability, device.Class, Brand(device.Class, device.Name))
        {
            Host = model?.Capability == device.Capability && model.Host is { } host ? host : HostOf(device.Capability, tables),
        };
    }

    /// <summary>The only architecture of hosts of GPUs with a capability; null when there are several.</summary>
    public static string? HostOf(DottedVersion capability, FitTables tables) =>
        tables.Architectures.FirstOrDefault(row => row.Capability == capability)?.Host;

    /// <summary>NVML's brand of a product, as far as its class and name say it.</summary>
    public static string Brand(GpuClass kind, string name) =>
        kind switch
        {
            GpuClass.DataCentre => "tesla",
            GpuClass.Workstation => "nvidiartx",
            GpuClass.Consumer => name.Contains("RTX", StringComparison.Ordinal) ? "geforcertx" : "geforce",
            _ => "unknown",
        };

    private static TargetGpu Of(GpuModel model) => new(model.Name, model.Capability, model.Class, model.Brand) { Host = model.Host };

    private static TargetGpu OfCapability(string name, DottedVersion capability, FitTables tables)
    {
        var row = tables.Architectures.FirstOrDefault(row => row.Capability == capability);
        var kind =
            row?.DataCentreOnly == true ? GpuClass.DataCentre
            : row?.Tegra == true ? GpuClass.Jetson
            : GpuClass.Unknown;
        return new TargetGpu(
            string.Create(CultureInfo.InvariantCulture, $"sm_{capability.Major}{capability.Minor}"),
            capability,
            kind,
            Brand(kind, name)
        )
        {
            Host = row?.Host,
        };
    }

    /// <summary>Reads <c>sm_90</c>, <c>sm90</c>, <c>sm_90a</c>, <c>compute_90</c> and <c>9.0</c>.</summary>
    private static DottedVersion? Capability(string name)
    {
        var text = name.Trim().ToLowerInvariant();
        foreach (var mark in CapabilityMarks)
        {
            if (text.StartsWith(mark, StringComparison.Ordinal))
            {
                var digits = text[mark.Length..].TrimEnd('a', 'f');
                return digits.Length is 2 or 3 && digits.AsSpan().IndexOfAnyExceptInRange('0', '9') < 0
                    ? DottedVersion.Parse($"{digits[..^1]}.{digits[^1]}")
                    : Dotted(digits);
            }
        }

        return Dotted(text);
    }

    private static DottedVersion? Dotted(string text) =>
        text.Contains('.', StringComparison.Ordinal)
        && DottedVersion.TryParse(text, out var version)
        && version is { Major: >= 2 and < 30, Minor: < 10 }
            ? version.MajorMinor
            : null;
}
