using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Torchyard.EndToEnd.Program;

namespace Torchyard.EndToEnd.Trees;

/// <summary>
/// The root of an image, mounted read-only from the store's own layer directories by overlayfs, as a container sees it. In the mount
/// namespace of the tests: it is taken away at the end, and needs root.
/// </summary>
internal sealed partial class MountedImage : IDisposable
{
    private const ulong ReadOnly = 1;
    private const int Detach = 2;

    private MountedImage(string directory) => Root = directory;

    public string Root { get; }

    /// <summary>Mounts an image by its manifest's digest.</summary>
    public static MountedImage Mount(TestStore store, string manifest)
    {
        var work = store.NewProject("mounted-" + manifest[7..19]);
        var links = new List<string>();
        // Short names: all layers together must fit into a page.
        foreach (var diffId in DiffIds(store, manifest).Reverse())
        {
            var link = Path.Combine(work, links.Count.ToString(CultureInfo.InvariantCulture));
            File.CreateSymbolicLink(link, Path.Combine(store.Store, "layers", diffId));
            links.Add(link);
        }

        var root = Directory.CreateDirectory(Path.Combine(work, "root")).FullName;
        var error =
            Mount("overlay", root, "overlay", ReadOnly, "lowerdir=" + string.Join(':', links)) == 0 ? 0 : Marshal.GetLastPInvokeError();
        Assert.True(error == 0, $"overlayfs cannot be mounted: {Marshal.GetPInvokeErrorMessage(error)}");
        return new MountedImage(root);
    }

    public void Dispose() => Assert.Equal(0, Unmount(Root, Detach));

    private static string[] DiffIds(TestStore store, string manifest)
    {
        using var document = Blob(manifest);
        using var config = Blob(document.RootElement.GetProperty("config").GetProperty("digest").GetString()!);
        return [.. config.RootElement.GetProperty("rootfs").GetProperty("diff_ids").EnumerateArray().Select(id => id.GetString()![7..])];

        JsonDocument Blob(string digest) =>
            JsonDocument.Parse(File.ReadAllBytes(Path.Combine(store.Store, "oci/blobs/sha256", digest[7..])));
    }

    [LibraryImport("libc", EntryPoint = "mount", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Mount(string source, string target, string type, ulong flags, string data);

    [LibraryImport("libc", EntryPoint = "umount2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Unmount(string target, int flags);
}
