using Torchyard.Packages.Debian.Indexes;
using Torchyard.Packages.Debian.Resolving;

namespace Torchyard.Fuzz.Targets.Debian;

/// <summary>The resolver on an index that anybody may have written.</summary>
internal sealed class ResolverTarget : FuzzTarget
{
    public override string Name => "resolver";

    public override string Input => "Packages indexes of Debian archives, resolved";

    public override int LongestInput => 2 * 1024;

    // Each resolution has a thread of its own, whose allocations are not counted here.
    public override IReadOnlyList<string> Words =>
        [
            "Package: a\nVersion: 1\nArchitecture: all\n\n",
            "Package: b\nVersion: 2\nArchitecture: amd64\nDepends: a\n\n",
            "Depends: a (>= 2) | b\n",
            "Conflicts: a\n",
            "Breaks: b (<< 3)\n",
            "Provides: a\n",
            "Recommends: c\n",
            "Essential: yes\n",
            "a",
            "b",
            "c",
        ];

    public override object? Parse(byte[] input)
    {
        var universe = new PackageUniverse("amd64");
        universe.Add(new PackageIndex("archive", input));
        var resolution = new DebianResolver(universe).Resolve([PackageRequest.Parse("aa", "amd64")], recommends: true, withBase: false);
        return resolution.Packages.Select(package => package.Name).ToList();
    }
}
