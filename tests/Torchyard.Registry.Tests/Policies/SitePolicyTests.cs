using System.Text;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Registry.Policies;
using Torchyard.Registry.References;

namespace Torchyard.Registry.Tests.Policies;

public sealed class SitePolicyTests : IDisposable
{
    private const string Text = """
        local = false

        [[allow]]
        match = "docker.io/pytorch"
        digest = true

        [[allow]]
        match = "docker.io/pytorch/manylinux"

        [[allow]]
        match = "registry.lan:5000"
        keys = ["/etc/torchyard/team.pub"]
        """;

    private static readonly string Digest = "@sha256:" + new string('a', 64);

    private readonly TemporaryDirectory _directory = new();

    private string File => Path.Combine(_directory.Path, "policy.toml");

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("pytorch/pytorch:2.9", false)]
    [InlineData("pytorch/pytorch:2.9@", true)]
    [InlineData("pytorch/manylinux:1", true)]
    [InlineData("docker.io/pytorchish/x", false)]
    [InlineData("registry.lan:5000/a/b", true)]
    [InlineData("registry.lan/a/b", false)]
    [InlineData("debian", false)]
    public void The_longest_rule_that_fits_decides(string image, bool allowed)
    {
        var policy = SitePolicy.Parse(Encoding.UTF8.GetBytes(Text), File);
        var reference = ImageReference.Parse(image.EndsWith('@') ? image[..^1] + Digest : image);
        if (allowed)
        {
            Assert.NotNull(policy.Require(reference));
        }
        else
        {
            Assert.Equal("TY6031", Assert.Throws<TorchyardException>(() => policy.Require(reference)).Code);
        }
    }

    [Fact]
    public void Without_a_file_everything_is_allowed()
    {
        var policy = SitePolicy.Read(File, FileFacts.Find(_directory.Path)!.Value.User);
        Assert.Null(policy.Require(ImageReference.Parse("debian")));
        policy.RequireLocal("vision");
    }

    [Fact]
    public void Images_of_this_machine_are_refused_where_the_policy_says_so() =>
        Assert.Equal(
            "TY6031",
            Assert.Throws<TorchyardException>(() => SitePolicy.Parse(Encoding.UTF8.GetBytes(Text), File).RequireLocal("vision")).Code
        );

    [Theory]
    [InlineData("[[allow]]\nmatch = \"docker.io/\"")]
    [InlineData("[[allow]]\nmatch = \"https://docker.io\"")]
    [InlineData("[[allow]]\nmatch = \"docker.io/*\"")]
    [InlineData("[[allow]]\ndigest = true")]
    [InlineData("[[allow]]\nmatch = \"*\"\nkeys = [\"team.pub\"]")]
    [InlineData("[[allow]]\nmatch = \"*\"\nsigned = true")]
    [InlineData("allow = 1")]
    [InlineData("[[")]
    public void A_policy_that_cannot_be_read_allows_nothing(string text) =>
        Assert.Equal("TY6030", Assert.Throws<TorchyardException>(() => SitePolicy.Parse(Encoding.UTF8.GetBytes(text), File)).Code);

    [Fact]
    public void A_file_that_somebody_else_may_write_allows_nothing()
    {
        var user = FileFacts.Find(_directory.Path)!.Value.User;
        System.IO.File.WriteAllText(File, Text);
        Assert.Equal(3, SitePolicy.Read(File, user).Rules.Count);
        Assert.Equal("TY6030", Assert.Throws<TorchyardException>(() => SitePolicy.Read(File, user + 1)).Code);
        System.IO.File.SetUnixFileMode(File, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherWrite);
        Assert.Equal("TY6030", Assert.Throws<TorchyardException>(() => SitePolicy.Read(File, user)).Code);
        System.IO.File.Move(File, File + "2");
        System.IO.File.CreateSymbolicLink(File, File + "2");
        Assert.Equal("TY6030", Assert.Throws<TorchyardException>(() => SitePolicy.Read(File, user)).Code);
    }
}
