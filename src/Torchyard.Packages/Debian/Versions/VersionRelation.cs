namespace Torchyard.Packages.Debian.Versions;

/// <summary>The relation of a versioned dependency (deb-control and Debian Policy 7.1).</summary>
internal enum VersionRelation : byte
{
    /// <summary>No version is asked for.</summary>
    Any,

    /// <summary><c>&lt;&lt;</c></summary>
    Earlier,

    /// <summary><c>&lt;=</c>, also the old spelling <c>&lt;</c></summary>
    EarlierOrEqual,

    /// <summary><c>=</c></summary>
    Exactly,

    /// <summary><c>&gt;=</c>, also the old spelling <c>&gt;</c></summary>
    LaterOrEqual,

    /// <summary><c>&gt;&gt;</c></summary>
    Later,
}

/// <summary>Asks whether a version meets a relation.</summary>
internal static class VersionRelations
{
    /// <summary>True when <paramref name="version"/> stands in the relation to <paramref name="wanted"/>.</summary>
    public static bool IsMetBy(this VersionRelation relation, ReadOnlySpan<byte> version, ReadOnlySpan<byte> wanted)
    {
        if (relation == VersionRelation.Any)
        {
            return true;
        }

        var order = DebianVersion.Compare(version, wanted);
        return relation switch
        {
            VersionRelation.Earlier => order < 0,
            VersionRelation.EarlierOrEqual => order <= 0,
            VersionRelation.Exactly => order == 0,
            VersionRelation.LaterOrEqual => order >= 0,
            _ => order > 0,
        };
    }

    /// <summary>The relation as a control file writes it; empty for <see cref="VersionRelation.Any"/>.</summary>
    public static string Symbol(this VersionRelation relation) =>
        relation switch
        {
            VersionRelation.Earlier => "<<",
            VersionRelation.EarlierOrEqual => "<=",
            VersionRelation.Exactly => "=",
            VersionRelation.LaterOrEqual => ">=",
            VersionRelation.Later => ">>",
            _ => "",
        };
}
