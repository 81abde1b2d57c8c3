using System.Text.RegularExpressions;
using Torchyard.Packages.Python.Markers;
using Torchyard.Packages.Python.Requirements;
using Torchyard.Packages.Python.Versions;
using Torchyard.Recipes.Locks;

namespace Torchyard.Packages.Python.Resolving;

/// <summary>
/// The versions of an earlier lock as constraints, so that a changed recipe changes as little as possible. pip knows constraints, not
/// wishes: those that contradict the requirements are taken out before it is asked, and those that it names in a conflict after.
/// </summary>
internal sealed partial class KeptVersions
{
    /// <summary>Most times that pip is asked with kept versions before it is asked without any.</summary>
    public const int Rounds = 8;

    private readonly Dictionary<string, LockedPythonPackage> _kept;

    /// <summary>Takes what can be kept at all.</summary>
    public KeptVersions(IReadOnlyList<LockedPythonPackage> earlier, RequirementSet set, IReadOnlyList<string> constraints)
    {
        // A local wheel or a direct URL is in the requirements themselves.
        _kept = earlier.Where(package => package.Index is not null).ToDictionary(package => package.Name, StringComparer.Ordinal);
        var wanted = set
            .Requirements.Concat(set.Constraints)
            .Select(line => line.Requirement)
            .OfType<Requirement>()
            .Concat(constraints.Select(text => Requirement.TryParse(text, out var parsed, out _) ? parsed : null).OfType<Requirement>());
        foreach (var requirement in wanted)
        {
            var name = requirement.Name.Normal;
            if (
                _kept.TryGetValue(name, out var package)
                && (
                    requirement.Url is not null
                    || !PythonVersion.TryParse(package.Version, out var version)
                    || !requirement.Versions.Contains(version, preReleases: true)
                )
            )
            {
                Drop(name);
            }
        }
    }

    /// <summary>True when there is nothing to keep.</summary>
    public bool IsEmpty => _kept.Count == 0;

    /// <summary>The constraints, by name.</summary>
    public IEnumerable<string> Constraints =>
        _kept.Values.OrderBy(package => package.Name, StringComparer.Ordinal).Select(package => $"{package.Name}=={package.Version}");

    /// <summary>Lets go of the versions that pip names in its errors; of all of them when it names none.</summary>
    public void Release(string output)
    {
        var named = Words()
            .Matches(output[Math.Max(0, output.IndexOf("ERROR:", StringComparison.Ordinal))..])
            .Select(match => ProjectName.TryParse(match.Value, out var name) ? name.Normal : "")
            .Where(_kept.ContainsKey)
            .Distinct(StringComparer.Ordinal)
            .ToList();
        if (named.Count == 0)
        {
            _kept.Clear();
        }

        foreach (var name in named)
        {
            Drop(name);
        }
    }

    /// <summary>Lets go of all.</summary>
    public void Clear() => _kept.Clear();

    // A distribution that pins others, as torch does with NVIDIA's libraries, takes them along.
    private void Drop(string name)
    {
        if (!_kept.Remove(name, out var package) || name != "torch")
        {
            return;
        }

        foreach (var required in package.Requires)
        {
            if (required is "triton" or "cuda-toolkit" or "cuda-bindings" || required.StartsWith("nvidia-", StringComparison.Ordinal))
            {
                _kept.Remove(required);
            }
        }

        foreach (var library in _kept.Keys.Where(key => key.StartsWith("nvidia-", StringComparison.Ordinal)).ToList())
        {
            _kept.Remove(library);
        }
    }

    [GeneratedRegex("[A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9]|[A-Za-z]", RegexOptions.CultureInvariant)]
    private static partial Regex Words();
}
