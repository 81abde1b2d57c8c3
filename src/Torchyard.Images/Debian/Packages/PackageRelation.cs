using Torchyard.Packages.Debian.Versions;

namespace Torchyard.Images.Debian.Packages;

/// <summary>One alternative of a relationship field (deb-control(5)): <c>name:arch (&gt;= version)</c>.</summary>
/// <param name="Name">Package, perhaps virtual.</param>
/// <param name="Architecture">Its qualifier; <c>any</c> for none.</param>
/// <param name="Operator">As written; empty for none.</param>
/// <param name="Version">The version that the operator compares with.</param>
internal readonly record struct PackageRelation(string Name, string Architecture, string Operator, string Version)
{
    /// <summary>The groups of a field: one alternative of each must be met.</summary>
    internal static IEnumerable<IReadOnlyList<PackageRelation>> Groups(string? field)
    {
        foreach (var group in (field ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            yield return [.. group.Split('|', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(Parse)];
        }
    }

    /// <summary>True for a version of the package itself.</summary>
    internal bool IsMetBy(string version)
    {
        if (Operator.Length == 0)
        {
            return true;
        }

        var order = DebianVersion.Compare(version, Version);
        return Operator switch
        {
            "<<" => order < 0,
            "<=" or "<" => order <= 0,
            "=" => order == 0,
            ">=" or ">" => order >= 0,
            ">>" => order > 0,
            _ => false,
        };
    }

    /// <summary>True for an item of a Provides field: one without a version meets no relation with one (deb-control(5)).</summary>
    internal bool IsMetBy(PackageRelation provided) =>
        provided.Name == Name && (Operator.Length == 0 || (provided.Operator == "=" && IsMetBy(provided.Version)));

    private static PackageRelation Parse(string item)
    {
        var open = item.IndexOf('(', StringComparison.Ordinal);
        var name = (open < 0 ? item : item[..open]).Trim();
        var colon = name.IndexOf(':', StringComparison.Ordinal);
        var relation = open < 0 ? "" : item[(open + 1)..].TrimEnd(')').Trim();
        var operators = relation.Length - relation.TrimStart('<', '>', '=').Length;
        // What is malformed meets nothing.
        return new PackageRelation(
            colon < 0 ? name : name[..colon],
            colon < 0 ? "any" : name[(colon + 1)..],
            open < 0 ? ""
                : operators == 0 ? "?"
                : relation[..operators],
            relation[operators..].Trim()
        );
    }
}
