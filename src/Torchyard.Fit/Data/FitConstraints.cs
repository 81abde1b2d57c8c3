using Torchyard.Packages.Python.Indexes;

namespace Torchyard.Fit.Data;

/// <summary>
/// What the resolver of Python requirements must hold to, so that it ends with a stack that was judged. The libraries that the wheel of
/// torch pins are not among it: its METADATA knows them better than any table, and is checked against the table afterwards.
/// </summary>
/// <param name="Torch">The build of torch.</param>
/// <param name="Companions">Builds of the projects that are released with it.</param>
/// <param name="CompatPackage">Package that the image needs beside it, e.g. <c>cuda-compat-13-0</c> from NVIDIA's repository; null for
/// none.</param>
public sealed record FitConstraints(BuildPin Torch, IReadOnlyList<BuildPin> Companions, string? CompatPackage)
{
    /// <summary>The constraints of a stack.</summary>
    public static FitConstraints Of(StackVerdict stack, FitTables tables)
    {
        ArgumentNullException.ThrowIfNull(stack);
        var row = stack.Candidate.Torch;
        var index = stack.Candidate.Index(tables) + "/";
        return new FitConstraints(
            Pin("torch", row.Torch),
            [
                .. new[] { ("torchvision", row.Torchvision), ("torchaudio", row.Torchaudio) }
                    .Select(pair => (pair.Item1, tables.CompanionFor(pair.Item1, pair.Item2, stack.Candidate.Python)))
                    .Where(pair => pair.Item2 is not null)
                    .Select(pair => Pin(pair.Item1, pair.Item2!)),
            ],
            stack.CompatPackage
        );

        BuildPin Pin(string project, string release) =>
            new()
            {
                Project = project,
                Release = release,
                Build = row.Build,
                IsDefault = row.Pypi,
                Index = index,
            };
    }
}
