using System.Text.RegularExpressions;
using Torchyard.Platform.Toml;
using Torchyard.Recipes.Settings;

namespace Torchyard.Recipes.Reading;

/// <summary><c>[fit]</c> of a recipe. Whether a GPU or a release is known, the fit itself says.</summary>
internal sealed partial class FitSection : IRecipeSection
{
    public string Table => "fit";

    public Recipe Read(TomlTableReader table, Recipe recipe) => recipe with { Fit = Read(table) };

    public void Write(TomlText text, Recipe recipe, string path)
    {
        if (recipe.Fit is { } fit)
        {
            text.Header(path)
                .Add("gpus", fit.Gpus)
                .Add("driver", fit.Driver)
                .Add("torch", fit.Torch)
                .Add("build", fit.Build)
                .Add("fleet", fit.Fleet);
        }
    }

    private static FitSettings Read(TomlTableReader table)
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
            throw table.Wrong(
                "fleet",
                "'fleet' names the machines, and 'gpus' or 'driver' name others",
                "keep 'fleet', or 'gpus' and 'driver'",
                "TY1007"
            );
        }

        if (result.Driver is { } driver && !DriverPattern().IsMatch(driver))
        {
            throw table.Wrong("driver", $"'{driver}' is not a driver version", "write it like driver = \"535.183.01\"");
        }

        if (result.Build is { } build && !BuildPattern().IsMatch(build))
        {
            throw table.Wrong(
                "build",
                $"'{build}' is not a build of PyTorch",
                "write it like build = \"cu128\", or leave it out to have it chosen"
            );
        }

        return result;
    }

    [GeneratedRegex(@"\A[0-9]{3}(?:\.[0-9]{1,3}){0,2}\z", RegexOptions.CultureInvariant)]
    private static partial Regex DriverPattern();

    [GeneratedRegex(@"\A(?:cpu|cu[0-9]{3})\z", RegexOptions.CultureInvariant)]
    private static partial Regex BuildPattern();
}
