using Torchyard.Flows.Starting;
using Torchyard.Images.Layers;

namespace Torchyard.Flows.Tests.Starting;

public sealed class HomeDirectoryTests : IDisposable
{
    private readonly TemporaryDirectory _place = new();

    public void Dispose() => _place.Dispose();

    [Fact]
    public void It_starts_with_what_the_image_shows_in_its_skeleton()
    {
        File.WriteAllText(_place.File("base/etc/skel/.bashrc"), "of the base");
        File.WriteAllText(_place.File("base/etc/skel/.profile"), "the same");
        File.WriteAllText(_place.File("top/etc/skel/.bashrc"), "of the top");
        Make();
        Assert.Equal("of the top", File.ReadAllText(_place.File("home/.bashrc")));
        Assert.Equal("the same", File.ReadAllText(_place.File("home/.profile")));
    }

    [Fact]
    public void A_skeleton_that_is_a_file_of_a_higher_layer_is_empty()
    {
        File.WriteAllText(_place.File("base/etc/skel/.bashrc"), "of the base");
        File.WriteAllText(_place.File("top/etc/skel"), "no directory");
        Make();
        Assert.Empty(Directory.EnumerateFileSystemEntries(_place.File("home")));
    }

    [Fact]
    public void A_link_to_the_machine_finds_nothing()
    {
        File.WriteAllText(_place.File("machine/secret"), "the machine's");
        Directory.CreateDirectory(_place.File("top/etc"));
        Directory.CreateDirectory(_place.File("base"));
        File.CreateSymbolicLink(_place.File("top/etc/skel"), Path.Combine(_place.Path, "machine"));
        Make();
        Assert.Empty(Directory.EnumerateFileSystemEntries(_place.File("home")));
    }

    [Fact]
    public void One_that_is_there_stays()
    {
        Directory.CreateDirectory(_place.File("top"));
        Directory.CreateDirectory(_place.File("base"));
        File.WriteAllText(_place.File("home/work"), "mine");
        Make();
        Assert.Equal("mine", File.ReadAllText(_place.File("home/work")));
    }

    private void Make()
    {
        using var image = new ImageRoot([Path.Combine(_place.Path, "top"), Path.Combine(_place.Path, "base")]);
        HomeDirectory.Ensure(Path.Combine(_place.Path, "home"), image);
    }
}
