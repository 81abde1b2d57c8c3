using Torchyard.Registry.Connections;

namespace Torchyard.Registry.Tests.Connections;

public sealed class ChallengeTests
{
    [Fact]
    public void Commas_in_quotes_part_nothing()
    {
        var challenge = Assert.Single(
            Challenge.Read(["""Bearer realm="https://a/token",service="one, two",scope="repository:a:pull,push" """])
        );
        Assert.Equal("bearer", challenge.Scheme);
        Assert.Equal("one, two", challenge["service"]);
        Assert.Equal("repository:a:pull,push", challenge["scope"]);
    }

    [Fact]
    public void One_header_can_have_several_schemes()
    {
        var challenges = Challenge.Read(["BASIC realm=x, Bearer realm = \"https://a/\" , error=\"invalid_token\"", "Negotiate"]);
        Assert.Equal(["basic", "bearer", "negotiate"], challenges.Select(one => one.Scheme));
        Assert.Equal("https://a/", challenges[1]["realm"]);
        Assert.Equal("invalid_token", challenges[1]["error"]);
    }

    [Theory]
    [InlineData("")]
    [InlineData(",,,")]
    [InlineData("Bearer realm=\"never ends")]
    [InlineData("=\"x\"")]
    [InlineData("Bearer realm=")]
    public void A_broken_header_ends(string header) => Assert.True(Challenge.Read([header]).Count <= 1);
}
