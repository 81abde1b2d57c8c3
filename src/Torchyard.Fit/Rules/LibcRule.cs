using Torchyard.Fit.Data;

namespace Torchyard.Fit.Rules;

/// <summary>Whether the image's glibc is new enough for the wheel's platform tag (PEP 600).</summary>
internal sealed class LibcRule : IFitRule
{
    public Verdict? Judge(StackCandidate candidate, FitTarget target, FitRequest request, FitTables tables)
    {
        var needed = candidate.Torch.GlibcOf(target.Architecture);
        var asking = candidate.Torch.Package ?? $"manylinux_{needed.Major}_{needed.Minor}";
        var sources = candidate.Torch.Package is null ? ["wheel-tags", "pep600"] : candidate.Torch.Source;
        return request.Glibc >= needed
            ? Verdict.Of(
                "glibc",
                FitOutcome.Pass,
                $"glibc {request.Glibc} ({request.GlibcOrigin}) is at least {needed}, which {asking} asks for",
                sources
            )
            : Verdict.Of(
                "glibc",
                FitOutcome.Fail,
                $"glibc {request.Glibc} ({request.GlibcOrigin}) is older than {needed}, which {asking} asks for",
                sources
            );
    }
}
