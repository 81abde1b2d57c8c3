using System.Diagnostics;
using Torchyard.Images.Configure;
using Torchyard.Images.Deb;
using Torchyard.Images.Files;
using Torchyard.Images.Layers;
using Torchyard.Images.Tests.Deb;
using Torchyard.Platform;

namespace Torchyard.Images.Tests.Configure;

/// <summary>Files that two packages ship: held against what <c>dpkg --unpack</c> makes of the same packages.</summary>
public sealed class SharedFilesTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("torchyard-shared").FullName;

    public SharedFilesTests()
    {
        Assert.SkipUnless(Environment.UserName == "root", "needs root for owners");
        Assert.SkipUnless(File.Exists("/usr/bin/dpkg"), "dpkg is not installed");
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    // Both in one layer; the replacing one in the layer above; below.
    [InlineData("old,new")]
    [InlineData("old|new")]
    [InlineData("new|old")]
    public void The_replacing_package_s_file_wins_and_the_other_s_list_loses_it(string layers) => SameAsDpkg(
        layers, diverted: "",
        new DebBuilder("old").Directory("./usr").Directory("./usr/share").File("./usr/share/tool", "old").File("./usr/share/kept", "kept").File("./usr/share/z", "z"),
        new DebBuilder("new") { Fields = "Replaces: other, old (<< 2)\n" }.Directory("./usr").Directory("./usr/share").File("./usr/share/tool", "new"));

    [Theory]
    [InlineData("old,new")]
    [InlineData("old|new")]
    [InlineData("new|old")]
    public void A_link_may_take_a_file_s_place(string layers) => SameAsDpkg(
        layers, diverted: "",
        new DebBuilder("old").Directory("./usr").File("./usr/tool", "old").File("./usr/kept", "kept"),
        new DebBuilder("new") { Fields = "Replaces: old\n" }.Directory("./usr").Symlink("./usr/tool", "other"));

    [Theory]
    [InlineData("owner,diverter")]
    [InlineData("owner|diverter")]
    [InlineData("diverter|owner")]
    public void A_diverted_file_goes_to_its_other_name(string layers) => SameAsDpkg(
        layers, diverted: "/usr/bin/tool",
        new DebBuilder("owner").Directory("./usr").Directory("./usr/bin").File("./usr/bin/tool", "the owner's", 0x1ED),
        new DebBuilder("diverter").Directory("./usr").Directory("./usr/bin").File("./usr/bin/tool", "the diverter's", 0x1ED).Control("preinst", "#!/bin/true\n", 0x1ED));

    [Theory]
    [InlineData("owner,diverter")]
    [InlineData("diverter|owner")]
    public void A_diverter_without_a_file_of_that_name_leaves_the_name_free(string layers) => SameAsDpkg(
        layers, diverted: "/usr/bin/tool",
        new DebBuilder("owner").Directory("./usr").Directory("./usr/bin").File("./usr/bin/tool", "the owner's", 0x1ED),
        new DebBuilder("diverter").Directory("./usr").Directory("./usr/bin").File("./usr/bin/more", "x"));

    [Theory]
    [InlineData("one,other")]
    [InlineData("one|other")]
    [InlineData("other|one")]
    public void Without_Replaces_and_diversion_it_is_refused(string layers)
    {
        var failure = Assert.Throws<TorchyardException>(() => Ours(
            layers, "",
            [
                new DebBuilder("one") { Fields = "Replaces: other (>> 1.0)\n" }.File("./usr/tool", "one"),
                new DebBuilder("other").File("./usr/tool", "other").Control("preinst", "#!/bin/true\n", 0x1ED),
            ]));

        Assert.Equal("TY3004", failure.Code);
        Assert.Contains("one and other", string.Join(" and ", failure.Message.Split(' ').Where(word => word is "one" or "other").Order()), StringComparison.Ordinal);
    }

    [Fact]
    public void A_configuration_file_that_another_package_took_over_is_obsolete()
    {
        // As in dpkg's status file after dpkg --unpack of both; another package's line of the same path stays.
        const string Status = "Package: new\nStatus: install ok unpacked\nConffiles:\n /etc/c 11\n\nPackage: old\nConffiles:\n /etc/b 00\n /etc/c 22\nDescription: x\n\n";

        var marked = DpkgDatabase.MarkObsolete(Status, "old", "/etc/c");

        Assert.Equal(Status.Replace(" /etc/c 22", " /etc/c 22 obsolete", StringComparison.Ordinal), marked);
        Assert.Equal(marked, DpkgDatabase.MarkObsolete(marked, "old", "/etc/c"));
        Assert.Equal(Status, DpkgDatabase.MarkObsolete(Status, "old", "/etc/other"));
    }

    [Theory]
    [InlineData("old", true)]
    [InlineData("a, old (<< 1.1) , b", true)]
    [InlineData("old (<< 1.0)", false)]
    [InlineData("old (<= 1.0)", true)]
    [InlineData("old (= 1.0)", true)]
    [InlineData("old (>= 1.0~)", true)]
    [InlineData("old (>> 1.0)", false)]
    [InlineData("old:amd64", true)]
    [InlineData("old:i386", false)]
    [InlineData("older", false)]
    [InlineData("old (", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void Replaces_names_packages_and_versions(string? field, bool expected) =>
        Assert.Equal(expected, Replacement.Covers(field, DebBuilder.Locked("old", [1])));

    private void SameAsDpkg(string layers, string diverted, params DebBuilder[] packages)
    {
        var ours = Ours(layers, diverted, packages);
        foreach (var order in new[] { packages, [.. packages.Reverse()] })
        {
            Assert.Equal(Dpkg(diverted, order), ours);
        }
    }

    /// <summary>Files with content, and the lists, as the layers and the upper directory show them.</summary>
    private SortedDictionary<string, string> Ours(string layers, string diverted, DebBuilder[] packages)
    {
        var saved = packages.Select(package => package.Save(_directory)).ToDictionary(file => file.Package.Name);
        var files = saved.Values.ToDictionary(file => file.Package, file => file.Path);
        var owners = new FileOwners();
        var lower = new List<string>();
        var shared = new List<SharedPath>();
        var all = new List<UnpackedPackage>();
        foreach (var layer in layers.Split('|'))
        {
            var place = Directory.CreateDirectory(Path.Combine(_directory, Guid.NewGuid().ToString("N"))).FullName;
            using var root = RootDirectory.Open(place);
            // Unpacked against the order of names: which one comes first must not count.
            var unpacked = layer.Split(',').Order(StringComparer.Ordinal).Reverse().Select(name =>
            {
                var collided = new List<string>();
                return (PackageUnpacker.Unpack(saved[name].Path, saved[name].Package, root, collided, TestContext.Current.CancellationToken), collided);
            }).Reverse().ToList();
            var settled = LayerCollisions.Settle(unpacked, files, root);
            _ = PackageTree.Merge(settled, []);
            shared.AddRange(owners.Add(settled, place));
            all.AddRange(settled);
            lower.Insert(0, place);
        }

        SharedFiles.RefuseUndecidable(shared);
        var top = Directory.CreateDirectory(Path.Combine(_directory, Guid.NewGuid().ToString("N"))).FullName;
        using var upper = new UpperDirectory(top, lower);
        upper.WriteText("var/lib/dpkg/diversions", diverted.Length == 0 ? "" : $"{diverted}\n{diverted}.distrib\ndiverter\n");
        new SharedFiles(upper, (package, path) => PackageUnpacker.ReadEntry(files[package.Package], package.Package, path)).Settle(shared, all);
        var result = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var paths = lower.Append(top).SelectMany(layer => Directory.EnumerateFileSystemEntries(layer, "*", SearchOption.AllDirectories)
            .Where(path => !Directory.Exists(path) || new FileInfo(path).LinkTarget is not null).Select(path => Path.GetRelativePath(layer, path)));
        foreach (var path in paths.Distinct())
        {
            if (upper.Find(path) is { } place)
            {
                Add(result, path, place);
            }
        }

        return result;
    }

    private SortedDictionary<string, string> Dpkg(string diverted, DebBuilder[] packages)
    {
        var root = Directory.CreateDirectory(Path.Combine(_directory, Guid.NewGuid().ToString("N"))).FullName;
        foreach (var directory in new[] { "var/lib/dpkg/info", "var/lib/dpkg/updates", "usr/bin", "bin" })
        {
            Directory.CreateDirectory(Path.Combine(root, directory));
        }

        File.WriteAllText(Path.Combine(root, "var/lib/dpkg/status"), "");
        if (diverted.Length > 0)
        {
            Run("dpkg-divert", "--root", root, "--package", "diverter", "--divert", diverted + ".distrib", "--rename", "--add", diverted);
        }

        foreach (var package in packages)
        {
            // Without its scripts, which would need a whole system.
            Run("dpkg", "--root=" + root, "--force-depends", "--force-script-chrootless", "--unpack", package.Save(_directory).Path);
        }

        var result = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var path in Directory.EnumerateFileSystemEntries(root, "*", SearchOption.AllDirectories).Where(path => !Directory.Exists(path) || new FileInfo(path).LinkTarget is not null))
        {
            Add(result, Path.GetRelativePath(root, path), path);
        }

        return result;
    }

    private static void Add(SortedDictionary<string, string> result, string path, string place)
    {
        if (path.StartsWith("var/lib/dpkg/info/", StringComparison.Ordinal) && path.EndsWith(".list", StringComparison.Ordinal))
        {
            result[path] = string.Join('\n', File.ReadAllLines(place).Order(StringComparer.Ordinal));
        }
        else if (!path.StartsWith("var/", StringComparison.Ordinal))
        {
            result[path] = new FileInfo(place).LinkTarget is { } target ? "link to " + target : $"{File.ReadAllText(place)} {File.GetUnixFileMode(place)}";
        }
    }

    private static void Run(params string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{string.Join(' ', command)}\n{output.Result}{error}");
    }
}
