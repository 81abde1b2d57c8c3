using Torchyard.Platform.Processes;

namespace Torchyard.Platform.Tests.Processes;

/// <summary>Nobody but root and the caller may be able to put another program in the place of one that is started.</summary>
public sealed class FileTrustTests : IDisposable
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const uint Other = 4242;

    private readonly TemporaryDirectory _root = new();
    private readonly FileTrust _trust = FileTrust.OfThisProcess;

    public void Dispose() => _root.Dispose();

    [Fact]
    public void A_program_of_the_callers_own_is_started() => Assert.Null(_trust.CheckProgram(Program("bin/git")));

    [Fact]
    public void A_program_that_others_may_write_is_refused()
    {
        var program = Program("bin/git");
        File.SetUnixFileMode(program, Private | UnixFileMode.OtherWrite);

        Refused(program, program, "can be changed by other users");
    }

    [Theory]
    [InlineData("a")]
    [InlineData("a/b")]
    [InlineData("a/b/bin")]
    public void A_directory_on_the_way_that_others_may_write_is_refused(string directory)
    {
        var program = Program("a/b/bin/git");
        File.SetUnixFileMode(Path.Combine(_root.Path, directory), Private | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute);

        Refused(program, Path.Combine(_root.Path, directory), "can be changed by other users");
    }

    [Fact]
    public void The_sticky_bit_excuses_a_directory_on_the_way_and_not_the_one_that_the_program_is_in()
    {
        var (program, directory) = (Program("a/bin/git"), Path.Combine(_root.Path, "a"));
        File.SetUnixFileMode(directory, Private | UnixFileMode.OtherWrite | UnixFileMode.StickyBit);
        Assert.Null(_trust.CheckProgram(program));

        File.SetUnixFileMode(Path.Combine(directory, "bin"), Private | UnixFileMode.OtherWrite | UnixFileMode.StickyBit);
        Refused(program, Path.Combine(directory, "bin"), "can be changed by other users");
    }

    [Fact]
    public void A_link_is_as_good_as_all_that_is_on_the_way_to_its_target()
    {
        var target = Program("far/away/git");
        var link = Path.Combine(Directory.CreateDirectory(Path.Combine(_root.Path, "bin")).FullName, "git");
        File.CreateSymbolicLink(link, "../far/away/git");
        Assert.Null(_trust.CheckProgram(link));

        File.SetUnixFileMode(Path.Combine(_root.Path, "far"), Private | UnixFileMode.OtherWrite);
        Refused(link, Path.Combine(_root.Path, "far"), "can be changed by other users");
        Assert.NotNull(_trust.CheckProgram(target));
    }

    [Fact]
    public void A_circle_of_links_is_no_program()
    {
        File.CreateSymbolicLink(Path.Combine(_root.Path, "a"), "b");
        File.CreateSymbolicLink(Path.Combine(_root.Path, "b"), "a");

        Assert.Contains("leads nowhere", _trust.CheckProgram(Path.Combine(_root.Path, "a"))!.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_directory_is_no_program_and_a_program_no_directory()
    {
        var program = Program("bin/git");

        Assert.Equal("is not a file", _trust.CheckProgram(Path.GetDirectoryName(program)!)!.Reason);
        Assert.Equal("is not a directory", _trust.CheckDirectory(program)!.Reason);
    }

    [Fact]
    public async Task A_program_or_directory_of_another_user_is_refused_and_named_with_owner_and_mode()
    {
        Requires.Root("needs root, to give files away");
        var program = Program("bin/git");
        await ChownAsync(program);
        Assert.Equal($"{program} belongs to another user (owner {Other}, mode 0700)", _trust.CheckProgram(program)!.ToString());

        var second = Program("mine/bin/git");
        await ChownAsync(Path.Combine(_root.Path, "mine"));
        Refused(second, Path.Combine(_root.Path, "mine"), "belongs to another user");

        var link = Path.Combine(_root.Path, "link");
        File.CreateSymbolicLink(link, Program("third"));
        await ChownAsync(link);
        Refused(link, link, "belongs to another user");
    }

    [Fact]
    public void As_root_no_library_is_loaded_that_others_may_change()
    {
        var library = Program("lib/libnccl.so.2");
        Assert.Null(HostLibrary.Refusal(library, isRoot: true, _trust));
        File.SetUnixFileMode(Path.GetDirectoryName(library)!, Private | UnixFileMode.OtherWrite);

        Assert.Contains("can be changed by other users", HostLibrary.Refusal(library, isRoot: true, _trust), StringComparison.Ordinal);
        Assert.Null(HostLibrary.Refusal(library, isRoot: false, _trust));
    }

    [Theory]
    // The machine: only a group with the user's own number is theirs alone.
    [InlineData("0 0 4294967295", 1000, 1000, true)]
    [InlineData("0 0 4294967295", 1000, 100, false)]
    [InlineData("0 0 4294967295", 0, 0, false)]
    public void A_group_that_is_the_users_alone_may_write(string map, uint user, uint group, bool allowed)
    {
        var trust = FileTrust.Of(user, group, IdentityMap.Parse(map), IdentityMap.Parse(map));
        Assert.Equal(allowed, trust.IsPrivateGroup(group));
        Assert.False(trust.IsPrivateGroup(50));
    }

    [Fact]
    public void In_a_user_namespace_the_callers_own_id_and_the_machines_root_are_known()
    {
        var map = IdentityMap.Parse(
            "         0     100000       1000\n      1000       1001          1\n      1001     101000      64535\n"
        );
        var trust = FileTrust.Of(0, 0, map, map);

        Assert.False(map.IsWholeMachine);
        Assert.Equal([true, true, true, false], ((uint[])[0, 1000, 65534, 1001]).Select(trust.IsOwner));
    }

    private string Program(string name)
    {
        var path = Path.Combine(_root.Path, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!, Private);
        File.WriteAllText(path, "#!/bin/sh\n");
        File.SetUnixFileMode(path, Private);
        return path;
    }

    private void Refused(string program, string where, string reason)
    {
        var found = _trust.CheckProgram(program);
        Assert.NotNull(found);
        Assert.Equal((where, reason), (found.Path, found.Reason));
    }

    private static async Task ChownAsync(string path)
    {
        var result = await HostCommand.RunAsync(
            HostProgram.Require("chown"),
            ["-h", Other.ToString(null, null), path],
            cancellation: TestContext.Current.CancellationToken
        );
        Assert.True(result.ExitCode == 0, result.Error);
    }
}
