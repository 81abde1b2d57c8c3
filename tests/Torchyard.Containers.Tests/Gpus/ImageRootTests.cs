using System.Buffers.Binary;
using System.Text;
using Torchyard.Containers.Gpus;
using Torchyard.Testing.Gpus;

namespace Torchyard.Containers.Tests.Gpus;

public sealed class ImageRootTests
{
    [Fact]
    public void Links_never_lead_out_of_the_image()
    {
        using var image = new TemporaryDirectory();
        File.WriteAllText(image.File("etc/passwd"), "the image's");
        File.CreateSymbolicLink(image.File("a"), "../../../../etc/passwd");
        File.CreateSymbolicLink(image.File("b"), "/etc/passwd");
        File.CreateSymbolicLink(image.File("loop"), "loop");
        using var root = new ImageRoot([image.Path]);
        Assert.Equal("the image's"u8.ToArray(), root.Read("/a", 100));
        Assert.Equal("the image's"u8.ToArray(), root.Read("/b", 100));
        Assert.Null(root.Read("/b", 3));
        Assert.Null(root.Open("/loop"));
        Assert.Null(root.Open("/etc/shadow"));
    }

    [Fact]
    public void Upper_layers_cover_lower_ones_and_links_cross_them()
    {
        using var upper = new TemporaryDirectory();
        using var lower = new TemporaryDirectory();
        File.WriteAllText(lower.File("usr/local/cuda-13.1/compat/libcuda.so.590.1"), "");
        File.WriteAllText(lower.File("etc/ld.so.cache"), "old");
        File.WriteAllText(upper.File("etc/ld.so.cache"), "new");
        Directory.CreateDirectory(Path.Combine(upper.Path, "usr/local"));
        File.CreateSymbolicLink(Path.Combine(upper.Path, "usr/local/cuda"), "cuda-13.1");
        using var root = new ImageRoot([upper.Path, lower.Path]);
        Assert.Equal("new"u8.ToArray(), root.Read("/etc/ld.so.cache", 100));
        Assert.Equal(["libcuda.so.590.1"], root.List("/usr/local/cuda/compat"));
        Assert.Equal("/usr/local/cuda-13.1/compat", root.Resolve("/usr/local/cuda/compat"));
    }

    [Theory]
    [InlineData("590.44.01", "580.159.04", true)]
    [InlineData("570.10", "580.159.04", false)]
    [InlineData("580.200", "580.159.04", false)]
    public void Without_a_note_only_a_newer_branch_is_used(string compat, string machine, bool used)
    {
        using var image = new TemporaryDirectory();
        File.WriteAllText(image.File($"usr/local/cuda/compat/libcuda.so.{compat}"), "no ELF");
        using var root = new ImageRoot([image.Path]);
        var verdict = ForwardCompatibility.Decide(root, machine);
        Assert.Equal(used, verdict.Directory is not null);
        Assert.Contains(compat, verdict.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("535.183.01", true, "is used")]
    [InlineData("580.159.04", true, "is used")]
    [InlineData("565.57.01", false, "does not run on drivers 565.x")]
    [InlineData("590.49.01", false, "is not newer")]
    public void With_a_note_the_branches_that_it_lists_decide(string machine, bool used, string reason)
    {
        using var image = new TemporaryDirectory();
        File.WriteAllBytes(
            image.File("usr/local/cuda/compat/libcuda.so.590.48.01"),
            CompatLibrary.Make("13.1", 535, 550, 570, 575, 580, 590)
        );
        File.CreateSymbolicLink(Path.Combine(image.Path, "usr/local/cuda/compat/libcuda.so.1"), "libcuda.so.590.48.01");
        using var root = new ImageRoot([image.Path]);
        var verdict = ForwardCompatibility.Decide(root, machine);
        Assert.Equal(used ? "/usr/local/cuda/compat" : null, verdict.Directory);
        Assert.Contains(reason, verdict.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void The_note_is_read_and_damage_is_not_trusted()
    {
        var text = Encoding.ASCII.GetBytes("""{"Format":1,"CUDA Version":"13.1","Driver":[535,550,570,575,580,590],"Device":[9]}""");
        var note = new byte[12 + 20 + text.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(note, 19);
        BinaryPrimitives.WriteUInt32LittleEndian(note.AsSpan(4), (uint)text.Length);
        "NVIDIA Corporation\0"u8.CopyTo(note.AsSpan(12));
        text.CopyTo(note, 32);
        Assert.Contains(580, ForwardCompatibility.Parse(note, 4)!.Driver!);
        Assert.Null(ForwardCompatibility.Parse(note.AsSpan(0, 40), 4));
        BinaryPrimitives.WriteUInt32LittleEndian(note, uint.MaxValue);
        Assert.Null(ForwardCompatibility.Parse(note, 4));
    }
}
