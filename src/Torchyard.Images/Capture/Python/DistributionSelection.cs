using Torchyard.Images.Capture.Request;
using Torchyard.Packages.Python.Markers;
using Torchyard.Packages.Python.Versions;
using Torchyard.Platform.Text;

namespace Torchyard.Images.Capture.Python;

/// <summary>Chooses distributions: those that are named, with everything that they need according to their own metadata.</summary>
internal static class DistributionSelection
{
    /// <summary>Names and their needs among what is installed.</summary>
    /// <param name="installed">All distributions.</param>
    /// <param name="wanted">Names, each perhaps with extras in brackets: <c>name[extra]</c>.</param>
    /// <param name="pythonVersion">Full version of the interpreter, for markers.</param>
    /// <param name="machine"><c>platform.machine()</c>.</param>
    /// <returns>Normalised names.</returns>
    /// <exception cref="Torchyard.Platform.Errors.TorchyardException">TY3032: a name that is not installed.</exception>
    public static IReadOnlySet<string> Closure(
        IReadOnlyList<InstalledDistribution> installed,
        IEnumerable<string> wanted,
        string pythonVersion,
        string machine
    )
    {
        var environment = MarkerEnvironment.CPythonOnLinux(PythonVersion.Parse(pythonVersion), machine);
        var byName = installed.ToLookup(distribution => distribution.Name, StringComparer.Ordinal);
        var members = new HashSet<string>(StringComparer.Ordinal);
        var seen = new HashSet<(string, string)>();
        var open = new Stack<(string Name, IReadOnlyList<string> Extras)>();
        foreach (var text in wanted)
        {
            if (!Requirement.TryParse(text, out var requirement, out _) || !byName.Contains(requirement.Name.Normal))
            {
                throw CaptureErrors.NoSuchDistribution(text, NearestName.Find(text, installed.Select(distribution => distribution.Name)));
            }

            open.Push((requirement.Name.Normal, requirement.Extras));
        }

        while (open.TryPop(out var next))
        {
            if (!seen.Add((next.Name, string.Join(',', next.Extras.Order(StringComparer.Ordinal)))))
            {
                continue;
            }

            foreach (var distribution in byName[next.Name])
            {
                members.Add(next.Name);
                foreach (var text in distribution.Requires)
                {
                    if (distribution.IsConda)
                    {
                        open.Push((text, []));
                    }
                    else if (Requirement.TryParse(text, out var requirement, out _) && requirement.Applies(environment, next.Extras))
                    {
                        open.Push((requirement.Name.Normal, requirement.Extras));
                    }
                }
            }
        }

        return members;
    }

    /// <summary>Normalised names of what a distribution may need, extras included.</summary>
    public static IEnumerable<string> Names(InstalledDistribution distribution) =>
        distribution
            .Requires.Select(text => Requirement.TryParse(text, out var requirement, out _) ? requirement.Name.Normal : "")
            .Where(name => name.Length > 0);
}
