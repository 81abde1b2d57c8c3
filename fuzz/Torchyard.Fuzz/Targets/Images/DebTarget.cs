using System.Text;
using Torchyard.Images.Debian.Packages;
using Torchyard.Images.Tar;
using Torchyard.Recipes.Locks;

namespace Torchyard.Fuzz.Targets.Images;

/// <summary>A package as the unpacker reads it: ar, both tar archives, the control file.</summary>
internal sealed class DebTarget : FuzzTarget
{
    private const long MostData = 4 << 20;

    private static readonly LockedDebianPackage Package = new()
    {
        Name = "a",
        Version = "1",
        Architecture = "all",
        Source = "a",
        Archive = "test",
        Filename = "pool/a_1_all.deb",
        Size = 1,
        Sha256 = default,
        InstalledSize = 1,
    };

    public override string Name => "deb";

    public override string Input => "Debian packages of any archive and mirror";

    public override int LongestInput => 16 * 1024;

    public override IReadOnlyList<string> Words =>
        [
            "!<arch>\n",
            "`\n",
            "debian-binary   ",
            "control.tar     ",
            "data.tar.gz     ",
            "data.tar.xz     ",
            "control.tar.zst ",
            "2.0\n",
            "./control",
            "Package: a\n",
        ];

    public override IEnumerable<byte[]> Seeds()
    {
        var control = Tar(
            ("./", null),
            ("./control", "Package: a\nVersion: 1\nArchitecture: all\nDescription: d\n"),
            ("./conffiles", "/etc/a\n")
        );
        var data = Tar(("./", null), ("./etc/", null), ("./etc/a", "text"));
        yield return Ar(("debian-binary", Bytes.Of("2.0\n")), ("control.tar", control), ("data.tar", data));
        yield return Ar(("debian-binary", Bytes.Of("2.0\n")), ("control.tar.gz", Bytes.Gzip(control)), ("data.tar.zst", Bytes.Zstd(data)));
    }

    public override object? Parse(byte[] input)
    {
        // The beginning of a file is read before anything vouches for it: whatever it holds, that is not an error.
        if (PackageStartReader.Needed(input) is { } needed && needed <= input.Length)
        {
            _ = PackageStartReader.TryRead(input.AsMemory(0, (int)needed), Package);
        }

        using var archive = DebArchive.Open(InputFile.Write(input), "a_1_all.deb");
        var control = archive.ReadControl();
        var paragraph = ControlParagraph.Parse(control["control"].Text);
        var entries = new List<TarEntry>();
        archive.ReadData(MostData, (entry, _) => entries.Add(entry));
        var digest = archive.FinishHash();
        Require(digest == Digest.Of(input), "the hash of a package that is read is not that of its bytes");
        return (control.ToDictionary(pair => pair.Key, pair => pair.Value.Content), paragraph?.Fields, entries, digest);
    }

    private static byte[] Ar(params (string Name, byte[] Content)[] members)
    {
        using var archive = new MemoryStream();
        archive.Write("!<arch>\n"u8);
        foreach (var (name, content) in members)
        {
            archive.Write(Encoding.ASCII.GetBytes($"{name, -16}{0, -12}{0, -6}{0, -6}{100644, -8}{content.Length, -10}`\n"));
            archive.Write(content);
            archive.Write(content.Length % 2 == 1 ? "\n"u8 : default);
        }

        return archive.ToArray();
    }

    private static byte[] Tar(params (string Name, string? Content)[] files)
    {
        using var archive = new MemoryStream();
        var writer = new TarLayerWriter(archive);
        foreach (var (name, content) in files)
        {
            writer.Write(
                new TarEntry
                {
                    Name = name,
                    Kind = content is null ? TarKind.Directory : TarKind.File,
                    Mode = 0x1A4,
                    Size = content?.Length ?? 0,
                },
                new MemoryStream(Bytes.Of(content ?? ""))
            );
        }

        writer.Complete();
        return archive.ToArray();
    }
}
