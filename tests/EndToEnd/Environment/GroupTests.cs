using System.Globalization;
using Torchyard.EndToEnd.Program;
using Torchyard.EndToEnd.Streams;

namespace Torchyard.EndToEnd.Environment;

/// <summary>What an ordinary user may through a group, a container of that user may.</summary>
[Collection(SmallContainerTests.Name)]
public sealed class GroupTests(SmallContainer small, GroupUser fixture) : IClassFixture<GroupUser>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Mounts_are_writable_as_they_are_outside()
    {
        var user = await UserAsync("crun");

        // A directory of a group, one of the user's own that is closed to others, and one in it that is the owner's alone.
        (
            await user.ScriptAsync(
                """
                cd; torchyard run --rm -v ./shared:/shared -v ./own:/own -v ./own/alone:/alone -v ./own/alone/deep:/deep small sh -c 'for d in /shared /own /alone /deep; do echo $d > $d/inside && ls $d; done'
                cat shared/inside own/inside own/alone/inside own/alone/deep/inside
                """,
                Cancellation
            )
        ).Succeeded().Printed("/shared\n/own\n/alone\n/deep\n");

        // Programs that are started later, also as root of the container, and a project that lies in such a directory.
        (
            await user.ScriptAsync(
                """
                cd ~/own/project; torchyard up --best-effort --json > /dev/null
                torchyard exec small sh -c 'echo a > /workspace/a'
                torchyard exec -u root small sh -c 'cat /workspace/a; echo b > /workspace/b'
                torchyard down; ls
                """,
                Cancellation
            )
        ).Succeeded().Printed("a\n").Printed("b\n");
    }

    [Fact]
    public async Task A_store_in_a_directory_of_a_group_builds_runs_and_is_cleared()
    {
        var user = await UserAsync("crun");

        (
            await user.ScriptAsync(
                """
                mkdir -p ~/shared/store; cp -r ~/.local/share/torchyard/packages ~/shared/store/
                export TORCHYARD_STORE="$HOME/shared/store"
                torchyard build; torchyard run --rm small true; torchyard check; torchyard rmi small; torchyard prune
                """,
                Cancellation
            )
        ).Succeeded();
    }

    [Fact]
    public async Task Runc_which_drops_groups_is_told()
    {
        var user = await UserAsync("crun", "runc");

        var run = (
            await user.ScriptAsync(
                "torchyard run --rm --runtime runc -v ~/shared:/shared small sh -c 'touch /shared/x || echo refused'",
                Cancellation
            )
        ).Succeeded();

        run.Printed("refused");
        Assert.Contains(
            "/shared come from a group of yours, which does not reach the container: runc drops your groups; install crun",
            run.Error,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_group_that_is_asked_for_replaces_them_and_that_is_told()
    {
        var user = await UserAsync("crun");

        var run = (
            await user.ScriptAsync(
                "torchyard run --rm --group-add 44 -v ~/shared:/shared small sh -c 'id -G; touch /shared/x || echo refused'",
                Cancellation
            )
        ).Succeeded();

        run.Printed(" 44").Printed("refused");
        Assert.Contains("--group-add replaces your groups", run.Error, StringComparison.Ordinal);
    }

    private Task<OrdinaryUser> UserAsync(params string[] programs)
    {
        foreach (var program in programs)
        {
            HostProgram.Require(program);
        }

        return fixture.RequireAsync(small, Cancellation);
    }
}

/// <summary>A user with a second group that no file knows, directories of it, and the small image, built once for all tests.</summary>
public sealed class GroupUser : IAsyncDisposable
{
    private const int Group = 54400;

    private OrdinaryUser? _user;

    internal async Task<OrdinaryUser> RequireAsync(SmallContainer small, CancellationToken cancellation)
    {
        if (_user is not null)
        {
            return _user;
        }

        var user = await OrdinaryUser.CreateAsync(small.Store, Path.Combine(small.Store.Root, SmallContainer.Image), cancellation, Group);
        (
            await HostProgram.RunAsync(
                "sh",
                [
                    "-ec",
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"""
                        cd "$0"
                        install -d -o root -g {Group} -m 2775 shared
                        install -d -o {user.Id} -g {Group} -m 2770 own
                        install -d -o {user.Id} -g {Group} -m 2700 own/alone own/alone/deep
                        install -d -o {user.Id} -g {Group} -m 2770 own/project
                        install -o {user.Id} -g {Group} -m 644 project/torchyard.toml project/torchyard.lock own/project/
                        """
                    ),
                    user.Home,
                ],
                cancellation
            )
        ).Succeeded();
        (await user.ScriptAsync("torchyard build", cancellation)).Succeeded();
        return _user = user;
    }

    public async ValueTask DisposeAsync()
    {
        if (_user is not null)
        {
            await _user.DisposeAsync();
        }
    }
}
