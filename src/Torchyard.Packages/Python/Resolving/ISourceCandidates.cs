using Torchyard.Packages.Python.Indexes;
using Torchyard.Packages.Python.Requirements;
using Torchyard.Packages.Python.Sources;

namespace Torchyard.Packages.Python.Resolving;

/// <summary>Source distributions as candidates for pip's resolver.</summary>
internal interface ISourceCandidates
{
    /// <summary>True when a project may be built from source.</summary>
    bool MayBuild(string name);

    /// <summary>True when no wheel of an index is taken for a project.</summary>
    bool MustBuild(string name);

    /// <summary>Builds the wheel of a source distribution.</summary>
    Task<BuiltWheel> BuildAsync(ProjectFile file, FoundProject project, CancellationToken cancellation);

    /// <summary>Builds the wheel of a source that a distribution's metadata names by URL.</summary>
    Task<BuiltWheel> BuildAsync(RequirementLine line, CancellationToken cancellation);
}
