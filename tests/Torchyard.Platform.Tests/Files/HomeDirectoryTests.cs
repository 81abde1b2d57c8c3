using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;

namespace Torchyard.Platform.Tests.Files;

public sealed class HomeDirectoryTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_home_of_the_users_own_is_theirs() => Assert.Equal(_directory.Path, HomeDirectory.Own(_directory.Path));

    [Fact]
    public void Of_a_user_whose_home_is_not_there_nothing_else_is_known() =>
        Assert.Equal(_directory.Path + "/none", HomeDirectory.Own(_directory.Path + "/none", 12345, isWholeMachine: true));

    [Fact]
    public void Roots_is_never_that_of_another_user_nor_one_that_others_write_to()
    {
        Requires.Root("needs root, for a home of somebody else");
        var home = Directory.CreateDirectory(Path.Combine(_directory.Path, "home")).FullName;
        File.SetUnixFileMode(home, (UnixFileMode)0b111_111_111);
        Assert.Equal("/root", HomeDirectory.Own(home, 0, isWholeMachine: true));

        File.SetUnixFileMode(home, (UnixFileMode)0b111_101_101);
        Assert.Equal(home, HomeDirectory.Own(home, 0, isWholeMachine: true));

        using (var above = ConfinedDirectory.Open(_directory.Path))
        {
            above.SetOwner("home", 12345, 12345);
        }

        Assert.Equal("/root", HomeDirectory.Own(home, 0, isWholeMachine: true));
        // By a link of root's as well.
        File.CreateSymbolicLink(Path.Combine(_directory.Path, "link"), home);
        Assert.Equal("/root", HomeDirectory.Own(Path.Combine(_directory.Path, "link"), 0, isWholeMachine: true));
    }

    [Fact]
    public void The_list_of_users_has_the_home_of_root() => Assert.Equal("/root", UserCalls.HomeOf(0));
}
