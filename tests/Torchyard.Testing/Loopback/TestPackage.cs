using System.Formats.Tar;
using System.IO.Compression;
using System.Text;

namespace Torchyard.Testing.Loopback;

/// <summary>A binary package with one file, made without dpkg.</summary>
public static class TestPackage
{
    /// <summary>Makes one.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="version">Its version.</param>
    /// <param name="fields">Further control fields.</param>
    /// <param name="architecture">Its architecture.</param>
    /// <param name="content">What is in its file; null for its name.</param>
    public static byte[] Make(string name, string version, string fields = "", string architecture = "all", string? content = null)
    {
        var control = Tar(
            "./control",
            $"Package: {name}\nVersion: {version}\nArchitecture: {architecture}\nMaintainer: T <t@example.org>\n"
                + (fields.Length > 0 ? fields + "\n" : "")
                + "Description: x\n"
        );
        var data = Tar($"./usr/share/{name}", content ?? name);
        using var deb = new MemoryStream();
        deb.Write("!<arch>\n"u8);
        foreach (
            var (member, bytes) in new[] { ("debian-binary", "2.0\n"u8.ToArray()), ("control.tar.gz", control), ("data.tar.gz", data) }
        )
        {
            deb.Write(Encoding.ASCII.GetBytes($"{member, -16}{0, -12}{0, -6}{0, -6}{"100644", -8}{bytes.Length, -10}`\n"));
            deb.Write(bytes);
            if (bytes.Length % 2 == 1)
            {
                deb.WriteByte((byte)'\n');
            }
        }

        return deb.ToArray();
    }

    private static byte[] Tar(string path, string text)
    {
        using var memory = new MemoryStream();
        using (var gzip = new GZipStream(memory, CompressionLevel.Optimal))
        using (var tar = new TarWriter(gzip, TarEntryFormat.Gnu))
        {
            tar.WriteEntry(
                new GnuTarEntry(TarEntryType.RegularFile, path)
                {
                    DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)),
                    ModificationTime = DateTimeOffset.UnixEpoch,
                }
            );
        }

        return memory.ToArray();
    }
}
