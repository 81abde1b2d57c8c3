using Torchyard.Containers.Starting;
using Torchyard.Recipes.Settings;

namespace Torchyard.Flows.Starting;

/// <summary>After how long without use an environment gives its GPUs back, at its start and while it runs.</summary>
internal static class IdleChange
{
    /// <summary>What option and recipe call for; zero: never.</summary>
    public static TimeSpan Wanted(UpRequest request) => request.IdleRelease ?? request.Source.Recipe.Limits.IdleRelease ?? TimeSpan.Zero;

    /// <summary>Labels from which a later <c>up</c> sees who said what.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Labels(UpRequest request)
    {
        yield return new(EnvironmentLabels.IdleRelease, Said(request));
        if (request.IdleRelease is { } given)
        {
            yield return new(EnvironmentLabels.GivenIdleRelease, IdleTime.Written(given));
        }
    }

    /// <summary>
    /// Gives a running environment another time: that of the option, or that of a recipe which has changed. Otherwise it keeps what it has.
    /// </summary>
    public static async Task<(ContainerSession Session, IReadOnlyList<EnvironmentChange> Changes)> ApplyAsync(
        UpRequest request,
        ContainerSession session,
        CancellationToken cancellation
    )
    {
        var record = session.Record;
        var before = TimeSpan.FromSeconds(record.IdleRelease);
        var changedRecipe = (record.Labels.GetValueOrDefault(EnvironmentLabels.IdleRelease) ?? "") != Said(request);
        if (record.Gpus.Count == 0 || (request.IdleRelease is null && !changedRecipe))
        {
            return (session, []);
        }

        var wanted = Wanted(request);
        if (wanted == before && !changedRecipe)
        {
            return (session, []);
        }

        var labels = new Dictionary<string, string>(record.Labels);
        labels.Remove(EnvironmentLabels.GivenIdleRelease);
        foreach (var (label, value) in Labels(request))
        {
            labels[label] = value;
        }

        var changed = await session.SetIdleReleaseAsync(wanted, labels, cancellation);
        return wanted == before
            ? (changed, [])
            : (
                changed,
                [
                    new EnvironmentChange
                    {
                        What = "limits.idle-release",
                        Running = IdleTime.Written(before),
                        Recipe = IdleTime.Written(wanted),
                        State = ChangeState.Applied,
                        Text = $"idle-release {IdleTime.Shown(wanted)}, was {IdleTime.Shown(before)}",
                    },
                ]
            );
    }

    private static string Said(UpRequest request) => request.Source.Recipe.Limits.IdleRelease is { } time ? IdleTime.Written(time) : "";
}
