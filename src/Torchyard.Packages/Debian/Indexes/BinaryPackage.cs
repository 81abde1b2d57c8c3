using System.Text;

namespace Torchyard.Packages.Debian.Indexes;

/// <summary>Values of Priority (Debian Policy 2.5), in apt's order; a missing field counts before all.</summary>
internal enum PackagePriority : byte
{
    None,
    Required,
    Important,
    Standard,
    Optional,
    Extra,
}

/// <summary>Values of Multi-Arch (deb-control).</summary>
internal enum MultiArch : byte
{
    No,
    Same,
    Foreign,
    Allowed,
}

/// <summary>One version of one package in an index. Dependencies and details are read from the text when they are asked for.</summary>
internal sealed class BinaryPackage
{
    private Dependency[]? _dependencies;

    /// <summary>Number of the package name.</summary>
    public required int Name { get; init; }

    /// <summary>The index that describes it.</summary>
    public required PackageIndex Index { get; init; }

    /// <summary>Its stanza.</summary>
    public required Slice Stanza { get; init; }

    /// <summary>Its version.</summary>
    public required Slice Version { get; init; }

    /// <summary><c>Essential: yes</c>.</summary>
    public required bool IsEssential { get; init; }

    /// <summary><c>Important: yes</c> or <c>Protected: yes</c>.</summary>
    public required bool IsProtected { get; init; }

    /// <summary>Priority.</summary>
    public required PackagePriority Priority { get; init; }

    /// <summary>Multi-Arch.</summary>
    public required MultiArch MultiArch { get; init; }

    /// <summary>Value of SHA256, which tells rebuilt packages of one version apart.</summary>
    public required Slice Sha256 { get; init; }

    /// <summary>The dependency fields, by <see cref="DependencyKind"/>.</summary>
    public required DependencyFields Fields { get; init; }

    /// <summary>The version's bytes.</summary>
    public ReadOnlySpan<byte> VersionBytes => Version.Of(Index.Text);

    /// <summary>The version as text.</summary>
    public string VersionText => Encoding.UTF8.GetString(VersionBytes);

    /// <summary>Everything the package asks for or refuses, in apt's order of fields.</summary>
    public Dependency[] Dependencies(PackageUniverse universe) => _dependencies ??= universe.ReadDependencies(this);
}

/// <summary>Where the dependency fields of a package are; a length of 0 stands for a missing field.</summary>
internal readonly record struct DependencyFields
{
    public required Slice PreDepends { get; init; }
    public required Slice Depends { get; init; }
    public required Slice Conflicts { get; init; }
    public required Slice Breaks { get; init; }
    public required Slice Recommends { get; init; }
    public required Slice Suggests { get; init; }

    /// <summary>The field of a kind.</summary>
    public Slice this[DependencyKind kind] =>
        kind switch
        {
            DependencyKind.PreDepends => PreDepends,
            DependencyKind.Depends => Depends,
            DependencyKind.Conflicts => Conflicts,
            DependencyKind.Breaks => Breaks,
            DependencyKind.Recommends => Recommends,
            _ => Suggests,
        };
}
