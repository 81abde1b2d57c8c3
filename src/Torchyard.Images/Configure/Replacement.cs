using Torchyard.Images.Deb;
using Torchyard.Packages.Debian.Versions;
using Torchyard.Recipes;

namespace Torchyard.Images.Configure;

/// <summary>The field Replaces (Debian Policy 7.6.1): whose files a package takes over.</summary>
internal static class Replacement
{
    /// <summary>True when a package says that it replaces another one in the version that is there.</summary>
    internal static bool Covers(UnpackedPackage package, UnpackedPackage other) => Covers(package.Control["Replaces"], other.Package);

    /// <summary>True when a Replaces field names a package; virtual names do not count (dpkg, does_replace).</summary>
    internal static bool Covers(string? field, LockedDebianPackage other)
    {
        foreach (var item in (field ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var open = item.IndexOf('(', StringComparison.Ordinal);
            var name = (open < 0 ? item : item[..open]).Trim();
            var colon = name.IndexOf(':', StringComparison.Ordinal);
            var architecture = colon < 0 ? "any" : name[(colon + 1)..];
            if ((colon < 0 ? name : name[..colon]) == other.Name
                && (architecture == "any" || architecture == other.Architecture)
                && (open < 0 || IsMet(item[(open + 1)..].TrimEnd(')').Trim(), other.Version)))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsMet(string relation, string version)
    {
        var operators = relation.Length - relation.TrimStart('<', '>', '=').Length;
        var order = DebianVersion.Compare(version, relation[operators..].Trim());
        return relation[..operators] switch
        {
            "<<" => order < 0,
            "<=" or "<" => order <= 0,
            "=" => order == 0,
            ">=" or ">" => order >= 0,
            ">>" => order > 0,
            _ => false,
        };
    }
}
