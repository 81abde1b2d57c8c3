using Torchyard.Containers.Gpus;
using Torchyard.Flows.Gpus;
using Torchyard.Flows.Hosts;
using Torchyard.Images.Oci;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Settings;

namespace Torchyard.Flows.Starting;

/// <summary>Which GPUs and settings an environment of <c>up</c> gets.</summary>
internal static class UpGpus
{
    /// <summary>The GPUs that option, recipe or machine call for; null for none.</summary>
    /// <param name="host">Who asks, from where.</param>
    /// <param name="recipe">The recipe.</param>
    /// <param name="option"><c>--gpus</c>, which wins over the recipe.</param>
    /// <param name="wait">Wait until enough are free.</param>
    /// <param name="name">Name of the environment.</param>
    /// <param name="image">Its image.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <exception cref="TorchyardException">TY5010 to TY5015.</exception>
    public static async Task<EnvironmentGpus?> ForAsync(
        Host host,
        Recipe recipe,
        string? option,
        bool wait,
        string name,
        StoredImage image,
        CancellationToken cancellation
    )
    {
        var machine = host.Gpus();
        var selection =
            (option ?? recipe.Limits.Gpus) is { } text ? GpuSelection.Parse(text)
            : machine.HasDriver && host.Caller.Variable("CUDA_VISIBLE_DEVICES") is not "" && machine.AllGpus().Count > 0
                ? GpuSelection.AllFree
            : GpuSelection.None;
        if (option is null && recipe.Limits.Gpus is null && selection.Kind == GpuSelectionKind.None && machine.WhyUnusable() is { } why)
        {
            host.Progress.Warn($"{why}: the environment gets none; torchyard doctor says what fixes it");
        }

        if (
            await ContainerGpus.ForContainerAsync(host, new GpuRequest(selection, wait, $"container {name}"), image, cancellation)
            is not { } gpus
        )
        {
            return null;
        }

        var processors = recipe.Limits.Cpus is { } cpus ? Math.Max(1, (int)cpus) : Environment.ProcessorCount;
        var set = image.Config.Env.Select(variable => variable.Split('=', 2)[0]).ToHashSet(StringComparer.Ordinal);
        var tuned = machine.Tune(processors, gpus.Count).Where(setting => setting.Present is null && !set.Contains(setting.Name)).ToList();
        if (tuned.Count > 0)
        {
            host.Progress.Note(
                $"Set for this machine: {string.Join(", ", tuned.Select(setting => $"{setting.Name}={setting.Value}"))}; 'torchyard "
                    + "tune' says why"
            );
        }

        return new EnvironmentGpus(
            gpus.Injection,
            [.. tuned.Select(setting => $"{setting.Name}={setting.Value}"), .. gpus.Inherited],
            gpus
        );
    }
}
