using System.Text;
using CsCheck;
using Torchyard.Packages.Debian.Indexes;
using Torchyard.Packages.Debian.Resolving;
using Torchyard.Platform.Errors;

namespace Torchyard.Packages.Tests.Debian.Resolving;

public sealed class IndexTests
{
    private const string Text =
        "Package: a\nVersion: 1\nArchitecture: amd64\nTag: x,\n y\nDepends: b (>= 2),\n c | d\nDescription: long\n more\n .\nSHA256: 00\n\n"
        + "Package: b\nVersion: 2\nArchitecture: all\nProvides: d (= 7), e\nHomepage: http://x\n\n"
        + "Package: c\nVersion: 1\nArchitecture: i386\n\nPackage: a\nVersion: 1~rc\nArchitecture: amd64\n";

    [Fact]
    public void The_filter_keeps_what_is_needed_however_the_text_is_cut()
    {
        const string kept =
            "Package: a\nVersion: 1\nArchitecture: amd64\nDepends: b (>= 2),\n c | d\nSHA256: 00\n\n"
            + "Package: b\nVersion: 2\nArchitecture: all\nProvides: d (= 7), e\n\n"
            + "Package: c\nVersion: 1\nArchitecture: i386\n\nPackage: a\nVersion: 1~rc\nArchitecture: amd64\n";
        Gen.Int[1, 40]
            .Array[1, 60]
            .Sample(cuts =>
            {
                using var sink = new MemoryStream();
                var filter = new IndexFilter(sink);
                var rest = Encoding.UTF8.GetBytes(Text).AsSpan();
                for (var i = 0; !rest.IsEmpty; i++)
                {
                    var length = Math.Min(cuts[i % cuts.Length], rest.Length);
                    filter.Write(rest[..length]);
                    rest = rest[length..];
                }

                return Encoding.UTF8.GetString(sink.ToArray()) == kept;
            });
    }

    [Fact]
    public void Versions_providers_and_the_architecture_are_told_apart()
    {
        var universe = Universe(Text);
        Assert.Equal(["1", "1~rc"], universe.VersionsOf(universe.Find("a")).Select(package => package.VersionText));
        Assert.Null(universe.CandidateOf(universe.Find("c")));
        var found = new List<string>();
        foreach (var provide in universe.ProvidersOf(universe.Find("d")))
        {
            found.Add(Encoding.UTF8.GetString(provide.VersionBytes));
        }

        Assert.Equal(["7"], found);
    }

    [Fact]
    public void A_suite_with_lower_priority_wins_only_where_it_is_alone()
    {
        var universe = new PackageUniverse("amd64");
        universe.Add(new PackageIndex("stable", Bytes("Package: a\nVersion: 1\nArchitecture: all\n")));
        universe.Add(
            new PackageIndex(
                "backports",
                Bytes("Package: a\nVersion: 2\nArchitecture: all\n\nPackage: b\nVersion: 2\nArchitecture: all\n"),
                PinPriority: 100
            )
        );
        Assert.Equal("1", universe.CandidateOf(universe.Find("a"))!.VersionText);
        Assert.Equal("2", universe.CandidateOf(universe.Find("b"))!.VersionText);
    }

    [Fact]
    public void Whatever_is_resolved_holds_together()
    {
        // Random small archives: either a set in which every dependency holds, or a refusal.
        var name = Gen.Int[0, 7].Select(i => "p" + i);
        var wish = Gen.Select(name, Gen.OneOf(Gen.Const(""), Gen.Const(" (>= 2)"), Gen.Const(" (<< 2)")))
            .Select((target, version) => target + version);
        var field = wish.Array[0, 2].Select(wishes => string.Join(" | ", wishes));
        var package = Gen.Select(name, Gen.Int[1, 3], field, field, wish, Gen.Int[0, 4])
            .Select(
                (own, version, depends, more, conflict, kind) =>
                    $"Package: {own}\nVersion: {version}\nArchitecture: all\nSHA256: {own}{version}\n"
                    + (depends.Length > 0 ? $"Depends: {depends}{(more.Length > 0 ? ", " + more : "")}\n" : "")
                    + (
                        kind == 0 ? $"Conflicts: {conflict}\n"
                        : kind == 1 ? $"Provides: v{version}, p7 (= {version})\n"
                        : ""
                    )
            );
        Gen.Select(package.Array[3, 14], name.Array[1, 3])
            .Sample(
                (stanzas, wanted) =>
                {
                    var universe = Universe(string.Join("\n", stanzas));
                    Resolution resolution;
                    try
                    {
                        resolution = new DebianResolver(universe).Resolve(
                            [.. wanted.Distinct().Select(text => new PackageRequest(text, null))],
                            recommends: false,
                            withBase: false
                        );
                    }
                    catch (TorchyardException error)
                    {
                        return error.Code is "TY2040" or "TY2042";
                    }

                    var selection = new Selection(universe, recommends: false);
                    foreach (var chosen in resolution.Packages)
                    {
                        selection.SetCandidate(chosen.Package.Name, chosen.Package);
                        selection.Mark(chosen.Package.Name);
                    }

                    return resolution.Packages.All(chosen => !selection.IsBroken(chosen.Package.Name))
                        && wanted.All(text =>
                            resolution.Packages.Any(chosen => chosen.Name == text || universe.CandidateOf(universe.Find(text)) is null)
                        );
                },
                iter: 300
            );
    }

    private static PackageUniverse Universe(string text)
    {
        var universe = new PackageUniverse("amd64");
        universe.Add(new PackageIndex("x", Bytes(text)));
        return universe;
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
