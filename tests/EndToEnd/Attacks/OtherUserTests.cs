using Torchyard.EndToEnd.Program;
using Torchyard.EndToEnd.Streams;

namespace Torchyard.EndToEnd.Attacks;

/// <summary>
/// Another user of the machine, with any number, tries to get at a container of root's, and at what it leaves on the project.
/// </summary>
[Collection(SmallContainerTests.Name)]
public sealed class OtherUserTests(SmallContainer small)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("touch f && chmod u+s f")]
    [InlineData("touch f && chmod 6755 f")]
    [InlineData("cp /bin/true f && chmod g+s f")]
    [InlineData("mkdir f && chmod 2777 f")]
    [InlineData("install -m 4755 /bin/true f")]
    [InlineData("perl -e 'sysopen(F, \"f\", 0x41, 04755) or exit 1'")]
    [InlineData("perl -e 'exit(syscall(437, -100, \"f\", pack(\"QQQ\", 0x41, 04755, 0), 24) < 0 ? 1 : 0)'")]
    [InlineData("ln -s /nowhere f && chmod -h 4755 f")]
    public async Task No_file_with_privilege_comes_out_of_the_container(string attack)
    {
        var project = small.NewDirectory();
        foreach (var user in new[] { "", "-u 0" })
        {
            var run = await small.ScriptAsync(
                $"rm -rf f made; ty run --rm {user} -v .:/workspace -w /workspace $SMALL sh -c \"touch made; $ATTACK\"; find . -perm "
                    + "/6000; ls made",
                project,
                Cancellation,
                ("ATTACK", attack)
            );

            Assert.Equal("made\n", run.Output);
        }
    }

    [Theory]
    [InlineData("1000")]
    [InlineData("65534")]
    [InlineData("of the container")]
    public async Task Nobody_else_enters_signals_or_reads(string who)
    {
        Requires.Root("needs root, to become another user");
        var script = $$"""
            pid=$(head -1 $TORCHYARD_STORE/containers/*/init.pid)
            id={{(who == "of the container" ? "$(($(awk '/^Uid:/ { print $2 }' /proc/$pid/status) + 1))" : who)}}
            as() { setpriv --reuid=$id --regid=$id --clear-groups "$@" 2>/dev/null; }
            [ "$(awk '/^Uid:/ { print $2 }' /proc/$pid/status)" = "$id" ] && echo "the program is this user's"
            as ls /proc/$pid/root/ && echo "entered its root"
            as ls /proc/$pid/cwd/ && echo "entered its directory"
            as cat /proc/$pid/environ && echo "read its environment"
            as ls -l /proc/$pid/fd/ | grep -q . && echo "saw its files"
            as kill -0 $pid && echo "may signal it"
            as nsenter -t $pid -U -m true && echo "entered its namespaces"
            for place in containers volumes projects layers packages tmp; do as ls $TORCHYARD_STORE/$place && echo "listed $place"; done
            true
            """;
        var run = await small.ScriptAsync(script, small.NewDirectory(), Cancellation);

        Assert.Equal("", run.Succeeded().Output);
    }

    [Theory]
    [InlineData("000")]
    [InlineData("077")]
    public async Task No_umask_opens_a_new_store_to_others(string umask)
    {
        await using var store = await TestStore.RequireAsync(Cancellation);
        var project = store.NewProject("open");
        // What earlier runs fetched is linked in with the modes that it got there.
        Directory.Delete(store.Store, recursive: true);
        var secrets = "containers volumes projects layers packages indexes build tmp filters";
        var script = $$"""
            umask {{umask}}
            ty() { '{{TestStore.Program}}' "$@"; }
            ty init minimal && ty build && ty run -d --name one -v kept:/kept open sleep infinity && ty exec one sh -c 'echo secret > /kept/s; umask' || exit 1
            echo "--- found"
            find "$TORCHYARD_STORE" -path "$TORCHYARD_STORE/layers/*/*" -prune -o -path "$TORCHYARD_STORE/containers/*/*" -prune -o -path "$TORCHYARD_STORE/volumes/*/*" -prune \
                -o ! -type l -perm /022 -printf 'others may write: %m %p\n'
            for secret in {{secrets}}; do find "$TORCHYARD_STORE/$secret" -maxdepth 0 -perm /077 -printf 'others may look: %m %p\n' 2> /dev/null; done
            find "$HOME" -path "$TORCHYARD_STORE" -prune -o -name 'id_*' -perm /077 -printf 'others may read: %m %p\n' -o -path '*trust*' -perm /077 -printf 'others may read: %m %p\n'
            ty rm --force one
            """;
        var run = (
            await HostProgram.RunAsync("bash", ["-c", script], Cancellation, project, store.Variables(), patience: TimeSpan.FromMinutes(10))
        ).Succeeded();

        Assert.Equal("", run.Output.Split("--- found\n")[1].Replace("one\n", "", StringComparison.Ordinal));
        Assert.Contains("0022", run.Output, StringComparison.Ordinal);
    }
}
