using System.Text.RegularExpressions;
using Torchyard.Recipes.Toml;

namespace Torchyard.Recipes;

/// <summary>Reads <c>[fit]</c>. Whether a GPU or a release is known, the fit itself says.</summary>
internal static partial class FitReader
{
    public static FitSettings Read(TomlTableReader table)
    {
        var result = new FitSettings
        {
            Gpus = table.Texts("gpus") ?? [],
            Driver = table.Text("driver"),
            Torch = table.Text("torch"),
            Build = table.Text("build"),
            Fleet = table.Text("fleet"),
        };
        table.Finish();
        if (result.Fleet is not null && (result.Gpus.Count > 0 || result.Driver is not null))
        {
            throw table.Wrong("fleet", "'fleet' names the machines, and 'gpus' or 'driver' name others", "keep 'fleet', or 'gpus' and 'driver'", "TY1007");
        }

        if (result.Driver is { } driver && !DriverPattern().IsMatch(driver))
        {
            throw table.Wrong("driver", $"'{driver}' is no driver version", "write it like driver = \"535.183.01\"");
        }

        if (result.Build is { } build && !BuildPattern().IsMatch(build))
        {
            throw table.Wrong("build", $"'{build}' is no build of PyTorch", "write it like build = \"cu128\", or leave it out to have it chosen");
        }

        return result;
    }

    [GeneratedRegex(@"\A[0-9]{3}(?:\.[0-9]{1,3}){0,2}\z", RegexOptions.CultureInvariant)]
    private static partial Regex DriverPattern();

    [GeneratedRegex(@"\A(?:cpu|cu[0-9]{3})\z", RegexOptions.CultureInvariant)]
    private static partial Regex BuildPattern();
}
