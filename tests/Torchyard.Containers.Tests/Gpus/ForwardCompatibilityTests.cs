using System.Buffers.Binary;
using System.Text;
using Torchyard.Containers.Gpus;
using Torchyard.Images.Layers;
using Torchyard.Testing.Gpus;

namespace Torchyard.Containers.Tests.Gpus;

public sealed class ForwardCompatibilityTests
{
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
