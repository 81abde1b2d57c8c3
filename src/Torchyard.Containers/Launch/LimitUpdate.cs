using System.Globalization;
using Torchyard.Containers.Cgroups;
using Torchyard.Containers.Requests;
using Torchyard.Containers.State;
using Torchyard.Machine.Kernel;
using Torchyard.Platform.Files;
using Torchyard.Platform.Text;

namespace Torchyard.Containers.Launch;

/// <summary>What became of a limit that was to be changed while the container ran.</summary>
/// <param name="Name">The limit as a recipe calls it: <c>memory</c>, <c>cpus</c>, <c>processes</c>.</param>
/// <param name="Before">The limit as it was, for people.</param>
/// <param name="Wanted">The limit as it was to be, for people.</param>
/// <param name="Refusal">Why it stays as it was; null when it is in force.</param>
public sealed record LimitOutcome(string Name, string Before, string Wanted, string? Refusal);

/// <summary>Changes the limits of a container that runs, and its record with them.</summary>
/// <param name="directory">The container.</param>
/// <param name="machine">What a limit is that nobody asked for.</param>
internal sealed class LimitUpdate(ContainerDirectory directory, MachineResources machine)
{
    private const string NotEnforced = "this machine does not enforce it";

    /// <summary>Changes them. What is refused stays in the record as it was, so that the next attempt finds it again.</summary>
    /// <param name="known">The container as the caller knows it: without a difference nothing else is looked at.</param>
    /// <param name="asked">All limits as they are to be.</param>
    /// <param name="bestEffort">A limit that the machine does not enforce is taken down all the same.</param>
    /// <param name="cancellation">Ends the wait for another command.</param>
    public async Task<(ContainerRecord Record, IReadOnlyList<LimitOutcome> Outcomes)> ApplyAsync(
        ContainerRecord known,
        ContainerLimits asked,
        bool bestEffort,
        CancellationToken cancellation
    )
    {
        if (!Differ(known, asked))
        {
            return (known, []);
        }

        using var alone = await FileLock.AcquireAsync(directory.Lock, exclusive: true, cancellation);
        var record = directory.RequireRecord();
        var before = record.AskedLimits ?? Adopted(record, asked);
        var wanted = EffectiveLimits.From(asked, machine);
        var live = new LiveLimits(record.Cgroups);
        var outcomes = new List<LimitOutcome>();
        if (asked.Memory != before.Memory)
        {
            Take(
                "memory",
                "--memory",
                ByteSize.Binary(record.Limits.Memory),
                ByteSize.Binary(wanted.Memory),
                asked.Memory is null,
                () => live.SetMemory(wanted.Memory),
                () =>
                    record with
                    {
                        Limits = record.Limits with { Memory = wanted.Memory },
                        AskedLimits = (record.AskedLimits ?? before) with { Memory = asked.Memory },
                    }
            );
        }

        if (asked.Cpus != before.Cpus)
        {
            Take(
                "cpus",
                "--cpus",
                Number(record.Limits.Cpus),
                Number(wanted.Cpus),
                asked.Cpus is null,
                () => live.SetCpus(wanted.Cpus),
                () =>
                    record with
                    {
                        Limits = record.Limits with { Cpus = wanted.Cpus },
                        AskedLimits = (record.AskedLimits ?? before) with { Cpus = asked.Cpus },
                    }
            );
        }

        if (asked.Processes != before.Processes)
        {
            Take(
                "processes",
                "--pids-limit",
                Number(record.Limits.Processes),
                Number(wanted.Processes),
                asked.Processes is null,
                () => live.SetProcesses(wanted.Processes),
                () =>
                    record with
                    {
                        Limits = record.Limits with { Processes = wanted.Processes },
                        AskedLimits = (record.AskedLimits ?? before) with { Processes = asked.Processes },
                    }
            );
        }

        return (record, outcomes);

        void Take(string name, string option, string was, string now, bool isDefault, Func<string?> set, Func<ContainerRecord> changed)
        {
            var refusal =
                !record.NotEnforced.Contains(option) ? set()
                : bestEffort || isDefault ? null
                : NotEnforced;
            outcomes.Add(new LimitOutcome(name, was, now, refusal));
            if (refusal is null)
            {
                record = changed();
                directory.Write(record);
                directory.WriteCopy(record);
            }
        }
    }

    private static bool Differ(ContainerRecord record, ContainerLimits asked)
    {
        var before = record.AskedLimits ?? Adopted(record, asked);
        return (asked.Memory, asked.Cpus, asked.Processes) != (before.Memory, before.Cpus, before.Processes);
    }

    /// <summary>
    /// For a container of an older program, which does not say what was asked for: what it has, where something is asked for now.
    /// </summary>
    private static ContainerLimits Adopted(ContainerRecord record, ContainerLimits asked) =>
        new()
        {
            Memory = asked.Memory is null ? null : record.Limits.Memory,
            Cpus = asked.Cpus is null ? null : record.Limits.Cpus,
            Processes = asked.Processes is null ? null : record.Limits.Processes,
            SharedMemory = asked.SharedMemory is null ? null : record.Limits.SharedMemory,
            CpusetCpus = record.Limits.CpusetCpus,
        };

    private static string Number(double number) => number.ToString("0.##", CultureInfo.InvariantCulture);
}
