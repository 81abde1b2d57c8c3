using Torchyard.Containers.Launch;

namespace Torchyard.Containers.Tests.Launch;

/// <summary>Accounts are read out of layers that anybody may have made.</summary>
public sealed class LayerFileTests : IDisposable
{
    private readonly TemporaryDirectory _place = new();

    public LayerFileTests()
    {
        Directory.CreateDirectory(Path.Combine(_place.Path, "top"));
        Directory.CreateDirectory(Path.Combine(_place.Path, "base/etc"));
        Directory.CreateDirectory(Path.Combine(_place.Path, "host"));
        File.WriteAllText(Path.Combine(_place.Path, "base/etc/passwd"), "of the base");
        File.WriteAllText(Path.Combine(_place.Path, "host/passwd"), "of the machine");
    }

    public void Dispose() => _place.Dispose();

    [Fact]
    public void The_topmost_layer_that_has_the_file_counts()
    {
        Assert.Equal(["of the base"], Read());
        Directory.CreateDirectory(Path.Combine(_place.Path, "top/etc"));
        File.WriteAllText(Path.Combine(_place.Path, "top/etc/passwd"), "of the top");
        Assert.Equal(["of the top"], Read());
    }

    [Fact]
    public void A_link_in_its_place_is_no_file()
    {
        Directory.CreateDirectory(Path.Combine(_place.Path, "top/etc"));
        File.CreateSymbolicLink(Path.Combine(_place.Path, "top/etc/passwd"), Path.Combine(_place.Path, "host/passwd"));
        Assert.Empty(Read());
    }

    [Fact]
    public void A_layer_whose_directory_is_a_link_does_not_count()
    {
        File.CreateSymbolicLink(Path.Combine(_place.Path, "top/etc"), Path.Combine(_place.Path, "host"));
        Assert.Equal(["of the base"], Read());
    }

    [Fact]
    public void A_directory_in_its_place_is_no_file()
    {
        Directory.CreateDirectory(Path.Combine(_place.Path, "top/etc/passwd"));
        Assert.Empty(Read());
    }

    private IReadOnlyList<string> Read() =>
        LayerFile.ReadLines([Path.Combine(_place.Path, "top"), Path.Combine(_place.Path, "base")], "etc", "passwd");
}
