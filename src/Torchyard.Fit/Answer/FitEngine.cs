using Torchyard.Fit.Data;
using Torchyard.Packages.Python.Versions;

namespace Torchyard.Fit.Answer;

/// <summary>Chooses the stack for a machine or a fleet, or says why none fits and which is nearest.</summary>
public sealed class FitEngine(FitTables tables)
{
    private readonly StackJudge _judge = new(tables);

    /// <summary>Judges every stack that the request allows on every machine.</summary>
    /// <param name="request">What is asked for.</param>
    /// <param name="targets">At least one machine.</param>
    public FitReport Resolve(FitRequest request, IReadOnlyList<FitTarget> targets)
    {
        ArgumentOutOfRangeException.ThrowIfZero(targets.Count);
        targets = FitTarget.Kinds(targets);
        var preference = new StackPreference(request);
        var ranked = Rank([.. Candidates(request)], request, targets, preference);
        var best = ranked.FirstOrDefault(stack => stack.Fits);
        if (best is not null)
        {
            return new FitReport
            {
                Chosen = best.Verdicts,
                Stacks = [new FleetStack(best.Candidate, best.Verdicts)],
                ServesAll = true,
            };
        }

        var stacks = FleetCover.Smallest([.. ranked.Select(stack => (IReadOnlyList<StackVerdict>)stack.Verdicts)]);
        var servesAll = stacks.Sum(stack => stack.Machines.Count) == targets.Count;
        return new FitReport
        {
            Chosen = [],
            Stacks = stacks,
            ServesAll = servesAll,
            Nearest = servesAll ? [] : Nearest(request, targets, preference, static stack => stack.Fits),
            Drivers = new DriverAdvice(tables, _judge).For([.. Candidates(request)], request, targets),
            Refused = ranked.Count > 0 ? ranked[0].Verdicts : [],
        };
    }

    /// <summary>The reasoning for one named stack on one machine.</summary>
    public StackVerdict Judge(StackCandidate candidate, FitTarget target, FitRequest request) => _judge.Judge(candidate, target, request);

    /// <summary>Every stack that a request allows: rows of the build table with the interpreters that come into question.</summary>
    public IEnumerable<StackCandidate> Candidates(FitRequest request)
    {
        foreach (var build in request.Build is null ? tables.Builds : tables.Builds.Concat(tables.DebianBuilds))
        {
            if (request.Torch is not null && !request.Torch.Contains(PythonVersion.Parse(build.Torch)))
            {
                continue;
            }

            if (request.Build is not null && !request.Build.Equals(build.Build, StringComparison.Ordinal))
            {
                continue;
            }

            if (request.Python is not null)
            {
                yield return new StackCandidate(build, request.Python);
                continue;
            }

            foreach (var python in build.Python)
            {
                yield return new StackCandidate(build, python);
            }
        }
    }

    private List<Ranked> Rank(
        IReadOnlyList<StackCandidate> candidates,
        FitRequest request,
        IReadOnlyList<FitTarget> targets,
        StackPreference preference
    )
    {
        var ranked = new List<Ranked>(candidates.Count);
        foreach (var build in candidates.GroupBy(candidate => candidate.Torch))
        {
            var findings = targets.Select(target => _judge.Build(build.First(), target, request)).ToArray();
            foreach (var candidate in build)
            {
                var verdicts = targets.Select((target, i) => _judge.Judge(candidate, target, request, findings[i])).ToArray();
                ranked.Add(new Ranked(candidate, verdicts, preference.Key(candidate, verdicts)));
            }
        }

        ranked.Sort((left, right) => left.Key.CompareTo(right.Key));
        return ranked;
    }

    /// <summary>The nearest stack that runs on every machine without forward compatibility; null when there is none.</summary>
    public StackCandidate? NearestWithoutForward(FitRequest request, IReadOnlyList<FitTarget> targets) =>
        Nearest(request, FitTarget.Kinds(targets), new StackPreference(request), static stack =>
            stack.Fits && stack.Verdicts.All(verdict => verdict.Road != DriverRoad.Forward)
        )
            is [var first, ..]
            ? first.Candidate
            : null;

    /// <summary>The stack that suits with the fewest and smallest changes: build first, then the release, then Python.</summary>
    private StackVerdict[] Nearest(
        FitRequest request,
        IReadOnlyList<FitTarget> targets,
        StackPreference preference,
        Func<Ranked, bool> suits
    )
    {
        var open = request with { Torch = null, Build = null, Python = null };
        var asked = tables.Builds.Select(build => build.Torch).Distinct().ToList();
        var wanted = request.Torch is null
            ? []
            : asked
                .Select((torch, index) => (torch, index))
                .Where(pair => request.Torch.Contains(PythonVersion.Parse(pair.torch)))
                .Select(pair => pair.index)
                .ToArray();
        var best = Rank([.. Candidates(open)], request, targets, preference)
            .Where(suits)
            .Select(stack => (stack, cost: Cost(stack.Candidate)))
            .OrderBy(pair => pair.cost)
            .Select(pair => pair.stack)
            .FirstOrDefault();
        return best is null ? [] : best.Verdicts;

        (int Changes, int Torch, int Python) Cost(StackCandidate candidate)
        {
            var torch = wanted.Length == 0 ? 0 : wanted.Min(index => Math.Abs(index - asked.IndexOf(candidate.Torch.Torch)));
            var build = request.Build is null || request.Build == candidate.Torch.Build ? 0 : 1;
            var python = request.Python is null || request.Python == candidate.Python ? 0 : 1;
            // A build is changed before a release, and a release before the interpreter.
            return (build + (torch > 0 ? 2 : 0) + (python * 4), torch, python);
        }
    }

    private sealed record Ranked(StackCandidate Candidate, StackVerdict[] Verdicts, IComparable Key)
    {
        public bool Fits => Verdicts.All(verdict => verdict.Fits);
    }
}
