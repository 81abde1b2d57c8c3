using Torchyard.Packages.Python.Markers;

namespace Torchyard.Packages.Python.Requirements;

/// <summary>All that a recipe's <c>[python]</c> asks for, with its files read and flattened.</summary>
public sealed class RequirementSet
{
    /// <summary>Directory of the recipe, absolute: what the lock's paths are relative to.</summary>
    public required string Directory { get; init; }

    /// <summary>What to install.</summary>
    public List<RequirementLine> Requirements { get; } = [];

    /// <summary>Versions that are allowed if the project comes in at all.</summary>
    public List<RequirementLine> Constraints { get; } = [];

    /// <summary><c>--index-url</c> of requirement files.</summary>
    public List<string> Indexes { get; } = [];

    /// <summary><c>--extra-index-url</c> of requirement files.</summary>
    public List<string> ExtraIndexes { get; } = [];

    /// <summary><c>--find-links</c> directories, absolute.</summary>
    public List<string> FindLinks { get; } = [];

    /// <summary>Projects of which nothing is built from source, normalised; <c>:all:</c> for every one.</summary>
    public List<string> OnlyBinary { get; } = [];

    /// <summary><c>--pre</c> is given.</summary>
    public bool PreReleases { get; set; }

    /// <summary>Adds to <see cref="OnlyBinary"/>, as <c>--only-binary</c> of pip does.</summary>
    public void AddOnlyBinary(IEnumerable<string> names) =>
        OnlyBinary.AddRange(names.Select(name => name.Trim()).Where(name => name is not ("" or ":none:")).Select(name => ProjectName.TryParse(name, out var project) ? project.Normal : name));

    /// <summary>True when a project may be built from source.</summary>
    public bool MayBuild(string name) => !OnlyBinary.Contains(":all:") && !OnlyBinary.Contains(name);

    /// <summary>True when every requirement is pinned by version and hash: taken as it is.</summary>
    public bool IsPinned => Requirements.Count > 0 && Requirements.All(r => r.IsPinned);
}
