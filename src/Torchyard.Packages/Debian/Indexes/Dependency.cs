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
internal readonly record struct Dependency
{
    /// <summary>Number of the wanted name; <c>name:any</c> is a name of its own.</summary>
    public required int Target { get; init; }

    /// <summary>Version asked for, in the text of the package's index.</summary>
    public required Slice Version { get; init; }

    /// <summary>Relation to <see cref="Version"/>.</summary>
    public required VersionRelation Relation { get; init; }

    /// <summary>The field.</summary>
    public required DependencyKind Kind { get; init; }

    /// <summary>True when the next entry is an alternative to this one.</summary>
    public required bool OrNext { get; init; }

    /// <summary>Conflicts or Breaks: must not be met.</summary>
    public bool IsNegative => Kind is DependencyKind.Conflicts or DependencyKind.Breaks;

    /// <summary>A package cannot be configured with this one unmet.</summary>
    public bool IsCritical => Kind is not (DependencyKind.Recommends or DependencyKind.Suggests);
}
