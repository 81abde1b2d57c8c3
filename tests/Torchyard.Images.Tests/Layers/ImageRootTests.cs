using Torchyard.Images.Layers;

namespace Torchyard.Images.Tests.Layers;

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
}
