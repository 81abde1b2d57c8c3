using CsCheck;
using Torchyard.Platform.Text;

namespace Torchyard.Platform.Tests.Text;

/// <summary>Addresses that others write.</summary>
public sealed class UrlTextTests
{
    [Theory]
    [InlineData("https://host.example/a b", "https://host.example/a%20b")]
    [InlineData(" https://host.example/\n", "https://host.example/")]
    [InlineData("file:///tmp/x", "file:///tmp/x")]
    [InlineData("https://münchen.example/é", "https://münchen.example/%C3%A9")]
    public void What_people_write_is_read(string text, string address)
    {
        Assert.True(UrlText.TryRead(text, out var url));
        Assert.Equal(address, url.AbsoluteUri);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("host.example/simple")]
    [InlineData("https://")]
    [InlineData("https://host.example/a\u202Eb")]
    [InlineData("https://host\u200B.example/")]
    [InlineData("https://host.example/a\nb")]
    [InlineData("file:////\u202E0000")]
    [InlineData("https://host.example/a\U000E0041b")]
    [InlineData("https://host.example/a\u2028b")]
    [InlineData("https://host.example/a\uD800b")]
    public void What_is_not_an_address_or_hides_something_is_refused(string? text) => Assert.False(UrlText.TryRead(text, out _));

    [Fact]
    public void A_link_is_read_from_where_it_stands()
    {
        var page = new Uri("https://host.example/simple/torch/");

        Assert.True(UrlText.TryRead(page, "../../files/torch.whl#sha256=0", out var url));
        Assert.Equal("https://host.example/files/torch.whl#sha256=0", url.AbsoluteUri);
        Assert.False(UrlText.TryRead(page, "a\u2066b", out _));
        Assert.False(UrlText.TryRead(page, null, out _));
    }

    [Theory]
    [InlineData("a/b.deb", "https://host.example/debian/a/b.deb")]
    [InlineData("a%3A1/b?fileinfo=1", "https://host.example/debian/a%3A1/b?fileinfo=1")]
    [InlineData("https://other.example/", "https://host.example/debian/https://other.example/")]
    [InlineData("file:///etc/passwd", "https://host.example/debian/file:///etc/passwd")]
    [InlineData("//[other.example", "https://host.example/debian///[other.example")]
    [InlineData("1:2.0/x", "https://host.example/debian/1:2.0/x")]
    [InlineData("", "https://host.example/debian/")]
    public void A_path_stays_on_the_server_it_is_for(string path, string address) =>
        Assert.Equal(address, UrlText.At(new Uri("https://host.example/debian/"), path).AbsoluteUri);

    [Fact]
    public void No_path_fails_or_leaves_its_server()
    {
        var roots = new[] { new Uri("https://host.example/a/"), new Uri("http://127.0.0.1:8080/x/"), new Uri("file:///srv/mirror/") };
        Gen.Select(Gen.String, Gen.Int[0, roots.Length - 1])
            .Sample(
                (path, which) =>
                {
                    var root = roots[which];
                    var url = UrlText.At(root, path);
                    Assert.Equal((root.Scheme, root.Authority), (url.Scheme, url.Authority));
                    Assert.NotEmpty(url.AbsoluteUri);
                }
            );
    }
}
