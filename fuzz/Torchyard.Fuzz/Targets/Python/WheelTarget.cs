using System.IO.Compression;
using System.Security.Cryptography;
using Torchyard.Packages.Python.Wheels;
using Torchyard.Packages.Python.Zip;
using Torchyard.Recipes.Locks;

namespace Torchyard.Fuzz.Targets.Python;

/// <summary>A wheel as it is installed: zip directory, RECORD, METADATA, plan, contents.</summary>
internal sealed class WheelTarget : FuzzTarget
{
    private const string FileName = "a-1-py3-none-any.whl";
    private const long MostContent = 1 << 20;

    public override string Name => "wheel";

    public override string Input => "wheels of any index, and other zip archives";

    public override IReadOnlyList<string> Words =>
        [
            "PK\u0001\u0002",
            "PK\u0003\u0004",
            "PK\u0005\u0006",
            "PK\u0006\u0006",
            "PK\u0006\u0007",
            "a-1.dist-info/RECORD",
            "a-1.data/scripts/b",
            "../",
            "up\u0006\0",
        ];

    public override bool IsRefusal(Exception failure) => failure is InvalidDataException;

    public override IEnumerable<byte[]> Seeds()
    {
        yield return Wheel(CompressionLevel.SmallestSize, ("a/__init__.py", "print('a')\n"));
        yield return Wheel(
            CompressionLevel.NoCompression,
            ("a/__init__.py", ""),
            ("a-1.data/scripts/run", "#!python\nprint(1)\n"),
            ("a-1.data/data/share/a", "x"),
            ("a-1.dist-info/entry_points.txt", "[console_scripts]\na = a:main\n")
        );
    }

    public override object? Parse(byte[] input)
    {
        using var zip = ZipReader.Open(new MemoryZip(input));
        var contents = zip.Entries.Where(entry => entry.Size <= MostContent).Take(20).Select(entry => Content(zip, entry)).ToList();
        using var wheel = WheelArchive.Open(new MemoryZip(input), FileName);
        var package = new LockedPythonPackage
        {
            Name = "a",
            Version = "1",
            Filename = FileName,
            Url = "https://host.example/" + FileName,
            Sha256 = Digest.Of(input),
            Size = input.Length,
        };
        var plan = new InstallPlanner(new VenvLayout("3.13", "/opt/venv")).Plan(wheel, package);
        foreach (var file in plan.Files)
        {
            Require(
                !file.Path.StartsWith('/') && file.Path.Split('/').All(part => part is not (".." or "." or "")),
                "a file goes out of the environment"
            );
        }

        return (
            zip.Entries,
            contents,
            wheel.Metadata,
            wheel.Scripts,
            plan.Files.Select(file => (file.Path, file.Executable, file.Size)).ToList()
        );
    }

    // A damaged member must not keep the others from being read.
    private static object Content(ZipReader zip, ZipEntry entry)
    {
        try
        {
            using var stream = zip.Open(entry);
            var (length, digest) = Bytes.Drain(stream, MostContent + 1);
            Require(length == entry.Size, "an entry has another length than its directory says");
            return digest;
        }
        catch (InvalidDataException damage)
        {
            return damage.Message;
        }
    }

    private static byte[] Wheel(CompressionLevel level, params (string Path, string Content)[] files)
    {
        using var packed = new MemoryStream();
        using (var zip = new ZipArchive(packed, ZipArchiveMode.Create, leaveOpen: true))
        {
            var record = "";
            foreach (
                var (path, content) in files
                    .Append(("a-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: a\nVersion: 1\n"))
                    .Append(("a-1.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"))
            )
            {
                Add(zip, level, path, content);
                record +=
                    $"{path},sha256={System.Buffers.Text.Base64Url.EncodeToString(SHA256.HashData(Bytes.Of(content)))},{content.Length}\n";
            }

            Add(zip, level, "a-1.dist-info/RECORD", record + "a-1.dist-info/RECORD,,\n");
        }

        return packed.ToArray();
    }

    private static void Add(ZipArchive zip, CompressionLevel level, string path, string content)
    {
        using var stream = zip.CreateEntry(path, level).Open();
        stream.Write(Bytes.Of(content));
    }
}
