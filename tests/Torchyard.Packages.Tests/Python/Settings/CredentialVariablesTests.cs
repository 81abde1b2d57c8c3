using Torchyard.Packages.Python.Settings;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Wishes;

namespace Torchyard.Packages.Tests.Python.Settings;

public sealed class CredentialVariablesTests
{
    private static readonly CredentialVariables Variables = new(
        name =>
            name switch
            {
                "TOKEN" => "t0ken",
                "ODD" => "a/b@evil.example:1?x#y\\z ",
                "ENCODED" => "p%2Fq",
                _ => null,
            },
        (_, host) => host is "good.lan" or "good.lan:8443" or "[::1]:80"
    );

    [Theory]
    [InlineData("https://u:${TOKEN}@good.lan/simple/", "https://u:t0ken@good.lan/simple/")]
    [InlineData("https://${TOKEN}@good.lan", "https://t0ken@good.lan")]
    [InlineData("https://${TOKEN}:${TOKEN}@GOOD.lan:8443/x?y=z", "https://t0ken:t0ken@GOOD.lan:8443/x?y=z")]
    [InlineData("http://u:${TOKEN}@[::1]:80/", "http://u:t0ken@[::1]:80/")]
    [InlineData("--index-url https://u:${TOKEN}@good.lan/simple", "--index-url https://u:t0ken@good.lan/simple")]
    [InlineData("--extra-index-url=https://u:${TOKEN}@good.lan/simple", "--extra-index-url=https://u:t0ken@good.lan/simple")]
    [InlineData("-ihttps://u:${TOKEN}@good.lan/simple", "-ihttps://u:t0ken@good.lan/simple")]
    [InlineData("x[a, b] @ git+https://${TOKEN}@good.lan/x@v1", "x[a, b] @ git+https://t0ken@good.lan/x@v1")]
    [InlineData(
        "x@https://u:${ENCODED}@good.lan/x-1.tar.gz ; os_name == 'posix'",
        "x@https://u:p%2Fq@good.lan/x-1.tar.gz ; os_name == 'posix'"
    )]
    [InlineData("${lower} and $TOKEN stay", "${lower} and $TOKEN stay")]
    public void In_the_credential_of_a_url_for_a_host_that_may_have_it_a_variable_is_replaced(string text, string expected) =>
        Assert.Equal(expected, Variables.Expand(text, null));

    [Theory]
    [InlineData("https://good.lan/${TOKEN}/simple/", 18)]
    [InlineData("https://good.lan/simple/?t=${TOKEN}", 28)]
    [InlineData("https://good.lan/#${TOKEN}", 19)]
    [InlineData("https://${TOKEN}/simple/", 9)]
    [InlineData("https://${TOKEN}.good.lan/", 9)]
    [InlineData("https://good.lan:${TOKEN}/", 18)]
    [InlineData("https://u:${TOKEN}@good.lan${TOKEN}/", 11)]
    [InlineData("https://u:${TOKEN}@${TOKEN}@good.lan/", 11)]
    [InlineData("https://u:${TOKEN}@evil.example\\@good.lan/", 11)]
    [InlineData("https://evil.example\\u:${TOKEN}@good.lan/", 24)]
    [InlineData("https://evil.example/https://u:${TOKEN}@good.lan/", 32)]
    [InlineData("https://evil.example/?https://u:${TOKEN}@good.lan/", 33)]
    [InlineData("https://evil.example/ https://u:${TOKEN}@good.lan/", 33)]
    [InlineData("--index-url https://evil.example/ https://u:${TOKEN}@good.lan/", 45)]
    [InlineData("https://u:${TOKEN}@good.lan/ https://evil.example/${TOKEN}", 51)]
    [InlineData("https://u:${TOKEN}@good%2elan/", 11)]
    [InlineData("https://u:${TOKEN}@gооd.lan/", 11)]
    [InlineData("https:/u:${TOKEN}@good.lan/", 10)]
    [InlineData("${TOKEN}", 1)]
    [InlineData("${TOKEN}==1", 1)]
    [InlineData("a ; os_name == '${TOKEN}'", 17)]
    [InlineData("-r ${TOKEN}", 4)]
    [InlineData("./${TOKEN}-1-py3-none-any.whl", 3)]
    public void Anywhere_else_it_is_refused_at_its_place(string text, int column)
    {
        var error = Assert.Throws<TorchyardException>(() => Variables.Expand(text, new SourceLocation("r.txt", 7, 1)));
        Assert.Equal("TY1042", error.Code);
        Assert.Equal(new SourceLocation("r.txt", 7, column), error.Location);
        Assert.DoesNotContain("t0ken", error.Message + error.Cure, StringComparison.Ordinal);
    }

    [Fact]
    public void No_value_can_end_the_credential()
    {
        var url = new Uri(Variables.Expand("https://u:${ODD}@good.lan/simple/", null));
        Assert.Equal("good.lan", url.Host);
        Assert.Equal("/simple/", url.AbsolutePath);
        Assert.Equal("a/b@evil.example:1?x#y\\z ", Uri.UnescapeDataString(url.UserInfo[2..]));
    }

    [Fact]
    public void For_any_other_host_it_is_refused_or_a_wish_of_which_the_value_is_not_looked_up()
    {
        var strict = new CredentialVariables(_ => throw new InvalidOperationException("looked up"), (_, _) => false);
        Assert.Equal("TY1042", Assert.Throws<TorchyardException>(() => strict.Expand("https://${TOKEN}@evil.example/", null)).Code);
        var wishes = new List<Wish>();
        Assert.DoesNotContain("TOKEN", strict.Expand("https://${TOKEN}@Evil.Example:444/", null, wishes), StringComparison.Ordinal);
        Assert.Equal([Wish.Variable("TOKEN", "evil.example:444")], wishes);
    }

    [Fact]
    public void One_that_is_not_set_is_told() =>
        Assert.Equal("TY2512", Assert.Throws<TorchyardException>(() => Variables.Expand("https://${NOPE}@good.lan/", null)).Code);
}
