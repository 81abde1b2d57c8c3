using System.Buffers.Binary;
using Torchyard.Containers.Gpus;
using Torchyard.Images.Layers;
using Torchyard.Machine.Files;
using Torchyard.Machine.Gpus;
using Torchyard.Machine.Libraries;
using Torchyard.Platform.Linking;
using Torchyard.Testing.Gpus;

namespace Torchyard.Containers.Tests.Gpus;

/// <summary>Images that want a file of the machine read, or this program stopped, while the linker cache for them is computed.</summary>
public sealed class HostileImageRootTests
{
    private const int X8664 = LinkerCache.FlagElfLibc6 | LinkerCache.FlagX8664;

    /// <summary>overlayfs shows the upper layer's directory; a path through the lower layer's link would lead to the machine.</summary>
    [Fact]
    public void A_link_in_a_lower_layer_under_a_directory_of_an_upper_one_is_not_followed()
    {
        using var machine = new TemporaryDirectory();
        using var upper = new TemporaryDirectory();
        using var lower = new TemporaryDirectory();
        File.WriteAllText(machine.File("ld.so.cache"), "the machine's");
        File.WriteAllText(machine.File("libcuda.so.999.1"), "");
        Directory.CreateDirectory(upper.File("etc"));
        Directory.CreateDirectory(upper.File("usr/local/cuda/compat"));
        File.CreateSymbolicLink(lower.File("etc"), machine.Path);
        File.CreateSymbolicLink(lower.File("usr/local/cuda/compat"), machine.Path);
        using var image = new ImageRoot([upper.Path, lower.Path]);

        Assert.Null(image.Read("/etc/ld.so.cache", 1000));
        Assert.Null(image.Resolve("/etc/ld.so.cache"));
        Assert.Empty(image.List("/usr/local/cuda/compat"));
        Assert.Null(ForwardCompatibility.Decide(image, "580.1").Reason);
    }

    [Fact]
    public void What_a_layer_removed_is_gone()
    {
        Requires.Root("needs root, for whiteouts");
        using var upper = new TemporaryDirectory();
        using var lower = new TemporaryDirectory();
        File.WriteAllText(lower.File("a/inside"), "");
        File.WriteAllText(lower.File("b/inside"), "");
        File.WriteAllText(lower.File("c"), "");
        foreach (var whiteout in new[] { "a", "c" })
        {
            Run("/usr/bin/mknod", upper.File(whiteout), "c", "0", "0");
        }

        Directory.CreateDirectory(upper.File("b"));
        Run("/usr/bin/python3", "-c", $"import os; os.setxattr('{upper.File("b")}', 'trusted.overlay.opaque', b'y')");
        using var image = new ImageRoot([upper.Path, lower.Path]);

        Assert.Null(image.Resolve("/a"));
        Assert.Null(image.Resolve("/a/inside"));
        Assert.Null(image.Resolve("/b/inside"));
        Assert.Null(image.Resolve("/c"));
        Assert.Equal(["b"], image.List("/"));
        Assert.Empty(image.List("/b"));
    }

    [Theory]
    [InlineData("fifo")]
    [InlineData("device")]
    [InlineData("/dev/zero")]
    [InlineData("/proc/self/mem")]
    [InlineData("../../../../../../../dev/zero")]
    [InlineData("loop")]
    [InlineData("directory")]
    public void A_linker_cache_that_is_no_file_counts_as_none(string what)
    {
        Requires.Root("needs root, for device nodes");
        using var directory = new TemporaryDirectory();
        foreach (var path in new[] { directory.File("etc/ld.so.cache"), directory.File("usr/local/cuda/compat/libcuda.so.999.1") })
        {
            Plant(path, what);
        }

        using var image = new ImageRoot([directory.Path]);

        var cache = LinkerCache.Read(RecordedMachine.H200.Injection().LinkerCacheOf(image, out _));

        Assert.All(cache, entry => Assert.StartsWith("/usr/local/nvidia/lib64/", entry.Path, StringComparison.Ordinal));
        Assert.Contains(cache, entry => entry.Soname == "libcuda.so.1");
    }

    [Fact]
    public void Files_that_are_swapped_for_links_meanwhile_lead_nowhere()
    {
        using var machine = new TemporaryDirectory();
        using var directory = new TemporaryDirectory();
        var secret = LinkerCacheWriter.Write([new("libsecret.so", "/machine/libsecret.so", X8664)], []);
        var plain = LinkerCacheWriter.Write([new("libplain.so", "/lib/libplain.so", X8664)], []);
        File.WriteAllBytes(machine.File("ld.so.cache"), secret);
        File.WriteAllBytes(directory.File("real/ld.so.cache"), plain);
        File.CreateSymbolicLink(directory.File("planted"), machine.Path);
        Directory.CreateDirectory(directory.File("etc"));
        var swaps = true;
        var swapping = new Thread(() =>
        {
            while (Volatile.Read(ref swaps))
            {
                foreach (var next in new[] { "real", "planted" })
                {
                    Directory.Move(directory.File("etc"), directory.File("aside"));
                    Directory.Move(directory.File(next), directory.File("etc"));
                    Directory.Move(directory.File("etc"), directory.File(next));
                    Directory.Move(directory.File("aside"), directory.File("etc"));
                }
            }
        });
        swapping.Start();
        using var image = new ImageRoot([directory.Path]);
        var injection = RecordedMachine.H200.Injection();
        try
        {
            for (var i = 0; i < 300; i++)
            {
                Assert.DoesNotContain(LinkerCache.Read(injection.LinkerCacheOf(image, out _)), entry => entry.Soname == "libsecret.so");
            }
        }
        finally
        {
            Volatile.Write(ref swaps, false);
            swapping.Join();
        }
    }

    /// <summary>200,000 entries whose names end alike need two thousand times the memory of the file.</summary>
    [Fact]
    public void A_linker_cache_that_is_made_to_fill_the_memory_counts_as_none()
    {
        const int Count = 150_000;
        const int Text = 8_000;
        var data = new byte[48 + Count * 24 + Text];
        "glibc-ld.so.cache1.1"u8.CopyTo(data);
        BinaryPrimitives.WriteInt32LittleEndian(data.AsSpan(20), Count);
        data.AsSpan(48 + Count * 24, Text - 1).Fill((byte)'a');
        for (var i = 0; i < Count; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(data.AsSpan(48 + i * 24), X8664);
            BinaryPrimitives.WriteInt32LittleEndian(data.AsSpan(48 + i * 24 + 4), 48 + Count * 24 + 4000 + i % 3900);
            BinaryPrimitives.WriteInt32LittleEndian(data.AsSpan(48 + i * 24 + 8), 48 + Count * 24 + 4000 + (i + 1) % 3900);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        var entries = LinkerCache.Read(data);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100 << 20);
        Assert.All(entries, entry => Assert.InRange(entry.Soname.Length, 0, 255));
        // Shared names are not attack.
        Assert.Equal(
            2,
            LinkerCache.Read(LinkerCacheWriter.Write([new("a.so", "/lib/a.so", X8664), new("a.so", "/lib/a.so", X8664, 1)], [])).Count
        );
    }

    [Theory]
    [InlineData("libcuda.so.999.\u001b[31mred")]
    [InlineData("libcuda.so.999.1\n2")]
    [InlineData("libcuda.so.999.1-../../../etc")]
    public void A_compat_driver_whose_version_is_no_version_is_not_used(string name)
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllText(directory.File("usr/local/cuda/compat/placeholder"), "");
        try
        {
            File.WriteAllText(Path.Combine(directory.Path, "usr/local/cuda/compat", name.Replace('/', '_')), "");
        }
        catch (IOException)
        {
            Assert.Skip("this file system has no such names");
        }

        using var image = new ImageRoot([directory.Path]);
        Assert.Null(ForwardCompatibility.Decide(image, "580.1").Directory);
    }

    [Fact]
    public void A_compat_directory_with_more_files_than_a_driver_is_not_used()
    {
        using var directory = new TemporaryDirectory();
        for (var i = 0; i < 300; i++)
        {
            File.WriteAllText(directory.File($"usr/local/cuda/compat/lib{i}.so"), "");
        }

        File.WriteAllText(directory.File("usr/local/cuda/compat/libcuda.so.999.1"), "");
        using var image = new ImageRoot([directory.Path]);
        var verdict = ForwardCompatibility.Decide(image, "580.1");
        Assert.Null(verdict.Directory);
        Assert.Contains("301 files", verdict.Reason, StringComparison.Ordinal);
    }

    /// <summary>Another user of the machine, or a container with /tmp, puts something where MPS would be.</summary>
    [Theory]
    [InlineData("link")]
    [InlineData("stranger")]
    public void What_others_put_in_the_place_of_mps_is_not_mounted(string what)
    {
        Requires.Root("needs root, for a file of somebody else");
        using var machine = new TemporaryDirectory();
        Run("/bin/cp", "-a", RecordedMachine.H200.Root + "/.", machine.Path);
        Directory.CreateDirectory(machine.File("tmp"));
        if (what == "link")
        {
            File.WriteAllText(machine.File("root/secret/control"), "");
            File.CreateSymbolicLink(machine.File("tmp/nvidia-mps"), "/root/secret");
        }
        else
        {
            File.WriteAllText(machine.File("tmp/nvidia-mps/control"), "");
            Run("/bin/chown", "-R", "54321", machine.File("tmp/nvidia-mps"));
        }

        var edits = Injection(machine.Path).Edits([]);
        Assert.DoesNotContain(edits.Mounts, mount => mount.Path.Contains("mps", StringComparison.Ordinal) && mount.IsSocket);
        Assert.Contains(edits.Notes, note => note.Contains("/tmp/nvidia-mps", StringComparison.Ordinal));
    }

    [Fact]
    public void Mps_of_root_is_mounted_and_stands_in_no_document_that_outlives_it()
    {
        Requires.Root("needs root, for a file of root");
        using var machine = new TemporaryDirectory();
        Run("/bin/cp", "-a", RecordedMachine.H200.Root + "/.", machine.Path);
        File.WriteAllText(machine.File("tmp/nvidia-mps/control"), "");
        var injection = Injection(machine.Path);

        Assert.Contains(injection.Edits([]).Mounts, mount => mount is { Path: "/tmp/nvidia-mps", IsSocket: true });
        Assert.DoesNotContain("nvidia-mps\"", CdiDocument.Write([], injection.Edits), StringComparison.Ordinal);
    }

    private static ContainerInjection Injection(string root)
    {
        var files = new MachineFiles(root);
        return new ContainerInjection(files, _ => null, new LibrarySearch(files, _ => null), KernelModule.Version(files)!);
    }

    private static void Plant(string path, string what)
    {
        switch (what)
        {
            case "fifo":
                Run("/usr/bin/mkfifo", path);
                break;
            case "device":
                Run("/usr/bin/mknod", path, "c", "1", "5");
                break;
            case "directory":
                Directory.CreateDirectory(path);
                break;
            default:
                File.CreateSymbolicLink(path, what == "loop" ? Path.GetFileName(path) : what);
                break;
        }
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = System.Diagnostics.Process.Start(program, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }
}
