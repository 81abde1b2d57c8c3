using Torchyard.Fit.Data;
using Torchyard.Packages.Python.Versions;

namespace Torchyard.Fit.Answer;

/// <summary>
/// Which of the stacks that fit is taken: nearer to the default release line, newer release, better outcome, shorter road to the
/// driver, no CUDA where there are no GPUs, the base's own Python, stable before experimental; then, where the driver supports everything,
/// PyPI's own build and the newest CUDA; where no driver is named, the oldest CUDA family and PyPI's own build of it; else the oldest CUDA,
/// whose features the driver lacks least. Of those that do not fit, the one that breaks the fewest rules comes first.
/// </summary>
internal sealed class StackPreference(FitRequest request)
{
    private static readonly PythonVersion DefaultLine = PythonVersion.Parse(FitRequest.DefaultLine);

    public IComparable Key(StackCandidate candidate, IReadOnlyList<StackVerdict> verdicts)
    {
        var worst = verdicts.Max(verdict => verdict.Outcome);
        var road = verdicts.Max(verdict => verdict.Road);
        var broken = verdicts.Sum(verdict => verdict.Verdict.Parts.Count(part => part.Outcome == FitOutcome.Fail));
        var torch = PythonVersion.Parse(candidate.Torch.Torch);
        var cuda = candidate.Torch.Cuda is { } toolkit ? (toolkit.Major * 100) + toolkit.Minor : 0;
        var needless = candidate.Torch.Cuda is not null && verdicts.All(verdict => verdict.Target.Gpus.Count == 0) ? 1 : 0;
        var pypi = candidate.Torch.Pypi ? 0 : 1;
        // Of a driver that nobody names only the family's minimum is sure, which all builds of the family share.
        var release =
            road == DriverRoad.Direct ? (0, pypi, -cuda)
            : verdicts.All(verdict => verdict.Target.Driver is null) ? (cuda / 100, pypi, cuda)
            : (cuda, pypi, 0);
        var taste = (needless, PythonDistance(candidate.Python), candidate.Torch.Status == "stable" ? 0 : 1, release);
        return (broken, LineDistance(torch), -Rank(torch), (int)worst, (int)road, taste);
    }

    /// <summary>Releases of the default line first, then newer lines, then older ones; a named version leaves no choice to make.</summary>
    private int LineDistance(PythonVersion torch)
    {
        if (request.Torch is not null)
        {
            return 0;
        }

        var distance =
            ((int)torch.Segment(0) * 1000) + (int)torch.Segment(1) - ((int)DefaultLine.Segment(0) * 1000) - (int)DefaultLine.Segment(1);
        return distance >= 0 ? distance : 1000 - distance;
    }

    private int PythonDistance(string python)
    {
        if (python == request.PreferredPython)
        {
            return 0;
        }

        var free = python.EndsWith('t');
        var minor = int.TryParse(python.AsSpan(2).TrimEnd('t'), out var value) ? value : 0;
        var preferred = int.TryParse(request.PreferredPython.AsSpan(2).TrimEnd('t'), out value) ? value : 0;
        return (Math.Abs(minor - preferred) * 2) + (minor > preferred ? 1 : 0) + (free ? 100 : 0);
    }

    private static long Rank(PythonVersion version) =>
        ((long)version.Segment(0) * 1_000_000) + ((long)version.Segment(1) * 1_000) + (long)version.Segment(2);
}
