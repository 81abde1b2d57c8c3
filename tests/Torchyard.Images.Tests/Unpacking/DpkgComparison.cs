using System.Diagnostics;
using Torchyard.Images.Debian.Packages;
using Torchyard.Images.Debian.Unpacking;
using Torchyard.Images.Files;
using Torchyard.Images.Layers;
using Torchyard.Images.Tar;
using Torchyard.Images.Tests.Deb;
using Torchyard.Platform.Linux;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Tests.Unpacking;

/// <summary>
/// Unpacks the same packages by the program, into layers and stages, and by dpkg itself, one after the other into a root, and tells what is
/// there afterwards: files, directories and dpkg's database.
/// </summary>
internal sealed class DpkgComparison : IDisposable
{
    private static readonly string[] Merged = ["bin", "sbin", "lib", "lib64"];

    // In memory where that is possible: dpkg waits for the disk after each step.
    private readonly TemporaryDirectory _directory = new(Directory.Exists("/dev/shm") ? "/dev/shm" : null);

    internal DpkgComparison()
    {
        Requires.Root("needs root for owners");
        Assert.SkipUnless(File.Exists("/usr/bin/dpkg"), "dpkg is not installed");
    }

    /// <summary>Lines of <c>diversions</c> that a preinst script of the first stage made: from, to, package.</summary>
    internal string[] Diversions { get; init; } = [];

    /// <summary>Packages that disappeared in what the program made last, each with the one in whose favour.</summary>
    internal List<string> Gone { get; } = [];

    public void Dispose() => _directory.Dispose();

    /// <summary>What the program makes.</summary>
    /// <param name="layout">Names of packages: layers of a stage separated by <c>|</c>, stages by <c>;</c>.</param>
    /// <param name="packages">The packages.</param>
    /// <param name="cached">True to take the layers as from the cache, without what unpacking them told.</param>
    internal SortedDictionary<string, string> Ours(string layout, IReadOnlyList<DebBuilder> packages, bool cached = false)
    {
        Gone.Clear();
        var run = new Run(this, packages);
        foreach (var stage in layout.Split(';'))
        {
            run.AddStage(stage, cached);
        }

        return State(run.View.Names, path => run.View.Node(path)?.Inode.Entry.Name);
    }

    /// <summary>What dpkg makes, in the order in which the program counts packages as unpacked or in another.</summary>
    internal SortedDictionary<string, string> Dpkg(IEnumerable<string> order, IReadOnlyList<DebBuilder> packages)
    {
        var root = NewDirectory();
        foreach (var directory in new[] { "var/lib/dpkg/info", "var/lib/dpkg/updates", "usr" })
        {
            Directory.CreateDirectory(Path.Combine(root, directory));
        }

        foreach (var name in Merged)
        {
            Directory.CreateDirectory(Path.Combine(root, "usr", name));
            File.CreateSymbolicLink(Path.Combine(root, name), "usr/" + name);
        }

        File.WriteAllText(Path.Combine(root, "var/lib/dpkg/status"), "");
        for (var index = 0; index < Diversions.Length; index += 3)
        {
            Execute(
                "dpkg-divert",
                "--root",
                root,
                "--package",
                Diversions[index + 2],
                "--divert",
                Diversions[index + 1],
                "--rename",
                "--add",
                Diversions[index]
            );
        }

        var saved = packages.Select(package => package.Save(_directory.Path)).ToDictionary(file => file.Package.Name, file => file.Path);
        foreach (var name in order)
        {
            // Without their scripts, which would need a whole system.
            Execute(
                "dpkg",
                "--root=" + root,
                "--force-depends",
                "--force-script-chrootless",
                "--force-unsafe-io",
                "--install",
                saved[name]
            );
        }

        return State(
            directory => Directory.EnumerateFileSystemEntries($"{root}/{directory}").Select(Path.GetFileName).OfType<string>(),
            path => $"{root}/{path}"
        );
    }

    /// <summary>The order in which the program counts the packages of a layout as unpacked.</summary>
    internal List<string> Order(string layout, IReadOnlyList<DebBuilder> packages)
    {
        var run = new Run(this, packages);
        return [.. layout.Split(';').SelectMany(run.Order)];
    }

    private string NewDirectory() => Directory.CreateDirectory(Path.Combine(_directory.Path, Guid.NewGuid().ToString("N"))).FullName;

    private static SortedDictionary<string, string> State(Func<string, IEnumerable<string>> names, Func<string, string?> find)
    {
        var state = new SortedDictionary<string, string>(StringComparer.Ordinal);
        Walk("");
        return state;

        void Walk(string directory)
        {
            foreach (var name in names(directory))
            {
                var path = directory.Length == 0 ? name : $"{directory}/{name}";
                if (find(path) is { } place && Describe(path, place) is { } described)
                {
                    if (described.Length > 0)
                    {
                        state[path] = described;
                    }

                    if (Directory.Exists(place) && new FileInfo(place).LinkTarget is null)
                    {
                        Walk(path);
                    }
                }
            }
        }
    }

    private static string? Describe(string path, string place)
    {
        if (path.StartsWith("var/lib/dpkg/info/", StringComparison.Ordinal))
        {
            return path.EndsWith(".list", StringComparison.Ordinal) || path.EndsWith(".md5sums", StringComparison.Ordinal)
                ? string.Join('\n', File.ReadAllLines(place).Order(StringComparer.Ordinal))
                : null;
        }

        if (path == "var/lib/dpkg/status")
        {
            // Whose paragraph it is, and what it says of conffiles.
            return string.Join(
                '\n',
                File.ReadAllText(place)
                    .Split("\n\n")
                    .Select(paragraph =>
                        string.Join(
                            ' ',
                            paragraph
                                .Split('\n')
                                .Where(line => line.StartsWith("Package:", StringComparison.Ordinal) || line.StartsWith(' '))
                        )
                    )
                    .Where(text => text.Length > 0)
                    .Order(StringComparer.Ordinal)
            );
        }

        if (
            path is "var" or "var/lib" or "var/lib/dpkg" or "var/lib/dpkg/info" or "usr"
            || Merged.Contains(path)
            || Merged.Contains(path.Replace("usr/", "", StringComparison.Ordinal))
        )
        {
            return "";
        }

        Assert.True(StatusCalls.TryRead(At.CurrentDirectory, place, out var stat));
        return path.StartsWith("var/lib/dpkg/", StringComparison.Ordinal) ? null
            : stat.Type == FileKind.Directory ? $"directory {stat.Mode & 0xFFF:X}"
            : stat.Type == FileKind.Link ? "link to " + new FileInfo(place).LinkTarget
            : stat.Type == FileKind.Regular ? $"{File.ReadAllText(place)} {stat.Mode & 0xFFF:X} {stat.Modified.Seconds}"
            : $"{stat.Type:X} {stat.DeviceMajor}:{stat.DeviceMinor} {stat.Mode & 0xFFF:X}";
    }

    private static void Execute(params string[] command)
    {
        using var process = Process.Start(
            new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true }
        )!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new DpkgRefusal($"{string.Join(' ', command)}\n{output.Result}{error}");
        }
    }

    /// <summary>A build without its sandbox: packages have no scripts.</summary>
    private sealed class Run(DpkgComparison comparison, IReadOnlyList<DebBuilder> packages)
    {
        private readonly Dictionary<string, (string Path, LockedDebianPackage Package)> _saved = packages
            .Select(package => package.Save(comparison._directory.Path))
            .ToDictionary(file => file.Package.Name);

        private readonly FileLists _lists = new();
        private List<string> _lower = [];

        internal LayerView View => new(_lower);

        internal IEnumerable<string> Order(string stage)
        {
            var unpacked = stage.Split('|').SelectMany(layer => layer.Split(',').Order(StringComparer.Ordinal)).Select(Load).ToList();
            return UnpackOrder.Of(unpacked, unpacked).Select(package => package.Package.Name);
        }

        internal void AddStage(string text, bool cached)
        {
            var below = _lower.ToList();
            var stage = new List<UnpackedPackage>();
            var shared = new List<string>();
            foreach (var layer in text.Split('|'))
            {
                var place = comparison.NewDirectory();
                var (unpacked, contended) = Unpack(layer.Split(',').Order(StringComparer.Ordinal).ToList(), place);
                if (cached)
                {
                    using var root = RootDirectory.Open(place);
                    unpacked =
                    [
                        .. unpacked.Select(package =>
                            PackageUnpacker.Load(
                                _saved[package.Package.Name].Path,
                                package.Package,
                                root,
                                contended.ToHashSet(StringComparer.Ordinal)
                            )
                        ),
                    ];
                }

                shared.AddRange(_lists.Add(unpacked, place, contended));
                stage.AddRange(unpacked);
                _lower.Insert(0, place);
            }

            var top = comparison.NewDirectory();
            using (var upper = new UpperDirectory(top, [.. _lower]))
            {
                var sharing = new SharedFiles(
                    upper,
                    below,
                    _lists,
                    stage,
                    shared,
                    new PackageContents(package => _saved.Values.First(file => file.Package == package).Path)
                );
                upper.WriteText("var/lib/dpkg/diversions", string.Concat(comparison.Diversions.Select(line => line + "\n")));
                sharing.RefuseUndecidable();
                upper.WriteText("var/lib/dpkg/status", upper.ReadText("var/lib/dpkg/status") + DpkgDatabase.UnpackedStatus(stage));
                foreach (var (gone, favour) in sharing.Settle())
                {
                    comparison.Gone.Add($"{gone.Package.Name} for {favour.Package.Name}");
                    // As configure.sh does.
                    foreach (
                        var name in new LayerView([top, .. _lower])
                            .Names("var/lib/dpkg/info")
                            .Where(name => name.StartsWith(gone.InfoName + ".", StringComparison.Ordinal))
                            .ToList()
                    )
                    {
                        upper.Hide("var/lib/dpkg/info/" + name);
                    }
                }
            }

            Assert.False(Directory.Exists(top + ".shared"));
            _lists.Update(top);
            _lower = [top, .. _lower];
        }

        private (IReadOnlyList<UnpackedPackage>, IReadOnlyList<string>) Unpack(List<string> names, string place)
        {
            using var root = RootDirectory.Open(place);
            // Unpacked against the order of names: which one comes first must not count.
            var unpacked = names
                .AsEnumerable()
                .Reverse()
                .Select(name =>
                    PackageUnpacker.Unpack(
                        _saved[name].Path,
                        _saved[name].Package,
                        root,
                        Aside(name),
                        TestContext.Current.CancellationToken
                    )
                )
                .Reverse()
                .ToList();
            var (settled, contended) = LayerCollisions.Settle(unpacked, root, package => Aside(package.Package.Name), place + ".scratch");
            var entries = LayerTree.Merge(settled.SelectMany(one => one.Entries));
            // What the layer's archive says is what lies on the disk.
            Assert.Equal(
                entries.Select(entry => entry.Entry.Name),
                Tree(place).Select(path => Path.GetRelativePath(place, path)).Order(StringComparer.Ordinal)
            );
            foreach (var (entry, content) in entries.Where(entry => entry.Entry.Kind is TarKind.File or TarKind.HardLink))
            {
                Assert.True(root.TryStat(entry.Name, out var stat));
                Assert.Equal((entry.Mode, entry.ModifiedAt), (stat.Mode & 0xFFF, stat.Modified.Seconds));
                Assert.True(root.TryStat(content ?? entry.LinkTarget, out var first));
                Assert.Equal(first.Inode, stat.Inode);
            }

            return (settled, contended);

            string Aside(string name) => $"{place}.aside/{name}";
        }

        private static IEnumerable<string> Tree(string directory) =>
            Directory
                .EnumerateFileSystemEntries(directory)
                .SelectMany(path => Directory.Exists(path) && new FileInfo(path).LinkTarget is null ? Tree(path).Prepend(path) : [path]);

        private UnpackedPackage Load(string name)
        {
            var place = comparison.NewDirectory();
            using var root = RootDirectory.Open(place);
            return PackageUnpacker.Unpack(
                _saved[name].Path,
                _saved[name].Package,
                root,
                place + ".aside",
                TestContext.Current.CancellationToken
            );
        }
    }
}

/// <summary>dpkg does not do it.</summary>
internal sealed class DpkgRefusal(string message) : Exception(message);
