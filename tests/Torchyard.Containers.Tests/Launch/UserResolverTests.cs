using Torchyard.Containers.Launch;
using Torchyard.Platform.Errors;

namespace Torchyard.Containers.Tests.Launch;

public class UserResolverTests
{
    private static readonly string[] Passwd = ["root:x:0:0::/root:/bin/sh", "trainer:x:1000:1000::/home/trainer:/bin/sh", "broken"];
    private static readonly string[] Group = ["video:x:44:trainer,x", "render:x:105:trainer", "staff:x:50:"];

    [Theory]
    [InlineData("", 0, 0, "", "/root")]
    [InlineData("trainer", 1000, 1000, "44,105", "/home/trainer")]
    [InlineData("1000", 1000, 1000, "44,105", "/home/trainer")]
    [InlineData("trainer:staff", 1000, 50, "", "/home/trainer")]
    [InlineData("1234:99", 1234, 99, "", "/")]
    [InlineData("1234", 1234, 0, "", "/")]
    public void Names_and_numbers_resolve_as_docker_does(string text, int uid, int gid, string groups, string home)
    {
        var user = UserResolver.Resolve(text, [], Passwd, Group);

        Assert.Equal(((uint)uid, (uint)gid, groups, home), (user.Uid, user.Gid, string.Join(',', user.Groups), user.Home));
    }

    [Theory]
    [InlineData("nobody")]
    [InlineData("trainer:nogroup")]
    [InlineData("4294967295")]
    public void An_unknown_name_is_a_usage_error(string text) =>
        Assert.Equal("TY4033", Assert.Throws<TorchyardException>(() => UserResolver.Resolve(text, [], Passwd, Group)).Code);
}
