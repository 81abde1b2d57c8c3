using System.Buffers;
using System.Text;
using Torchyard.Packages.Debian.Versions;
using Torchyard.Platform.Errors;

namespace Torchyard.Packages.Debian.Control;

/// <summary>
/// Walks a dependency field (Debian Policy 7.1): <c>a (>= 1) | b:any [amd64] &lt;!nocheck&gt;, c</c>. One step is one alternative;
/// <see cref="OrNext"/> says that the next one belongs to the same group. Works on spans and allocates nothing.
/// </summary>
internal ref struct DependencyReader(ReadOnlySpan<byte> field)
{
    private static readonly SearchValues<byte> NotInVersion = SearchValues.Create(" \t\r\n,|("u8);

    private readonly ReadOnlySpan<byte> _field = field;
    private int _position;

    /// <summary>Package name without qualifier.</summary>
    public ReadOnlySpan<byte> Name { get; private set; }

    /// <summary>Architecture qualifier without the colon: <c>any</c>, <c>native</c> or an architecture; empty for none.</summary>
    public ReadOnlySpan<byte> Qualifier { get; private set; }

    /// <summary>Name with its qualifier, as written.</summary>
    public ReadOnlySpan<byte> FullName { get; private set; }

    /// <summary>Relation to <see cref="Version"/>.</summary>
    public VersionRelation Relation { get; private set; }

    /// <summary>The version asked for; empty without a relation.</summary>
    public ReadOnlySpan<byte> Version { get; private set; }

    /// <summary>What stands inside <c>[...]</c>; empty for none.</summary>
    public ReadOnlySpan<byte> Architectures { get; private set; }

    /// <summary>The restriction formulas, angle brackets included; empty for none.</summary>
    public ReadOnlySpan<byte> Profiles { get; private set; }

    /// <summary>True when the next alternative can stand in for this one.</summary>
    public bool OrNext { get; private set; }

    /// <summary>Reads the next alternative; false at the end of the field.</summary>
    /// <exception cref="TorchyardException">TY2003: the field breaks the syntax.</exception>
    public bool Next()
    {
        SkipSpace();
        if (!OrNext)
        {
            // Stray commas are in the archive and dpkg takes them.
            while (_position < _field.Length && _field[_position] == ',')
            {
                _position++;
                SkipSpace();
            }
        }

        if (_position >= _field.Length)
        {
            return OrNext ? throw Malformed("an alternative is missing after '|'") : false;
        }

        ReadName();
        ReadVersion();
        Architectures = ReadList((byte)'[', (byte)']');
        Profiles = ReadProfiles();
        SkipSpace();
        OrNext = false;
        if (_position < _field.Length)
        {
            OrNext = _field[_position] switch
            {
                (byte)'|' => true,
                (byte)',' => false,
                _ => throw Malformed("',' or '|' expected"),
            };
            _position++;
        }

        return true;
    }

    /// <summary>
    /// True when the alternative's <c>[...]</c> and <c>&lt;...&gt;</c> let it count for this architecture and no build profile.
    /// </summary>
    public readonly bool AppliesTo(ReadOnlySpan<byte> architecture) =>
        DependencyRestrictions.AllowArchitecture(Architectures, architecture) && DependencyRestrictions.AllowWithoutProfiles(Profiles);

    private void ReadName()
    {
        var start = _position;
        while (_position < _field.Length && IsNameByte(_field[_position]))
        {
            _position++;
        }

        if (_position == start)
        {
            throw Malformed("a package name is missing");
        }

        FullName = _field[start.._position];
        var colon = FullName.IndexOf((byte)':');
        Name = colon < 0 ? FullName : FullName[..colon];
        Qualifier = colon < 0 ? [] : FullName[(colon + 1)..];
        if (Name.IsEmpty || (colon >= 0 && Qualifier.IsEmpty))
        {
            throw Malformed("a package name is missing");
        }
    }

    private void ReadVersion()
    {
        Relation = VersionRelation.Any;
        Version = [];
        SkipSpace();
        if (_position >= _field.Length || _field[_position] != '(')
        {
            return;
        }

        _position++;
        SkipSpace();
        Relation = ReadRelation();
        SkipSpace();
        var end = _field[_position..].IndexOf((byte)')');
        if (end < 0)
        {
            throw Malformed("')' is missing");
        }

        Version = _field.Slice(_position, end).TrimEnd(" \t\r\n"u8);
        if (Version.IsEmpty || Version.ContainsAny(NotInVersion))
        {
            throw Malformed("a version is missing");
        }

        _position += end + 1;
    }

    private VersionRelation ReadRelation()
    {
        var rest = _field[_position..];
        var (relation, length) = rest switch
        {
            [(byte)'<', (byte)'<', ..] => (VersionRelation.Earlier, 2),
            [(byte)'<', (byte)'=', ..] => (VersionRelation.EarlierOrEqual, 2),
            [(byte)'<', ..] => (VersionRelation.EarlierOrEqual, 1),
            [(byte)'>', (byte)'>', ..] => (VersionRelation.Later, 2),
            [(byte)'>', (byte)'=', ..] => (VersionRelation.LaterOrEqual, 2),
            [(byte)'>', ..] => (VersionRelation.LaterOrEqual, 1),
            [(byte)'=', ..] => (VersionRelation.Exactly, 1),
            _ => throw Malformed("a relation such as >= is missing"),
        };
        _position += length;
        return relation;
    }

    private ReadOnlySpan<byte> ReadList(byte open, byte close)
    {
        SkipSpace();
        if (_position >= _field.Length || _field[_position] != open)
        {
            return [];
        }

        var end = _field[_position..].IndexOf(close);
        if (end < 0)
        {
            throw Malformed($"'{(char)close}' is missing");
        }

        var inside = _field.Slice(_position + 1, end - 1);
        _position += end + 1;
        return inside;
    }

    private ReadOnlySpan<byte> ReadProfiles()
    {
        SkipSpace();
        var start = _position;
        var end = start;
        while (_position < _field.Length && _field[_position] == '<')
        {
            ReadList((byte)'<', (byte)'>');
            end = _position;
            SkipSpace();
        }

        return _field[start..end];
    }

    private void SkipSpace()
    {
        while (_position < _field.Length && _field[_position] is (byte)' ' or (byte)'\t' or (byte)'\n' or (byte)'\r')
        {
            _position++;
        }
    }

    private static bool IsNameByte(byte c) =>
        char.IsAsciiLetterOrDigit((char)c)
        || c is (byte)'+' or (byte)'-' or (byte)'.' or (byte)':' or (byte)'_' or (byte)'$' or (byte)'{' or (byte)'}';

    private readonly TorchyardException Malformed(string what) =>
        new(
            "TY2003",
            $"a dependency field cannot be read at character {_position + 1}: {what}: "
                + $"'{Encoding.UTF8.GetString(_field.Length > 200 ? _field[..200] : _field)}'",
            "write it as 'name (>= version) | other-name, next-name'; in an archive's index, report it to the archive"
        );
}
