using System.Text;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;
using Torchyard.Testing.Golden;

namespace Torchyard.Recipes.Tests;

public sealed class LockReaderTests
{
    internal static readonly RecipeLock Sample = new()
    {
        RecipeDigest = Digest.Of("recipe"u8),
        SourceDateEpoch = 1_767_323_045,
        Recipe = new Recipe
        {
            Name = "x",
            Packages = ["bash"],
            Base = new DebianBase { Suite = "trixie" },
        },
        Archives =
        [
            new LockedArchive
            {
                Id = "trixie",
                Uri = "http://deb.debian.org/debian",
                Suite = "trixie",
                Components = ["main"],
                ReleaseDigest = Digest.Of("release"u8),
                ReleaseDate = 1_767_323_045,
            },
        ],
        Packages =
        [
            new LockedDebianPackage
            {
                Name = "bash",
                Version = "5.2.37-2+b5",
                Architecture = "amd64",
                Source = "bash",
                Archive = "trixie",
                Filename = "pool/main/b/bash/bash_5.2.37-2+b5_amd64.deb",
                Size = 1_480_000,
                Sha256 = Digest.Of("bash"u8),
                InstalledSize = 7_000_000,
                Essential = true,
                Requested = true,
            },
        ],
        Tools = new LockedTools(1, Digest.Of("supervisor"u8), "libzstd 1.5.7"),
    };

    [Fact]
    public void Two_archives_of_one_name_are_refused()
    {
        var twice = LockText.Write(Sample with { Archives = [Sample.Archives[0], Sample.Archives[0]] });

        var refusal = Assert.Throws<TorchyardException>(() => LockReader.Read(Encoding.UTF8.GetBytes(twice), "torchyard.lock"));

        Assert.Equal(("TY1021", "two archives are called 'trixie'"), (refusal.Code, refusal.Message));
    }

    [Fact]
    public void The_form_of_the_file_is_fixed() => GoldenFile.Compare("tests/Torchyard.Recipes.Tests/lock.golden", LockText.Write(Sample));

    [Fact]
    public void Equal_locks_have_equal_digests_and_order_of_packages_does_not_count()
    {
        var other = Sample.Packages[0] with { Name = "awk" };
        Assert.Equal(
            LockText.DigestOf(Sample with { Packages = [Sample.Packages[0], other] }),
            LockText.DigestOf(Sample with { Packages = [other, Sample.Packages[0]] })
        );
    }

    [Fact]
    public void An_edited_lock_is_refused_at_its_checksum()
    {
        var error = Refused(LockText.Write(Sample).Replace("5.2.37-2+b5\"", "5.2.37-3\"", StringComparison.Ordinal));
        Assert.Equal(("TY1024", 4), (error.Code, error.Location!.Line));
        Assert.Contains("torchyard lock", error.Cure, StringComparison.Ordinal);
    }

    [Fact]
    public void A_lock_of_another_format_is_refused()
    {
        var error = Refused(LockText.Write(Sample).Replace("version = 1\n", "version = 2\n", StringComparison.Ordinal));
        Assert.Equal(("TY1022", 3), (error.Code, error.Location!.Line));
        Assert.Contains("newer torchyard", error.Cure, StringComparison.Ordinal);
    }

    [Fact]
    public void A_truncated_lock_is_refused()
    {
        var text = LockText.Write(Sample);
        Assert.All(Enumerable.Range(0, text.Length - 1), length =>
            Assert.StartsWith("TY10", Refused(text[..length]).Code, StringComparison.Ordinal)
        );
    }

    [Fact]
    public void Merge_conflict_marks_are_named()
    {
        var text = LockText.Write(Sample).Replace("\n[tools]", "\n<<<<<<< HEAD\n[tools]", StringComparison.Ordinal);
        Assert.Contains("merge conflict: run 'torchyard lock'", Refused(text).Cure, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/etc/passwd")]
    [InlineData("pool/../../../etc/passwd")]
    public void A_file_name_that_leaves_the_archive_is_refused(string filename) =>
        Assert.Equal("TY1021", Refused(LockText.Write(Sample with { Packages = [Sample.Packages[0] with { Filename = filename }] })).Code);

    [Theory]
    [InlineData("files/torch.whl")]
    [InlineData("https://files.example/a\u202Eb.whl")]
    public void An_address_that_cannot_be_read_is_refused_with_the_lock(string url)
    {
        var python = new LockedPython
        {
            Interpreter = "3.13",
            Resolver = "pip 25.1.1",
            Indexes = [new LockedPythonIndex("torch", url)],
            Packages = [],
            BuildPackages = [],
        };
        Assert.Equal("TY1021", Refused(LockText.Write(Sample with { Python = python })).Code);
    }

    [Fact]
    public void A_missing_lock_says_what_to_run()
    {
        var error = Assert.Throws<TorchyardException>(() => LockReader.ReadFile("/nowhere/torchyard.lock"));
        Assert.Equal("TY1020", error.Code);
    }

    [Fact]
    public void A_lock_of_thousands_of_packages_reads_whole()
    {
        var names = Enumerable.Range(0, 4000).Select(i => $"package{i:d5}").ToList();
        var text = LockText.Write(Sample with { Packages = [.. names.Select(name => Sample.Packages[0] with { Name = name })] });
        Assert.Equal(names, LockReader.Read(Encoding.UTF8.GetBytes(text), "l").Packages.Select(package => package.Name));
    }

    /// <summary>What git's autocrlf, editors and tools do to the ends of lines and files, alone and together.</summary>
    [Fact]
    public void Line_ends_a_byte_order_mark_and_empty_lines_at_the_end_are_no_change()
    {
        var text = LockText.Write(Sample);
        var random = new Random(14);
        Func<string, string>[] changes =
        [
            plain => plain.Replace("\n", "\r\n", StringComparison.Ordinal),
            plain =>
                string.Concat(
                    plain.Select(letter =>
                        letter != '\n'
                            ? letter.ToString()
                            : random.Next(3) switch
                            {
                                0 => "\r\n",
                                1 => "\r\r\n",
                                _ => "\n",
                            }
                    )
                ),
            plain => "\uFEFF" + plain,
            plain => plain + string.Concat(Enumerable.Range(0, random.Next(1, 6)).Select(_ => random.Next(2) == 0 ? "\n" : " \t\r\n")),
            plain => plain.TrimEnd('\n'),
        ];
        for (var chosen = 0; chosen < 1 << changes.Length; chosen++)
        {
            var changed = changes.Where((_, index) => (chosen & (1 << index)) != 0).Aggregate(text, (so, change) => change(so));
            var bytes = Encoding.UTF8.GetBytes(changed);

            Assert.Equal(text, LockText.Write(LockReader.Read(bytes, "torchyard.lock")));
            Assert.Equal(LockReader.TextDigestOf(Encoding.UTF8.GetBytes(text)), LockReader.TextDigestOf(bytes));
        }
    }

    [Theory]
    [InlineData("5.2.37-2+b5\"\narchitecture", "5.2.37-2+b6\"\narchitecture")]
    [InlineData("\n\n[[package]]", "\n\n# \r\n[[package]]")]
    public void Anything_else_is_a_change(string before, string after)
    {
        var text = LockText.Write(Sample);
        Assert.Contains(before, text, StringComparison.Ordinal);

        Assert.Equal("TY1024", Refused(text.Replace(before, after, StringComparison.Ordinal)).Code);
    }

    private static TorchyardException Refused(string text) =>
        Assert.Throws<TorchyardException>(() => LockReader.Read(Encoding.UTF8.GetBytes(text), "torchyard.lock"));
}
