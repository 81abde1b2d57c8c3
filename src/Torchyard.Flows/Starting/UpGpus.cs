using Torchyard.Containers.Gpus;
using Torchyard.Containers.Idle;
using Torchyard.Containers.Requests;
using Torchyard.Flows.Gpus;
using Torchyard.Flows.Hosts;
using Torchyard.Images.Oci;
using Torchyard.Platform.Errors;

namespace Torchyard.Flows.Starting;

/// <summary>Which GPUs and settings an environment of <c>up</c> gets.</summary>
internal static class UpGpus
{
    /// <summary>The GPUs that option, recipe or machine call for; null for none.</summary>
    /// <param name="host">Who asks, from where.</param>
    /// <param name="request">What the user asks for: <c>--gpus</c> wins over the recipe.</param>
    /// <param name="wait">Wait until enough are free.</param>
    /// <param name="name">Name of the environment.</param>
    /// <param name="image">Its image.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <exception cref="TorchyardException">TY5010 to TY5015.</exception>
    public static async Task<EnvironmentGpus?> ForAsync(
        Host host,
        UpRequest request,
        bool wait,
        string name,
        StoredImage image,
        CancellationToken cancellation
    )
    {
        var (recipe, option) = (request.Source.Recipe, request.Gpus);
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
            await ContainerGpus.ForContainerAsync(host, GpuRequest.ForContainer(selection, wait, name), image, cancellation) is not { } gpus
        )
        {
            if (request.IdleRelease > TimeSpan.Zero)
            {
                host.Progress.Warn($"{name} has no GPUs, so --idle-release does nothing");
            }

            return null;
        }

        WarnOfIdleRelease(host, IdleChange.Wanted(request), gpus.Injection, name);
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

    /// <summary>Says where idle GPUs cannot be given back, because nobody counts their use.</summary>
    private static void WarnOfIdleRelease(Host host, TimeSpan time, GpuInjection injection, string name)
    {
        if (time == TimeSpan.Zero)
        {
            return;
        }

        var uuids = injection.Gpus.Select(gpu => gpu.Uuid).ToList();
        var counted = GpuUse.Of(host.Gpus().ReadGpus(), uuids).Gpus.Where(gpu => gpu.UtilisationPercent is not null).ToList();
        var uncounted = injection.Gpus.Where(gpu => counted.All(known => known.Uuid != gpu.Uuid)).Select(gpu => gpu.Name).ToList();
        if (uncounted.Count > 0)
        {
            host.Progress.Warn(
                $"{name} keeps its GPUs also when they are idle: the driver does not count the use of {string.Join(", ", uncounted)}"
                    + (injection.Gpus.Any(gpu => gpu.Uuid.StartsWith("MIG-", StringComparison.Ordinal)) ? ", as of MIG devices" : "")
            );
        }
    }
}
