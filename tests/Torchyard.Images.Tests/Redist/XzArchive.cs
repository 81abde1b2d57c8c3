using System.Diagnostics;
using Torchyard.Images.Tar;

namespace Torchyard.Images.Tests.Redist;

/// <summary>Archives of the form of NVIDIA's, made by xz.</summary>
internal static class XzArchive
{
    /// <summary>Compresses a tar archive.</summary>
    public static byte[] Compress(byte[] tar)
    {
        using var xz = Process.Start(
            new ProcessStartInfo("/usr/bin/xz", ["-0", "-c"]) { RedirectStandardInput = true, RedirectStandardOutput = true }
        )!;
        var feed = Task.Run(() =>
        {
            xz.StandardInput.BaseStream.Write(tar);
            xz.StandardInput.Close();
        });
        using var result = new MemoryStream();
        xz.StandardOutput.BaseStream.CopyTo(result);
        feed.GetAwaiter().GetResult();
        xz.WaitForExit();
        return xz.ExitCode == 0 ? result.ToArray() : throw new InvalidOperationException("xz failed");
    }

    /// <summary>A file with the mode and owner that NVIDIA's archives have.</summary>
    public static (TarEntry Entry, byte[] Content) File(string name, byte[] content) =>
        (
            new TarEntry
            {
                Name = name,
                Kind = TarKind.File,
                Mode = 0x1ED,
                User = 25503,
                Group = 2174,
                ModifiedAt = 1_768_000_000,
                Size = content.Length,
            },
            content
        );

    /// <summary>A symbolic link.</summary>
    public static (TarEntry Entry, byte[] Content) Link(string name, string target) =>
        (
            new TarEntry
            {
                Name = name,
                Kind = TarKind.Symlink,
                Mode = 0x1FF,
                LinkTarget = target,
                ModifiedAt = 1_768_000_000,
            },
            []
        );
}
