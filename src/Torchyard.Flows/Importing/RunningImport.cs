using System.Globalization;
using Torchyard.Containers.Requests;
using Torchyard.Containers.State;
using Torchyard.Flows.Hosts;
using Torchyard.Flows.Starting;
using Torchyard.Machine.Kernel;
using Torchyard.Platform.Files;
using Torchyard.Platform.Text;
using Torchyard.Recipes.Settings;

namespace Torchyard.Flows.Importing;

/// <summary>
/// What an environment was started with as part of a recipe: limits, mounts, caches and variables. What only the command line can say is
/// named: ports, volumes, another network.
/// </summary>
internal static class RunningImport
{
    /// <summary>Adds what a container has.</summary>
    /// <param name="import">The translation.</param>
    /// <param name="host">The machine.</param>
    /// <param name="record">The container.</param>
    /// <param name="recipe">The recipe of its image; null where nobody knows it.</param>
    public static void Add(Import import, Host host, ContainerRecord record, Recipe? recipe)
    {
        var shown = record.Name;
        AddLimits(import, shown, record, recipe);
        AddMounts(import, host, record);
        AddVariables(import, shown, record, recipe);
        foreach (var port in record.Ports)
        {
            import.Gap(
                shown,
                $"port {port}",
                "an environment of a recipe has the machine's network, on which its programs listen: no port is published"
            );
        }

        if (record.Network != NetworkMode.Host)
        {
            import.Gap(
                shown,
                $"--network {record.Network.ToString().ToLowerInvariant()}",
                "an environment of a recipe has the machine's network"
            );
        }

        if (!record.Labels.ContainsKey(ContainerLabels.Project))
        {
            import.Gap(
                shown,
                "the command that it was started with",
                "an environment stays up and runs what you tell it: torchyard exec NAME COMMAND"
            );
        }
    }

    private static void AddLimits(Import import, string shown, ContainerRecord record, Recipe? recipe)
    {
        var written = recipe?.Limits ?? new LimitSettings();
        var gpus = record.Labels.TryGetValue(EnvironmentLabels.Gpus, out var had) ? (had.Length > 0 ? had : null) : written.Gpus;
        var asked = record.AskedLimits;
        // Shares of the machine stay shares, as long as they are what it has.
        var limits =
            asked is null || (recipe is not null && EnvironmentRequest.Limits(recipe, MachineResources.Detect()) == asked)
                ? written with
                {
                    Gpus = gpus,
                }
                : new LimitSettings
                {
                    Memory = asked.Memory,
                    Cpus = asked.Cpus,
                    SharedMemory = asked.SharedMemory,
                    Processes = asked.Processes,
                    Gpus = gpus,
                };
        if (limits != new LimitSettings())
        {
            import.Take(shown, Text(limits), "limits", taken => taken with { Limits = limits });
        }

        if (asked?.CpusetCpus is { } cpus)
        {
            import.Gap(shown, $"--cpuset-cpus {cpus}", "a recipe says how many CPUs an environment has, and not which: limits.cpus");
        }
    }

    private static string Text(LimitSettings limits) =>
        string.Join(
            ", ",
            new[]
            {
                Size("memory", limits.Memory, limits.MemoryShare),
                limits.Cpus is { } cpus ? string.Create(CultureInfo.InvariantCulture, $"cpus {cpus}") : null,
                Size("shared memory", limits.SharedMemory, limits.SharedMemoryShare),
                limits.Processes is { } processes ? string.Create(CultureInfo.InvariantCulture, $"processes {processes}") : null,
                limits.Gpus is { } gpus ? $"gpus {gpus}" : null,
            }.OfType<string>()
        );

    private static string? Size(string name, long? bytes, double? share) =>
        bytes is { } size ? $"{name} {ByteSize.Binary(size)}"
        : share is { } part ? string.Create(CultureInfo.InvariantCulture, $"{name} {part * 100:0.##}%")
        : null;

    private static void AddMounts(Import import, Host host, ContainerRecord record)
    {
        var shown = record.Name;
        var caches = SharedCache.All.Where(cache => record.Mounts.Any(mount => mount.Target == cache.Target)).ToList();
        if (caches.Count > 0)
        {
            import.Take(shown, string.Join(", ", caches.Select(cache => cache.Name)), "caches", taken => taken with { Caches = caches });
        }

        foreach (
            var mount in record.Mounts.Where(mount =>
                !EnvironmentRequest.OwnTargets.Contains(mount.Target) && caches.TrueForAll(cache => cache.Target != mount.Target)
            )
        )
        {
            if (mount.Kind != MountKind.Bind)
            {
                import.Gap(
                    shown,
                    $"{(mount.Kind == MountKind.Volume ? $"volume {mount.Source}" : "tmpfs")} at {mount.Target}",
                    "a recipe mounts directories of the machine: write a [[mounts]] for it"
                );
                continue;
            }

            var setting = new MountSetting(Source(import, host, mount.Source), mount.Target, mount.ReadOnly);
            import.Take(shown, $"{mount.Source} at {mount.Target}", $"mounts {setting.Source}", taken =>
                taken with
                {
                    Mounts = [.. taken.Mounts, setting],
                }
            );
        }
    }

    /// <summary>A directory as a recipe names it: from the project on, from home on, or as it is.</summary>
    private static string Source(Import import, Host host, string directory)
    {
        var home = host.Caller.Home is { Length: > 0 } path ? RealPath.Of(path) : null;
        return RealPath.IsWithin(directory, RealPath.Of(import.Project))
                ? "./" + Path.GetRelativePath(RealPath.Of(import.Project), directory)
            : home is not null && home != "/" && RealPath.IsWithin(directory, home) ? "~/" + Path.GetRelativePath(home, directory)
            : directory;
    }

    private static void AddVariables(Import import, string shown, ContainerRecord record, Recipe? recipe)
    {
        foreach (var (name, value) in recipe?.Environment.Variables ?? new Dictionary<string, string>())
        {
            import.Took(shown, name, "environment", import.Draft.SetRunVariable(name, value));
        }

        if (recipe?.Environment.Pass is { Count: > 0 } pass)
        {
            import.Take(shown, string.Join(", ", pass.Select(variable => variable.Text)), "environment.pass", taken =>
                taken with
                {
                    Environment = taken.Environment with { Pass = pass },
                }
            );
        }

        foreach (var name in Names(record, EnvironmentLabels.GivenVariables))
        {
            import.Gap(shown, $"-e {name}", "it was given on the command line: write it into [environment], or its name into 'pass'");
        }

        var known = recipe is null
            ? []
            : recipe.Environment.Variables.Keys.Concat(recipe.Environment.Pass.Select(variable => variable.Name)).ToList();
        foreach (var name in Names(record, EnvironmentLabels.Variables).Except(known, StringComparer.Ordinal))
        {
            import.Gap(
                shown,
                name,
                "the recipe that it was started with sets it, and not the one of its image: write it into [environment]"
            );
        }
    }

    private static string[] Names(ContainerRecord record, string label) =>
        record.Labels.GetValueOrDefault(label)?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
}
