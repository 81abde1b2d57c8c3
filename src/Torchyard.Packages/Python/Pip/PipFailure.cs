using System.Text.RegularExpressions;
using Torchyard.Packages.Errors;
using Torchyard.Packages.Python.Indexes;
using Torchyard.Packages.Python.Markers;
using Torchyard.Packages.Python.Names;
using Torchyard.Platform.Errors;

namespace Torchyard.Packages.Python.Pip;

/// <summary>
/// Says why pip found no answer: which project has no wheel for this interpreter and what it has instead, else pip's own words.
/// </summary>
internal static partial class PipFailure
{
    /// <summary>Normalised names of the projects of which pip found no file that would do.</summary>
    public static IEnumerable<string> Unmatched(string output) =>
        output
            .Split('\n')
            .Where(line => line.StartsWith("ERROR:", StringComparison.Ordinal))
            .Select(line => NoMatch().Match(line["ERROR:".Length..].Trim()))
            .Where(match => match.Success)
            .Select(match => Requirement.TryParse(match.Groups[1].Value, out var wanted, out _) ? wanted.Name.Normal : null)
            .OfType<string>();

    /// <summary>True when pip looked at the requirements and they cannot be met; false when something kept it from looking.</summary>
    public static bool IsContradiction(string output) =>
        output
            .Split('\n')
            .Any(line =>
                line.StartsWith("ERROR:", StringComparison.Ordinal)
                && (
                    line.Contains("ResolutionImpossible", StringComparison.Ordinal)
                    || line.Contains("conflicting dependencies", StringComparison.Ordinal)
                    || line.Contains("inconsistent", StringComparison.Ordinal)
                    || NoMatch().IsMatch(line["ERROR:".Length..].Trim())
                )
            );

    public static async Task<TorchyardException> ExplainAsync(
        string output,
        PythonIndexes indexes,
        IReadOnlyDictionary<string, string> withoutWheels,
        CancellationToken cancellation
    )
    {
        var errors = output
            .Split('\n')
            .Where(l => l.StartsWith("ERROR:", StringComparison.Ordinal))
            .Select(l => l["ERROR:".Length..].Trim())
            .ToList();
        foreach (var line in errors)
        {
            if (NoMatch().Match(line) is not { Success: true } match || !Requirement.TryParse(match.Groups[1].Value, out var wanted, out _))
            {
                continue;
            }

            var name = wanted.Name.Normal;
            if (withoutWheels.TryGetValue(name, out var example))
            {
                return new TorchyardException(
                    PackageCodes.NoWheelFits,
                    $"{name} has no wheel, only source distributions such as {example}, and 'only-binary' forbids to build it",
                    $"take {name} or :all: out of only-binary, or build the wheel once (pip wheel --no-deps {name} -w wheels/) and name "
                        + "its directory in find-links"
                );
            }

            if (await indexes.FindAsync(name, cancellation) is not { } found)
            {
                return new TorchyardException(
                    PackageCodes.NotOnIndex,
                    $"no index has a project '{name}'; asked: {string.Join(", ", indexes.Indexes.Select(i => i.Canonical))}",
                    "correct the name, or add the index that has it to [python] extra-indexes"
                );
            }

            return NoFit(match.Groups[1].Value, name, found, line);
        }

        if (Kernel().Match(output) is { Success: true } kernel)
        {
            return new TorchyardException(
                "TY2535",
                $"a requirement asks for the kernel of this machine, whose name '{kernel.Groups[1].Value}' pip cannot compare as a "
                    + "version (platform_release or platform_version in its marker)",
                "take the marker out of the requirement, or choose a version of the distribution "
                    + "without it; the image runs on other kernels anyway"
            );
        }

        if (errors.Contains("Exception:") || !IsContradiction(output))
        {
            return new TorchyardException(
                PackageCodes.NoSolution,
                $"pip itself failed:\n{Last(output)}",
                "repeat; if it stays so, the base system's pip is too old or damaged"
            );
        }

        return new TorchyardException(
            PackageCodes.NoSolution,
            "pip found no set of Python packages that satisfies all requirements:\n"
                + (errors.Count > 0 ? string.Join('\n', Causes(output, errors)) : Last(output)),
            "loosen the requirement that pip names, or pin another version"
        );
    }

    private static TorchyardException NoFit(string requirement, string name, FoundProject found, string line)
    {
        var wheels = found
            .Page.Files.Select(f => WheelFileName.TryParse(f.Filename, out var w) ? w : null)
            .OfType<WheelFileName>()
            .ToList();
        var fitting = wheels
            .Where(w =>
                Versions.PythonVersion.TryParse(w.Version, out var version)
                && Requirement.TryParse(requirement, out var wanted, out _)
                && wanted.Versions.Contains(version, preReleases: true)
            )
            .ToList();
        var origin = found.Index is { } index ? $"{index.Canonical}, the first index that has it" : "the find-links directories";
        return fitting.Count > 0
            ? new TorchyardException(
                PackageCodes.NoWheelFits,
                $"{requirement}: no wheel of {name} in {origin} fits the image's interpreter; it has "
                    + $"{string.Join(", ", fitting.TakeLast(4).Select(w => w.Text))}",
                "choose a base system whose Python these wheels are for, or another version"
            )
            : new TorchyardException(
                PackageCodes.NoSolution,
                $"{requirement}: {origin} has no such version of {name} ({line})",
                "choose one of its versions; if another index has it, put that one first"
            );
    }

    /// <summary>pip lists who asked for what below its first error, then gives advice that is not about this program.</summary>
    private static IEnumerable<string> Causes(string output, List<string> errors)
    {
        var lines = output.Split('\n').Select(line => line.TrimEnd()).ToList();
        var start = lines.FindIndex(line => line.StartsWith("The conflict is caused by:", StringComparison.Ordinal));
        var causes =
            start < 0
                ? []
                : lines
                    .Skip(start + 1)
                    .TakeWhile(line => line.StartsWith(' '))
                    .Select(line => "  " + line.Trim().Replace("The user requested (constraint)", "constraint:", StringComparison.Ordinal));
        return errors.Where(error => !error.StartsWith("ResolutionImpossible", StringComparison.Ordinal)).Concat(causes);
    }

    private static string Last(string output) => output.Length > 2000 ? output[^2000..] : output;

    [GeneratedRegex("InvalidVersion: Invalid version: '([^'\n]{1,200})'", RegexOptions.CultureInvariant)]
    private static partial Regex Kernel();

    [GeneratedRegex("^No matching distribution found for (.+?)(?: \\(from .*)?\\z", RegexOptions.CultureInvariant)]
    private static partial Regex NoMatch();
}
