using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Torchyard.Packages.Debian.Control;

namespace Torchyard.Packages.Debian.Indexes;

/// <summary>Reads the stanzas of a Packages file: finds the fields that resolving needs, once, and remembers where they are.</summary>
internal ref struct StanzaReader(PackageIndex index)
{
    private ControlReader _control = new(index.Text.AsSpan(index.Start));
    private Slice _name;
    private Slice _version;
    private Slice _architecture;
    private Slice _sha256;
    private Slice _stanza;
    private TargetFields _targets;
    private bool _essential;
    private bool _protected;
    private PackagePriority _priority;
    private MultiArch _multiArch;

    /// <summary>The index's text.</summary>
    public readonly byte[] Text => index.Text;

    /// <summary>Value of Package.</summary>
    public readonly ReadOnlySpan<byte> Name => _name.Of(index.Text);

    /// <summary>Value of Provides.</summary>
    public Slice Provides { get; private set; }

    /// <summary>The fields that mention other packages, in the order in which apt reads them.</summary>
    [UnscopedRef]
    public readonly ReadOnlySpan<Slice> FieldsWithTargets => _targets;

    /// <summary>Goes to the next stanza that describes a package.</summary>
    public bool Next()
    {
        while (_control.NextStanza())
        {
            var start = _control.Position;
            Clear();
            while (_control.NextField())
            {
                Take();
            }

            _stanza = new Slice(index.Start + start, _control.Position - start);
            if (_name.Length > 0 && _version.Length > 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>True when the stanza's Architecture is the given one or <c>all</c>.</summary>
    public readonly bool IsFor(ReadOnlySpan<byte> architecture)
    {
        var own = _architecture.Of(index.Text);
        return own.SequenceEqual(architecture) || own.SequenceEqual("all"u8);
    }

    /// <summary>The stanza as a package.</summary>
    public readonly BinaryPackage ToPackage(int name) =>
        new()
        {
            Name = name,
            Index = index,
            Stanza = _stanza,
            Version = _version,
            IsEssential = _essential,
            IsProtected = _protected,
            Priority = _priority,
            MultiArch = _multiArch,
            Sha256 = _sha256,
            Fields = new DependencyFields
            {
                PreDepends = _targets[0],
                Depends = _targets[1],
                Conflicts = _targets[2],
                Breaks = _targets[3],
                Recommends = _targets[4],
                Suggests = _targets[5],
            },
        };

    private void Clear()
    {
        _name = _version = _architecture = _sha256 = Provides = default;
        _targets = default;
        _essential = _protected = false;
        _priority = PackagePriority.None;
        _multiArch = MultiArch.No;
    }

    private void Take()
    {
        var name = _control.Name;
        // The first letter and the length leave one candidate, so most fields cost one comparison.
        switch (name.Length)
        {
            case 6 when _control.Is("Breaks"u8):
                _targets[3] = Value();
                break;
            case 6 when _control.Is("SHA256"u8):
                _sha256 = Value();
                break;
            case 7 when _control.Is("Package"u8):
                _name = Value();
                break;
            case 7 when _control.Is("Version"u8):
                _version = Value();
                break;
            case 7 when _control.Is("Depends"u8):
                _targets[1] = Value();
                break;
            case 8 when _control.Is("Priority"u8):
                _priority = ReadPriority(_control.Value);
                break;
            case 8 when _control.Is("Provides"u8):
                Provides = Value();
                break;
            case 8 when _control.Is("Suggests"u8):
                _targets[5] = Value();
                break;
            case 8 when _control.Is("Replaces"u8):
                _targets[6] = Value();
                break;
            case 8 when _control.Is("Enhances"u8):
                _targets[7] = Value();
                break;
            case 9 when _control.Is("Conflicts"u8):
                _targets[2] = Value();
                break;
            case 9 when _control.Is("Essential"u8):
                _essential = _control.Value.SequenceEqual("yes"u8);
                break;
            case 9 when _control.Is("Important"u8) || _control.Is("Protected"u8):
                _protected |= _control.Value.SequenceEqual("yes"u8);
                break;
            case 10 when _control.Is("Recommends"u8):
                _targets[4] = Value();
                break;
            case 10 when _control.Is("Multi-Arch"u8):
                _multiArch = ReadMultiArch(_control.Value);
                break;
            case 11 when _control.Is("Pre-Depends"u8):
                _targets[0] = Value();
                break;
            case 12 when _control.Is("Architecture"u8):
                _architecture = Value();
                break;
        }
    }

    private readonly Slice Value() => new(index.Start + _control.ValueStart, _control.Value.Length);

    private static PackagePriority ReadPriority(ReadOnlySpan<byte> value) =>
        value.SequenceEqual("optional"u8) ? PackagePriority.Optional
        : value.SequenceEqual("required"u8) ? PackagePriority.Required
        : value.SequenceEqual("important"u8) ? PackagePriority.Important
        : value.SequenceEqual("standard"u8) ? PackagePriority.Standard
        : PackagePriority.Extra;

    private static MultiArch ReadMultiArch(ReadOnlySpan<byte> value) =>
        value.SequenceEqual("same"u8) ? MultiArch.Same
        : value.SequenceEqual("foreign"u8) ? MultiArch.Foreign
        : value.SequenceEqual("allowed"u8) ? MultiArch.Allowed
        : MultiArch.No;

    // Pre-Depends, Depends, Conflicts, Breaks, Recommends, Suggests, Replaces, Enhances.
    [InlineArray(8)]
    private struct TargetFields
    {
        private Slice _first;
    }
}
