using Torchyard.Containers.Namespaces;

namespace Torchyard.Containers.Tests.Namespaces;

public class CallerGroupsTests
{
    [Theory]
    [InlineData("Groups:\t24 25 1000 \n", new uint[] { 24, 25 })]
    [InlineData("Groups:\t\n", new uint[0])]
    [InlineData("Groups: \t1000\n", new uint[0])]
    [InlineData("Uid:\t1 1 1 1\n", new uint[0])]
    public void They_are_those_beside_the_first(string status, uint[] further) =>
        Assert.Equal(further, CallerGroups.Parse(["Name:\tbash", .. status.Split('\n')], 1000).Order());
}
