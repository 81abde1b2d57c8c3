using CsCheck;
using Torchyard.Images.Tests.Deb;
using Torchyard.Platform.Errors;

namespace Torchyard.Images.Tests.Unpacking;

/// <summary>
/// Packages that want each other's places in every way, compared with dpkg: both refuse them, or both make the same of them.
/// </summary>
public sealed class RandomPackagesTests
{
    private static readonly string[] Names = ["a", "b", "c", "d"];

    /// <summary>What a package has at one name: what it is, and another name that it may lead to.</summary>
    private static readonly Gen<(int Kind, int Target)> GenEntry = Gen.Select(Gen.Int[0, 9], Gen.Int[0, Names.Length - 1]);

    private static readonly Gen<((int Kind, int Target)[] Entries, bool[] Replaces, int Break)> GenPackage = Gen.Select(
        GenEntry.Array[Names.Length],
        Gen.Frequency((2, Gen.Const(true)), (1, Gen.Const(false))).Array[4],
        Gen.Int[0, 2]
    );

    [Theory]
    // Seeds that once found something, and others; with TORCHYARD_RANDOM_PACKAGES=1000 that many more from each.
    [InlineData("8C13erZZ85e1")]
    [InlineData("7jcgBVRPpOn1")]
    [InlineData("01UiTYgBH7q1")]
    [InlineData("4smrR_SE-ei1")]
    [InlineData("72TbXG0oe5Q1")]
    [InlineData("2BVxwLXhuPc1")]
    public void Both_make_the_same_of_them(string seed) =>
        GenPackage
            .Array[2, 4]
            .Sample(
                drawn =>
                {
                    using var comparison = new DpkgComparison();
                    var packages = drawn.Select((package, index) => Build(index, package.Entries, package.Replaces, drawn.Length)).ToList();
                    var layout = string.Concat(
                        drawn.Select((package, index) => (index == 0 ? "" : ",|;"[package.Break].ToString()) + $"p{index}")
                    );
                    SortedDictionary<string, string>? theirs = null;
                    var refusal = "";
                    try
                    {
                        theirs = comparison.Dpkg(comparison.Order(layout, packages), packages);
                    }
                    catch (DpkgRefusal refused)
                    {
                        refusal = refused.Message;
                    }

                    foreach (var cached in new[] { false, true })
                    {
                        try
                        {
                            var ours = comparison.Ours(layout, packages, cached);
                            Assert.True(theirs is not null, $"{layout}: only dpkg refuses: {refusal}");
                            Assert.Equal(Lines(theirs), Lines(ours));
                        }
                        catch (TorchyardException failure)
                        {
                            Assert.True(theirs is null, $"{layout}: only we refuse: {failure.Message}");
                            Assert.Equal("TY3004", failure.Code);
                        }
                    }
                },
                iter: int.Parse(
                    Environment.GetEnvironmentVariable("TORCHYARD_RANDOM_PACKAGES") ?? "1",
                    System.Globalization.CultureInfo.InvariantCulture
                ),
                threads: 1,
                seed: seed,
                print: drawn =>
                    string.Join(
                        " / ",
                        drawn.Select(package =>
                            string.Join(' ', package.Entries.Select((entry, at) => $"{Names[at]}:{entry.Kind}→{Names[entry.Target]}"))
                            + $" replaces {string.Concat(package.Replaces.Select(one => one ? '1' : '0'))} break {package.Break}"
                        )
                    )
            );

    private static DebBuilder Build(int index, (int Kind, int Target)[] entries, bool[] replaces, int count)
    {
        var others = Enumerable.Range(0, count).Where(other => other != index && replaces[other]).Select(other => $"p{other}").ToList();
        var package = new DebBuilder($"p{index}") { Fields = others.Count == 0 ? "" : $"Replaces: {string.Join(", ", others)}\n" }
            .Directory("./usr")
            .File($"./usr/own{index}", "own");
        var files = new List<string>();
        for (var at = 0; at < Names.Length; at++)
        {
            var path = "./usr/" + Names[at];
            switch (entries[at].Kind)
            {
                case 0 or 1 or 2:
                    package.File(path, $"{Names[at]} of {index}");
                    files.Add(path);
                    break;
                case 3 or 4:
                    package.Directory(path).File($"{path}/x", $"{Names[at]}/x of {index}");
                    files.Add($"{path}/x");
                    break;
                case 5 when files.Count > 0:
                    package.HardLink(path, files[entries[at].Target % files.Count]);
                    break;
                case 6:
                    package.Symlink(path, Names[entries[at].Target]);
                    break;
                case 7:
                    package.Directory(path);
                    break;
            }
        }

        return package;
    }

    private static string Lines(SortedDictionary<string, string> state) =>
        string.Join("\n", state.Select(pair => $"{pair.Key}: {pair.Value}"));
}
