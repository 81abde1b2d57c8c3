using Torchyard.Fit.Data;

namespace Torchyard.Fit.Answer;

/// <summary>The smallest set of stacks that serves every machine that any stack serves.</summary>
internal static class FleetCover
{
    /// <summary>Machines up to which the exact answer is searched; above it the greedy one is taken.</summary>
    public const int ExactMachines = 24;

    /// <summary>Covers the machines.</summary>
    /// <param name="stacks">Verdicts of each stack on all machines, in the order of the machines; better stacks first.</param>
    public static IReadOnlyList<FleetStack> Smallest(IReadOnlyList<IReadOnlyList<StackVerdict>> stacks)
    {
        if (stacks.Count == 0)
        {
            return [];
        }

        var machines = stacks[0].Count;
        var sets = Distinct(stacks, machines);
        var reachable = sets.Aggregate(new bool[machines], (all, set) =>
        {
            for (var i = 0; i < machines; i++)
            {
                all[i] |= set.Serves[i];
            }

            return all;
        });
        var chosen = machines <= ExactMachines ? Exact(sets, reachable) : Greedy(sets, reachable);
        return Assign(chosen, machines);
    }

    // Of the stacks that serve the same machines only the best is of use, and none that serves a part of what a better one serves.
    private static List<Set> Distinct(IReadOnlyList<IReadOnlyList<StackVerdict>> stacks, int machines)
    {
        var kept = new List<Set>();
        foreach (var verdicts in stacks)
        {
            var serves = verdicts.Select(verdict => verdict.Fits).ToArray();
            if (serves.Contains(true) && !kept.Any(set => Enumerable.Range(0, machines).All(i => set.Serves[i] || !serves[i])))
            {
                kept.Add(new Set(verdicts, serves));
            }
        }

        kept.RemoveAll(set => kept.Any(other => other != set && Enumerable.Range(0, machines).All(i => other.Serves[i] || !set.Serves[i])));
        return kept;
    }

    private static List<Set> Exact(List<Set> sets, bool[] reachable)
    {
        var masks = sets.Select(set => Mask(set.Serves)).ToArray();
        var all = Mask(reachable);
        var greedy = Greedy(sets, reachable);
        for (var size = 1; size < greedy.Count; size++)
        {
            var picked = new List<int>(size);
            if (Search(masks, all, 0, size, picked))
            {
                return [.. picked.Select(index => sets[index])];
            }
        }

        return greedy;
    }

    // The first machine not yet served decides: only stacks that serve it are tried, so the search stays small.
    private static bool Search(uint[] masks, uint all, uint served, int left, List<int> picked)
    {
        var open = all & ~served;
        if (open == 0)
        {
            return true;
        }

        if (left == 0)
        {
            return false;
        }

        var first = open & (0u - open);
        for (var i = 0; i < masks.Length; i++)
        {
            if ((masks[i] & first) == 0)
            {
                continue;
            }

            picked.Add(i);
            if (Search(masks, all, served | masks[i], left - 1, picked))
            {
                return true;
            }

            picked.RemoveAt(picked.Count - 1);
        }

        return false;
    }

    private static List<Set> Greedy(List<Set> sets, bool[] reachable)
    {
        var open = (bool[])reachable.Clone();
        var chosen = new List<Set>();
        while (open.Contains(true))
        {
            var best = sets.MaxBy(set => set.Serves.Where((serves, i) => serves && open[i]).Count())!;
            chosen.Add(best);
            for (var i = 0; i < open.Length; i++)
            {
                open[i] &= !best.Serves[i];
            }
        }

        return chosen;
    }

    private static List<FleetStack> Assign(List<Set> chosen, int machines)
    {
        var assigned = chosen.Select(_ => new List<StackVerdict>()).ToArray();
        for (var machine = 0; machine < machines; machine++)
        {
            var best = -1;
            for (var i = 0; i < chosen.Count; i++)
            {
                if (chosen[i].Serves[machine] && (best < 0 || chosen[i].Verdicts[machine].Outcome < chosen[best].Verdicts[machine].Outcome))
                {
                    best = i;
                }
            }

            if (best >= 0)
            {
                assigned[best].Add(chosen[best].Verdicts[machine]);
            }
        }

        return
        [
            .. chosen.Select((set, i) => new FleetStack(set.Verdicts[0].Candidate, assigned[i])).Where(stack => stack.Machines.Count > 0),
        ];
    }

    private static uint Mask(bool[] serves)
    {
        var mask = 0u;
        for (var i = 0; i < serves.Length; i++)
        {
            mask |= serves[i] ? 1u << i : 0;
        }

        return mask;
    }

    private sealed record Set(IReadOnlyList<StackVerdict> Verdicts, bool[] Serves);
}
