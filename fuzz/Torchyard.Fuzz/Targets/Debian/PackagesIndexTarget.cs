using Torchyard.Packages.Debian.Indexes;

namespace Torchyard.Fuzz.Targets.Debian;

internal sealed class PackagesIndexTarget : FuzzTarget
{
    public override string Name => "packages-index";

    public override string Input => "Packages indexes of Debian archives";

    public override IReadOnlyList<string> Words =>
        [
            "Package: a\n",
            "Version: 1.0-1\n",
            "Architecture: amd64\n",
            "Architecture: all\n",
            "Depends: b (>= 1.0) | c, d:any\n",
            "Pre-Depends: ",
            "Recommends: ",
            "Conflicts: ",
            "Breaks: ",
            "Replaces: ",
            "Provides: v (= 2), w\n",
            "Filename: pool/a.deb\n",
            "Size: 100\n",
            "SHA256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n",
            "Essential: yes\n",
            "Priority: required\n",
            "Multi-Arch: same\n",
            "\n\n",
            " [amd64] <!nocheck>",
            "\n continued",
        ];

    public override object? Parse(byte[] input)
    {
        var filtered = Filtered(input, input.Length);
        Require(filtered.AsSpan().SequenceEqual(Filtered(input, 7)), "what the filter lets through depends on the size of the pieces");
        var universe = new PackageUniverse("amd64");
        universe.Add(new PackageIndex("archive", input));
        var packages = universe.Packages.ToList();
        var dependencies = packages
            .Select(package =>
                universe
                    .ReadDependencies(package)
                    .Select(dependency =>
                        (
                            universe.Names.Text(dependency.Target),
                            dependency.Version.Length,
                            dependency.Relation,
                            dependency.Kind,
                            dependency.OrNext
                        )
                    )
                    .ToList()
            )
            .ToList();
        var sorted = packages.Select(package => universe.VersionsOf(package.Name).Count()).ToList();
        return (packages.Count, dependencies, sorted);
    }

    private static byte[] Filtered(byte[] input, int piece)
    {
        using var sink = new MemoryStream();
        var filter = new IndexFilter(sink);
        for (var at = 0; at < input.Length; at += piece)
        {
            filter.Write(input.AsSpan(at, Math.Min(piece, input.Length - at)));
        }

        return sink.ToArray();
    }
}
