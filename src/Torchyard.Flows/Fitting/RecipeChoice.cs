using Torchyard.Fit.Data;
using Torchyard.Flows.Hosts;
using Torchyard.Packages.Python.Versions;
using Torchyard.Recipes.Presets;
using Torchyard.Recipes.Sources;

namespace Torchyard.Flows.Fitting;

/// <summary>
/// The recipe that a verb works on, with the PyTorch line that the command line asks for, and the preset for this machine.
/// </summary>
internal static class RecipeChoice
{
    // Debian releases that presets may stand on, best first, as base-systems.json knows them.
    private static readonly (string Suite, string System)[] Suites = [(Preset.DefaultSuite, "debian:13"), ("bookworm", "debian:12")];

    /// <summary>The recipe that the user names, or that of the working directory.</summary>
    /// <param name="host">Who asks, from where.</param>
    /// <param name="named">A preset, file or directory; null for the working directory's recipe.</param>
    /// <param name="torch">PyTorch line: of a preset it becomes part of the recipe. For a file it is an option of the lock.</param>
    public static RecipeSource Find(Host host, string? named, string? torch)
    {
        var source = RecipeSource.Find(named, host.Caller.WorkingDirectory);
        return source.Preset is { } preset && torch is not null
            ? RecipeSource.FromPreset(preset, host.Caller.WorkingDirectory, torch, Suite(torch))
            : source;
    }

    /// <summary>The preset for this machine.</summary>
    public static PresetChoice ForThisMachine(Host host)
    {
        var machine = new ProjectFit(host).Machine;
        return PresetChoice.For(
            [.. machine.Gpus.Select(gpu => FitTables.Default.FindModel(gpu.Name)?.Id ?? gpu.Name)],
            machine.Unknown.Count
        );
    }

    /// <summary>The first Debian release whose Python a PyTorch version has wheels for; the default one where none has.</summary>
    public static string Suite(string torch)
    {
        var tables = FitTables.Default;
        return FitRequest.TryParseTorch(torch, out var versions)
            ? Suites
                .FirstOrDefault(suite =>
                    tables.Builds.Any(row =>
                        versions.Contains(PythonVersion.Parse(row.Torch))
                        && row.Python.Contains(tables.Systems.First(system => system.Id == suite.System).Python, StringComparer.Ordinal)
                    )
                )
                .Suite
                ?? Preset.DefaultSuite
            : Preset.DefaultSuite;
    }
}
