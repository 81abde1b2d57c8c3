using Torchyard.Packages.Debian.Versions;

namespace Torchyard.Packages.Debian.Indexes;

/// <summary>Fields that hold dependencies (Debian Policy 7), in the order in which apt looks at them.</summary>
internal enum DependencyKind : byte
{
    PreDepends,
    Depends,
    Conflicts,
    Breaks,
    Recommends,
    Suggests,
}

/// <summary>One alternative of a dependency of a package.</summary>
/// <param name="Target">Number of the wanted name; <c>name:any</c> is a name of its own.</param>
/// <param name="Version">Version asked for, in the text of the package's index.</param>
/// <param name="Relation">Relation to <paramref name="Version"/>.</param>
/// <param name="Kind">The field.</param>
/// <param name="OrNext">True when the next entry is an alternative to this one.</param>
internal readonly record struct Dependency(int Target, Slice Version, VersionRelation Relation, DependencyKind Kind, bool OrNext)
{
    /// <summary>Conflicts or Breaks: must not be met.</summary>
    public bool IsNegative => Kind is DependencyKind.Conflicts or DependencyKind.Breaks;

    /// <summary>A package cannot be configured with this one unmet.</summary>
    public bool IsCritical => Kind is not (DependencyKind.Recommends or DependencyKind.Suggests);
}
