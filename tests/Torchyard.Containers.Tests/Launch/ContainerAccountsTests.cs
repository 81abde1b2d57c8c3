using Torchyard.Containers.Launch;

namespace Torchyard.Containers.Tests.Launch;

/// <summary>Accounts are read out of layers that anybody may have made.</summary>
public sealed class ContainerAccountsTests : IDisposable
{
    private readonly TemporaryDirectory _place = new();

    public ContainerAccountsTests()
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
    public void A_link_in_its_place_stays_inside_the_image()
    {
        Directory.CreateDirectory(Path.Combine(_place.Path, "top/etc"));
        File.CreateSymbolicLink(Path.Combine(_place.Path, "top/etc/passwd"), Path.Combine(_place.Path, "host/passwd"));
        Assert.Empty(Read());
    }

    /// <summary>NixOS and some small images have /etc/passwd elsewhere.</summary>
    [Fact]
    public void A_link_to_a_file_of_the_image_is_followed()
    {
        Directory.CreateDirectory(Path.Combine(_place.Path, "top/etc"));
        Directory.CreateDirectory(Path.Combine(_place.Path, "base/usr/etc"));
        File.WriteAllText(Path.Combine(_place.Path, "base/usr/etc/passwd"), "of the link");
        File.CreateSymbolicLink(Path.Combine(_place.Path, "top/etc/passwd"), "../usr/etc/passwd");
        Assert.Equal(["of the link"], Read());
    }

    [Fact]
    public void A_link_covers_the_directory_of_a_lower_layer_and_leads_nowhere()
    {
        File.CreateSymbolicLink(Path.Combine(_place.Path, "top/etc"), Path.Combine(_place.Path, "host"));
        Assert.Empty(Read());
    }

    [Fact]
    public void A_directory_in_its_place_gives_nothing()
    {
        Directory.CreateDirectory(Path.Combine(_place.Path, "top/etc/passwd"));
        Assert.Empty(Read());
    }

    private IReadOnlyList<string> Read() =>
        ContainerAccounts.OfImage([Path.Combine(_place.Path, "top"), Path.Combine(_place.Path, "base")]).Users;
}
