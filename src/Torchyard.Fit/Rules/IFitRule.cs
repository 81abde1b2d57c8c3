using Torchyard.Fit.Data;

namespace Torchyard.Fit.Rules;

/// <summary>One question that a stack must answer for a machine. Rules know nothing of each other.</summary>
internal interface IFitRule
{
    /// <summary>The finding, or null when the question does not arise.</summary>
    Verdict? Judge(StackCandidate candidate, FitTarget target, FitRequest request, FitTables tables);
}
