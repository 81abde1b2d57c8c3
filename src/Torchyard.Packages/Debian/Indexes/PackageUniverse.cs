using System.Text;
using Torchyard.Packages.Debian.Control;
using Torchyard.Packages.Debian.Versions;

namespace Torchyard.Packages.Debian.Indexes;

/// <summary>
/// All packages of the indexes that a lock is resolved against: versions by name, and who provides what. Built for one architecture;
/// foreign architectures have no place in an image that is resolved from nothing.
/// </summary>
internal sealed class PackageUniverse
{
    private readonly byte[] _architecture;
    private readonly List<BinaryPackage> _packages = new(1 << 17);
    private readonly List<int> _nextVersion = new(1 << 17);
    private readonly List<Provide> _provides = new(1 << 18);
    private readonly List<NameHeads> _heads = new(1 << 18);
    private readonly HashSet<int> _settled = [];
    private readonly Dictionary<int, string?> _leftOut = [];

    /// <summary>Makes an empty universe.</summary>
    /// <param name="architecture">Debian architecture of the image.</param>
    public PackageUniverse(string architecture)
    {
        _architecture = Encoding.UTF8.GetBytes(architecture);
        Architecture = architecture;
    }

    /// <summary>Debian architecture of the image.</summary>
    public string Architecture { get; }

    /// <summary>The names.</summary>
    public NameTable Names { get; } = new();

    /// <summary>All packages, in the order of the indexes.</summary>
    public IReadOnlyList<BinaryPackage> Packages => _packages;

    /// <summary>
    /// Adds the packages of an index. The order of calls matters as the order of sources.list does to apt: files of the project come first,
    /// and stand in the place of whatever an archive has under their names; archives beside Debian's own come last.
    /// </summary>
    /// <exception cref="Torchyard.Platform.Errors.TorchyardException">TY2002, TY2003: the index breaks the syntax.</exception>
    public void Add(PackageIndex index)
    {
        var reader = new StanzaReader(index);
        while (reader.Next())
        {
            if (!reader.IsFor(_architecture))
            {
                continue;
            }

            var package = reader.ToPackage(Intern(reader.Name));
            if (!MayCome(package))
            {
                _leftOut.TryAdd(package.Name, index.ArchiveId);
            }
            else if (!IsKnown(package))
            {
                AddVersion(package);
                InternTargets(reader);
                AddProvides(package, reader.Provides);
            }
        }

        if (index.File is not null || index.IsInstalled)
        {
            _settled.UnionWith(_packages.Where(package => package.Index == index).Select(package => package.Name));
        }
    }

    /// <summary>Versions of a name, newest first; equal versions in the order of the indexes.</summary>
    public IEnumerable<BinaryPackage> VersionsOf(int name)
    {
        for (var at = _heads[name].Version; at >= 0; at = _nextVersion[at])
        {
            yield return _packages[at];
        }
    }

    /// <summary>
    /// The newest version of those with the highest pin priority, as apt chooses the candidate; null for a purely virtual name.
    /// </summary>
    public BinaryPackage? CandidateOf(int name)
    {
        BinaryPackage? best = null;
        for (var at = _heads[name].Version; at >= 0; at = _nextVersion[at])
        {
            if (best is null || _packages[at].Index.PinPriority > best.Index.PinPriority)
            {
                best = _packages[at];
            }
        }

        return best;
    }

    /// <summary>Who provides a name, last index entry first as apt lists them.</summary>
    public ProvideEnumerator ProvidersOf(int name) => new(this, _heads[name].Provide);

    /// <summary>Number of a name that some index mentions, or -1.</summary>
    public int Find(string name) => Names.Find(Encoding.UTF8.GetBytes(name));

    /// <summary>The archive beside Debian's own that has a package which may not come from there; null for none.</summary>
    public string? LeftOutOf(int name) => name < 0 || _settled.Contains(name) ? null : _leftOut.GetValueOrDefault(name);

    /// <summary>Reads the dependency fields of a package.</summary>
    public Dependency[] ReadDependencies(BinaryPackage package)
    {
        var found = new List<Dependency>();
        for (var kind = DependencyKind.PreDepends; kind <= DependencyKind.Suggests; kind++)
        {
            var field = package.Fields[kind];
            if (field.Length == 0)
            {
                continue;
            }

            var text = field.Of(package.Index.Text);
            var reader = new DependencyReader(text);
            var groupStart = found.Count;
            while (reader.Next())
            {
                if (reader.AppliesTo(_architecture))
                {
                    text.Overlaps(reader.Version, out var offset);
                    var version = new Slice(field.Start + offset, reader.Version.Length);
                    found.Add(
                        new Dependency
                        {
                            Target = Intern(TargetOf(reader)),
                            Version = version,
                            Relation = reader.Relation,
                            Kind = kind,
                            OrNext = reader.OrNext,
                        }
                    );
                }

                if (!reader.OrNext)
                {
                    if (found.Count > groupStart)
                    {
                        found[^1] = found[^1] with { OrNext = false };
                    }

                    groupStart = found.Count;
                }
            }
        }

        return [.. found];
    }

    // A package that the project has as a file, or the image that is built on has installed, comes from nowhere else. An archive beside
    // Debian's own gives what it is named for, else what no archive before it has: whoever keeps it cannot put a package of his in the
    // place of another.
    private bool MayCome(BinaryPackage package)
    {
        if (_settled.Contains(package.Name))
        {
            return false;
        }

        return package.Index.Names is not { } names
            || (names.IsEmpty ? !IsElsewhere(package.Name, package.Index) : names.Has(Names.Text(package.Name)));
    }

    // Nor does it stand for another by Provides where it is not named for that.
    private bool MayProvide(BinaryPackage package, int name) =>
        package.Index.Names is not { } names || !IsElsewhere(name, package.Index) || names.Has(Names.Text(name).Split(':')[0]);

    /// <summary>True when something else than an archive has or provides a name.</summary>
    private bool IsElsewhere(int name, PackageIndex index)
    {
        for (var at = _heads[name].Version; at >= 0; at = _nextVersion[at])
        {
            if (_packages[at].Index.ArchiveId != index.ArchiveId)
            {
                return true;
            }
        }

        foreach (var provide in ProvidersOf(name))
        {
            if (provide.Package.Index.ArchiveId != index.ArchiveId)
            {
                return true;
            }
        }

        return false;
    }

    private int Intern(ReadOnlySpan<byte> name)
    {
        var id = Names.Intern(name);
        if (id == _heads.Count)
        {
            _heads.Add(new NameHeads(-1, -1));
        }

        return id;
    }

    // name:native and name:OWN-ARCH ask for what a plain name asks for when there is one architecture only.
    private ReadOnlySpan<byte> TargetOf(scoped in DependencyReader reader) =>
        reader.Qualifier.SequenceEqual("native"u8) || reader.Qualifier.SequenceEqual(_architecture) ? reader.Name : reader.FullName;

    // The same package in two suites, such as a point release that took over from proposed updates.
    private bool IsKnown(BinaryPackage package)
    {
        for (var at = _heads[package.Name].Version; at >= 0; at = _nextVersion[at])
        {
            var other = _packages[at];
            if (
                other.VersionBytes.SequenceEqual(package.VersionBytes)
                && other.Sha256.Of(other.Index.Text).SequenceEqual(package.Sha256.Of(package.Index.Text))
                && other.Index.PinPriority >= package.Index.PinPriority
            )
            {
                return true;
            }
        }

        return false;
    }

    private void AddVersion(BinaryPackage package)
    {
        var position = _packages.Count;
        _packages.Add(package);
        var before = -1;
        var at = _heads[package.Name].Version;
        while (at >= 0 && DebianVersion.Compare(_packages[at].VersionBytes, package.VersionBytes) >= 0)
        {
            before = at;
            at = _nextVersion[at];
        }

        _nextVersion.Add(at);
        if (before < 0)
        {
            _heads[package.Name] = _heads[package.Name] with { Version = position };
        }
        else
        {
            _nextVersion[before] = position;
        }
    }

    private void InternTargets(in StanzaReader stanza)
    {
        foreach (var field in stanza.FieldsWithTargets)
        {
            if (field.Length == 0)
            {
                continue;
            }

            var reader = new DependencyReader(field.Of(stanza.Text));
            while (reader.Next())
            {
                Intern(TargetOf(reader));
            }
        }
    }

    private void AddProvides(BinaryPackage package, Slice field)
    {
        Span<byte> any = stackalloc byte[256];
        if (field.Length > 0)
        {
            var text = field.Of(package.Index.Text);
            var reader = new DependencyReader(text);
            while (reader.Next())
            {
                if (reader.Relation is not (VersionRelation.Any or VersionRelation.Exactly))
                {
                    // apt and dpkg ignore a Provides with another relation.
                    continue;
                }

                text.Overlaps(reader.Version, out var offset);
                var version = new Slice(field.Start + offset, reader.Version.Length);
                if (package.MultiArch == MultiArch.Allowed && reader.Qualifier.IsEmpty)
                {
                    AddProvide(package, Qualified(reader.Name, any), version);
                }

                AddProvide(package, TargetOf(reader), version);
            }
        }

        if (package.MultiArch == MultiArch.Allowed)
        {
            AddProvide(package, Qualified(Names[package.Name], any), package.Version);
        }
    }

    private static ReadOnlySpan<byte> Qualified(ReadOnlySpan<byte> name, Span<byte> buffer)
    {
        if (name.Length + 4 > buffer.Length)
        {
            buffer = new byte[name.Length + 4];
        }

        name.CopyTo(buffer);
        ":any"u8.CopyTo(buffer[name.Length..]);
        return buffer[..(name.Length + 4)];
    }

    private void AddProvide(BinaryPackage package, ReadOnlySpan<byte> name, Slice version)
    {
        var id = Intern(name);
        if (!MayProvide(package, id))
        {
            return;
        }

        if (id == package.Name && (version.Length == 0 || version.Of(package.Index.Text).SequenceEqual(package.VersionBytes)))
        {
            return;
        }

        _provides.Add(new Provide(package, version, _heads[id].Provide));
        _heads[id] = _heads[id] with { Provide = _provides.Count - 1 };
    }

    private record struct NameHeads(int Version, int Provide);

    /// <summary>A package that provides a name, and with which version.</summary>
    internal readonly record struct Provide(BinaryPackage Package, Slice Version, int Next)
    {
        /// <summary>The provided version; empty when unversioned, and then no versioned dependency is met.</summary>
        public ReadOnlySpan<byte> VersionBytes => Version.Of(Package.Index.Text);
    }

    /// <summary>Walks the providers of a name without allocating.</summary>
    internal struct ProvideEnumerator(PackageUniverse universe, int first)
    {
        private int _next = first;

        /// <summary>The current provider.</summary>
        public Provide Current { get; private set; }

        /// <summary>Goes to the next one.</summary>
        public bool MoveNext()
        {
            if (_next < 0)
            {
                return false;
            }

            Current = universe._provides[_next];
            _next = Current.Next;
            return true;
        }

        /// <summary>Lets foreach take it.</summary>
        public readonly ProvideEnumerator GetEnumerator() => this;
    }
}
