using Torchyard.Platform.Errors;

namespace Torchyard.Packages.Python.Requirements;

/// <summary>A line of somebody's file that cannot be taken.</summary>
/// <param name="Text">The line.</param>
/// <param name="Place">Where it is.</param>
/// <param name="Why">Why it cannot be taken.</param>
/// <param name="Cure">What to do about it.</param>
public sealed record RefusedLine(string Text, SourceLocation? Place, string Why, string Cure);
