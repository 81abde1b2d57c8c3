using Torchyard.Containers.State;
using Torchyard.Platform.Reporting;
using Torchyard.Recipes.Settings;

namespace Torchyard.Flows.Starting;

/// <summary>An environment that Torchyard stopped because its GPUs were idle starts again as it was.</summary>
internal static class GivenBack
{
    /// <summary>Says why it does not run, and gives it what the command line said when it was started, where it says nothing now.</summary>
    /// <param name="request">What the user asks for now.</param>
    /// <param name="existing">The containers of the project.</param>
    /// <param name="progress">Told why.</param>
    public static UpRequest Renew(UpRequest request, IReadOnlyList<ContainerInfo> existing, IProgressSink progress)
    {
        if (existing.FirstOrDefault(container => !container.IsRunning && container.State.Stopped is not null) is not { } old)
        {
            return request;
        }

        progress.Note($"{old.Record.Name} was stopped: {old.State.Stopped}; starting it again");
        var labels = old.Record.Labels;
        return request with
        {
            Gpus = request.Gpus ?? labels.GetValueOrDefault(EnvironmentLabels.GivenGpus),
            IdleRelease = request.IdleRelease
                ?? (
                    labels.GetValueOrDefault(EnvironmentLabels.GivenIdleRelease) is { } given && IdleTime.Read(given, out var time) is null
                        ? time
                        : null
                ),
        };
    }
}
