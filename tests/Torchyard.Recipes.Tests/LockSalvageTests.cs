using System.Text;
using Torchyard.Recipes.Locks;

namespace Torchyard.Recipes.Tests;

public sealed class LockSalvageTests
{
    private static readonly LockedArchive Older = LockReaderTests.Sample.Archives[0];
    private static readonly LockedArchive Newer = Older with
    {
        ReleaseDigest = Torchyard.Platform.Digests.Digest.Of("newer"u8),
        ReleaseDate = Older.ReleaseDate + 86400,
    };

    private static readonly RecipeLock Whole = LockReaderTests.Sample with { Packages = [Package("awk"), Package("bash"), Package("git")] };

    [Fact]
    public void A_lock_that_was_edited_keeps_its_archives()
    {
        var text = LockText.Write(Whole).Replace("awk", "gawk", StringComparison.Ordinal);

        Assert.Equal([Older.ReleaseDigest], Salvage(text)!.Archives.Select(archive => archive.ReleaseDigest));
    }

    [Fact]
    public void A_lock_of_another_format_is_read_as_far_as_it_is_the_same() =>
        Assert.NotNull(Salvage(LockText.Write(Whole).Replace("version = 1\n", "version = 7\n", StringComparison.Ordinal)));

    [Fact]
    public void A_lock_that_was_cut_off_keeps_what_is_before_the_cut()
    {
        var text = LockText.Write(Whole);
        var cut = text[..(text.LastIndexOf("installed-size", StringComparison.Ordinal) + 5)];

        Assert.Equal(["awk", "bash"], Salvage(cut)!.Packages.Select(package => package.Name));
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void A_conflict_keeps_the_newer_archive_and_the_Python_packages_of_both_sides(bool theirsIsNewer, bool diff3)
    {
        var (ours, theirs) = (
            Side(theirsIsNewer ? Older : Newer, "numpy", "pandas"),
            Side(theirsIsNewer ? Newer : Older, "numpy", "scipy")
        );

        var kept = Salvage(Conflict(ours, theirs, diff3));

        Assert.Equal(Newer.ReleaseDigest, Assert.Single(kept!.Archives).ReleaseDigest);
        Assert.Equal(["numpy", "pandas", "scipy"], kept.Python!.Packages.Select(package => package.Name));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\0\0\0\0")]
    [InlineData("hello")]
    [InlineData("<<<<<<< HEAD\n=======\n>>>>>>> other\n")]
    [InlineData("version = 1\nversion = 1\n")]
    public void Of_what_is_no_lock_nothing_is_kept(string text) => Assert.Null(Salvage(text));

    private static RecipeLock? Salvage(string text) => LockSalvage.Of(Encoding.UTF8.GetBytes(text), "torchyard.lock");

    private static LockedDebianPackage Package(string name) => LockReaderTests.Sample.Packages[0] with { Name = name };

    private static string Side(LockedArchive archive, params string[] python) =>
        LockText.Write(
            Whole with
            {
                Archives = [archive],
                Python = new LockedPython
                {
                    Interpreter = "3.13",
                    Resolver = "pip 25.1.1",
                    Packages =
                    [
                        .. python.Select(name => new LockedPythonPackage
                        {
                            Name = name,
                            Version = "1.0",
                            Filename = $"{name}-1.0-py3-none-any.whl",
                            Size = 1,
                            Sha256 = Torchyard.Platform.Digests.Digest.Of("wheel"u8),
                            Path = "./x.whl",
                        }),
                    ],
                },
            }
        );

    /// <summary>As git leaves a file of which it could not join a line: the parts that differ twice, the rest once.</summary>
    private static string Conflict(string ours, string theirs, bool diff3)
    {
        var (left, right) = (ours.Split('\n'), theirs.Split('\n'));
        var text = new StringBuilder();
        Assert.Equal(left.Length, right.Length);
        for (var line = 0; line < left.Length; line++)
        {
            text.Append(
                left[line] == right[line]
                    ? left[line] + "\n"
                    : $"<<<<<<< HEAD\n{left[line]}\n{(diff3 ? $"||||||| base\nchecksum = \"old\"\n" : "")}=======\n{right[line]}\n"
                        + $">>>>>>> other\n"
            );
        }

        return text.ToString();
    }
}
