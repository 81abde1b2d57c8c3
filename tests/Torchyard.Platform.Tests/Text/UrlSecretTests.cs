using Torchyard.Platform.Errors;
using Torchyard.Platform.Text;

namespace Torchyard.Platform.Tests.Text;

/// <summary>Addresses with what opens them: none of it may reach a recipe, a report or an error.</summary>
public sealed class UrlSecretTests
{
    [Theory]
    [InlineData("https://me:pass@host.example/simple", "https://***@host.example/simple")]
    [InlineData("https://TOKEN@host.example/simple", "https://***@host.example/simple")]
    [InlineData("https://TOKEN:@host.example/simple", "https://***@host.example/simple")]
    [InlineData("HTTPS://me:p@ss@host.example", "HTTPS://***@host.example")]
    [InlineData("https://me:${A}b@host.example/", "https://***@host.example/")]
    [InlineData("https://me:$A@host.example/", "https://***@host.example/")]
    [InlineData("https://me:pa/ss@host.example/x", "https://***@host.example/x")]
    [InlineData("https:///me:pass@host.example/x", "https:///***@host.example/x")]
    [InlineData(@"https:\\me:pass@host.example/x", @"https:\\***@host.example/x")]
    [InlineData("x @ git+https://me:pass@host.example/r.git@v1", "x @ git+https://***@host.example/r.git@v1")]
    [InlineData("git+ssh://git:pass@host.example/r.git", "git+ssh://***@host.example/r.git")]
    [InlineData("[\"-i\",\"https://a.example\",\"https://me:p@b.example\"]", "[\"-i\",\"https://a.example\",\"https://***@b.example\"]")]
    [InlineData("https://host.example/x.whl?token=abc&y=1", "https://host.example/x.whl?token=***&y=1")]
    [InlineData("https://host.example/x?X-Amz-Signature=0f&a=b#sha256=00", "https://host.example/x?X-Amz-Signature=***&a=b#sha256=00")]
    [InlineData("https://host.example/x?v=AbCdEfGhIjKlMnOpQrStUv", "https://host.example/x?v=***")]
    [InlineData("https://host.example/x?AbCdEfGhIjKlMnOpQrStUv", "https://host.example/x?***")]
    [InlineData("https://host.example/x#access_token=abc", "https://host.example/x#access_token=***")]
    [InlineData("https://conda.example/t/ab-12/main", "https://conda.example/t/***/main")]
    [InlineData("login --token hf_AbCdEfGhIjKlMnOpQrStUv", "login --token ***")]
    public void What_opens_an_address_is_not_shown(string text, string shown)
    {
        Assert.True(UrlText.HoldsSecret(text));
        Assert.Equal(shown, UrlText.WithoutSecrets(text));
    }

    [Theory]
    [InlineData("numpy>=1; python_version < '3.12'")]
    [InlineData("https://host.example:8080/simple")]
    [InlineData("https://[::1]:8080/a@b")]
    [InlineData("https://me:${PASSWORD}@host.example/simple")]
    [InlineData("https://${TOKEN}@host.example/simple")]
    [InlineData("git+https://host.example/me/r.git@v1.0#egg=r&subdirectory=a")]
    [InlineData("git+ssh://git@host.example/r.git@main")]
    [InlineData("ssh://deploy@host.example/r.git")]
    [InlineData("git+https://git@host.example/r.git")]
    [InlineData("git@host.example:me/r.git")]
    [InlineData("file:///home/me/a@b.whl")]
    [InlineData("https://host.example/x.whl?raw=true&name=torch-2.9.1-cp311-cp311-linux.whl")]
    [InlineData("https://host.example/x.whl#sha256=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [InlineData("write to me@host.example: https://host.example/")]
    public void An_address_without_a_secret_stays_as_it_is(string text) => Assert.False(UrlText.HoldsSecret(text));

    [Fact]
    public void No_error_holds_a_password()
    {
        var error = new TorchyardException("TY0000", "'https://me:pass@host.example' is odd", "write https://me:pass@host.example");
        Assert.Equal("'https://***@host.example' is odd write https://***@host.example", $"{error.Message} {error.Cure}");
    }
}
