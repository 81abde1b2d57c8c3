using Torchyard.Flows.Starting;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;

namespace Torchyard.Flows.Tests.Starting;

/// <summary>The token lies where programs of the environment may write.</summary>
public sealed class JupyterTokenTests : IDisposable
{
    private readonly TemporaryDirectory _run = new();

    public void Dispose() => _run.Dispose();

    [Theory]
    [InlineData("0123456789abcdef0123456789abcdef0123456789abcdef")]
    [InlineData("my-own_token.~+/=")]
    [InlineData("abc\n")]
    public void A_token_is_read(string content)
    {
        File.WriteAllText(Path.Combine(_run.Path, "jupyter-token"), content);
        Assert.Equal(content.Trim(), JupyterToken.Read(UntrustedDirectory.At(_run.Path)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("two words")]
    [InlineData("root:x:0:0:root:/root:/bin/bash")]
    [InlineData("a\nb")]
    [InlineData("\u001b]0;title\u0007")]
    public void What_is_no_token_is_not_sent(string content)
    {
        File.WriteAllText(Path.Combine(_run.Path, "jupyter-token"), content);
        Assert.Equal("TY9026", Assert.Throws<TorchyardException>(() => JupyterToken.Read(UntrustedDirectory.At(_run.Path))).Code);
    }

    [Theory]
    [InlineData("/etc/hostname", "TY9025")]
    [InlineData("/dev/zero", "TY9025")]
    [InlineData("/proc/self/environ", "TY9025")]
    [InlineData("secret", "TY9025")]
    public void A_link_to_a_file_of_the_machine_is_not_followed(string target, string code)
    {
        File.WriteAllText(Path.Combine(_run.Path, "secret"), "hf_secret");
        File.CreateSymbolicLink(Path.Combine(_run.Path, "jupyter-token"), target);
        Assert.Equal(code, Assert.Throws<TorchyardException>(() => JupyterToken.Read(UntrustedDirectory.At(_run.Path))).Code);
    }

    [Fact]
    public void A_long_file_is_not_read()
    {
        File.WriteAllText(Path.Combine(_run.Path, "jupyter-token"), new string('a', 1 << 20));
        Assert.Equal("TY9024", Assert.Throws<TorchyardException>(() => JupyterToken.Read(UntrustedDirectory.At(_run.Path))).Code);
    }

    [Fact]
    public void Without_a_token_nothing_is_sent() =>
        Assert.Equal("TY9026", Assert.Throws<TorchyardException>(() => JupyterToken.Read(UntrustedDirectory.At(_run.Path))).Code);
}
