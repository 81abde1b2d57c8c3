using System.Text;
using CsCheck;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;

namespace Torchyard.Platform.Tests.Files;

/// <summary>
/// Random trees of files, directories, FIFOs and links, random paths, random work: what is outside of the root stays as it was, unread.
/// </summary>
public sealed class ConfinedDirectoryProperties
{
    private const string Secret = "outside";
    private const string Marker = "only outside";

    private static readonly Gen<string> Name = Any("a", "b", "c", "dd", new string('n', 255));

    private static readonly Gen<string> Target = Gen.OneOf(
        Any(
            "/",
            "/etc/passwd",
            "/proc/self/root",
            "/proc/self/cwd",
            "/proc/self/fd/1",
            "/dev/zero",
            "/dev/null",
            "..",
            "../..",
            "../out",
            "../out/secret",
            "../../../../../..",
            "OUT",
            "OUT/secret",
            "OUT/dir",
            ".",
            "",
            new string('x', 300)
        ),
        Name,
        Gen.Select(Name, Name, (first, second) => $"{first}/{second}"),
        Gen.Select(Name, name => "../" + name),
        Gen.Select(Name, name => "/" + name)
    );

    private static readonly Gen<string> Place = Gen.Select(
        Gen.OneOf(Name, Name, Name, Any("..", ".", "", "out", "secret")).Array[1, 4],
        parts => string.Join('/', parts)
    );

    private static readonly Gen<(int Kind, string Path, string Target)[]> Tree = Gen.Select(
        Gen.Int[0, 5],
        Name.Array[1, 4].Select(parts => string.Join('/', parts)),
        Target
    ).Array[0, 14];

    private static readonly Gen<(int Verb, string Path)[]> Work = Gen.Select(Gen.Int[0, 10], Place).Array[1, 12];

    private static Gen<string> Any(params string[] values) => Gen.Int[0, values.Length - 1].Select(index => values[index]);

    [Theory]
    [InlineData(Links.Refused)]
    [InlineData(Links.InsideRoot)]
    public void Nothing_outside_is_read_changed_or_removed(Links links) =>
        Gen.Select(Tree, Work)
            .Sample(
                both =>
                {
                    var (tree, work) = both;
                    var place = new TemporaryDirectory().Path;
                    var (root, outside) = (Path.Combine(place, "root"), Path.Combine(place, "out"));
                    try
                    {
                        Directory.CreateDirectory(root);
                        Directory.CreateDirectory(Path.Combine(outside, "dir"));
                        File.WriteAllText(Path.Combine(outside, "secret"), Secret);
                        File.WriteAllText(Path.Combine(outside, "dir/secret"), Secret);
                        File.WriteAllText(Path.Combine(outside, Marker), "");
                        File.WriteAllText(Path.Combine(outside, "dir", Marker), "");
                        Make(root, outside, tree);
                        var before = Snapshot(outside);
                        using (var directory = ConfinedDirectory.Open(root, links))
                        {
                            foreach (var (verb, path) in work)
                            {
                                Do(directory, verb, path);
                            }

                            Assert.Equal(before, Snapshot(outside));
                            directory.Clear();
                            Assert.Empty(directory.List());
                        }

                        Assert.Equal(before, Snapshot(outside));
                        Assert.Equal(["out", "root"], Directory.GetFileSystemEntries(place).Select(Path.GetFileName).Order());
                    }
                    finally
                    {
                        ConfinedDirectory.Remove(place);
                        Assert.False(Directory.Exists(place));
                    }
                },
                iter: 400
            );

    [Fact]
    public void What_is_inside_and_no_link_is_read_as_it_is() =>
        Tree.Sample(
            tree =>
            {
                var place = new TemporaryDirectory().Path;
                try
                {
                    Make(place, "/nonexistent", tree);
                    using var directory = ConfinedDirectory.Open(place);
                    // The model: every regular file that a walk finds which follows no link.
                    foreach (
                        var file in Directory.EnumerateFiles(
                            place,
                            "*",
                            new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint }
                        )
                    )
                    {
                        var path = Path.GetRelativePath(place, file);
                        if (directory.Status(path) is { IsRegular: true })
                        {
                            Assert.Equal("inside " + path, directory.ReadText(path, 10_000));
                        }
                    }
                }
                finally
                {
                    ConfinedDirectory.Remove(place);
                }
            },
            iter: 200
        );

    private static void Do(ConfinedDirectory directory, int verb, string path)
    {
        try
        {
            switch (verb)
            {
                case 0:
                    Assert.NotEqual(Secret, directory.ReadText(path, 10_000));
                    break;
                case 1:
                    directory.Write(path, "written"u8);
                    break;
                case 2:
                    directory.Delete(path);
                    break;
                case 3:
                    directory.DeleteTree(path);
                    break;
                case 4:
                    Assert.DoesNotContain(Marker, directory.List(path));
                    break;
                case 5:
                    directory.MakeDirectory(path, 0x1C0);
                    break;
                case 6:
                    directory.SetMode(path, 0x1C0);
                    break;
                case 7:
                    directory.Status(path);
                    break;
                case 8:
                    using (var inner = directory.TryOpenDirectory(path))
                    {
                        Assert.DoesNotContain(Marker, inner?.List() ?? []);
                        inner?.Write("through", "written"u8);
                    }

                    break;
                case 9:
                    directory.ReadLink(path);
                    break;
                default:
                    using (var stream = directory.OpenRead(path))
                    {
                        Assert.NotEqual(false, stream?.CanSeek);
                    }

                    break;
            }
        }
        catch (Exception refused) when (refused is TorchyardException or IOException or UnauthorizedAccessException)
        {
            // Refused, or in the way of what is there.
        }
    }

    private static void Make(string root, string outside, (int Kind, string Path, string Target)[] tree)
    {
        foreach (var (kind, path, target) in tree)
        {
            // Only through real directories: the tree itself must not be made outside.
            var parts = path.Split('/');
            var parent = root;
            foreach (var part in parts[..^1])
            {
                parent = Path.Combine(parent, part);
                if (new FileInfo(parent) is { Exists: false, LinkTarget: null } && !Directory.Exists(parent))
                {
                    Directory.CreateDirectory(parent);
                }

                if (!Directory.Exists(parent) || new DirectoryInfo(parent).LinkTarget is not null)
                {
                    parent = "";
                    break;
                }
            }

            var place = parent.Length == 0 ? "" : Path.Combine(parent, parts[^1]);
            if (place.Length == 0 || Path.Exists(place) || new FileInfo(place).LinkTarget is not null)
            {
                continue;
            }

            switch (kind)
            {
                case 0:
                    Directory.CreateDirectory(place);
                    break;
                case 1:
                    Fifo.Make(place);
                    break;
                case 2:
                    File.WriteAllText(place, "inside " + Path.GetRelativePath(root, place));
                    break;
                default:
                    if (target.Length > 0)
                    {
                        File.CreateSymbolicLink(place, target.Replace("OUT", outside, StringComparison.Ordinal));
                    }

                    break;
            }
        }
    }

    private static string Snapshot(string directory)
    {
        var text = new StringBuilder();
        foreach (
            var entry in Directory
                .EnumerateFileSystemEntries(directory, "*", SearchOption.AllDirectories)
                .Prepend(directory)
                .Order(StringComparer.Ordinal)
        )
        {
            text.Append(entry)
                .Append(' ')
                .Append(File.GetUnixFileMode(entry))
                .Append(' ')
                .Append(File.GetLastWriteTimeUtc(entry).Ticks)
                .Append(' ')
                .AppendLine(Directory.Exists(entry) ? "" : File.ReadAllText(entry));
        }

        return text.ToString();
    }
}
