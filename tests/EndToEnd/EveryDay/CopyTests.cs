using Torchyard.EndToEnd.Program;
using Torchyard.EndToEnd.Streams;

namespace Torchyard.EndToEnd.EveryDay;

/// <summary>Files into a container and out of it, while it runs and when it has ended.</summary>
[Collection(SmallContainerTests.Name)]
public sealed class CopyTests(SmallContainer small)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Modes_times_and_owners_are_as_docker_has_them()
    {
        var ended = await small.ScriptAsync(
            """
            ty run -d --name copied-to $SMALL sleep 600 > /dev/null; u=$(ty exec copied-to id -un)
            mkdir -p tree/sub; echo one > tree/one; echo '#!/bin/sh' > tree/sub/run; chmod 750 tree/sub/run; touch -d 2001-02-03T04:05:06Z tree/one; ln -s one tree/link
            ty cp -q tree copied-to:/tmp
            ty exec copied-to sh -c 'cd /tmp/tree; stat -c "%n %a %U %Y" one sub/run; readlink link' | sed "s/ $u / USER /"
            ty cp -q tree/. copied-to:/tmp/other; ty exec copied-to ls /tmp/other
            echo renamed > file; ty cp -q file copied-to:/tmp/renamed; ty exec copied-to cat /tmp/renamed
            ty cp copied-to:/tmp/tree back; stat -c '%n %a %u %Y' back/one back/sub/run; readlink back/link
            ty cp copied-to:/tmp/tree - | tar -t | sort
            tar -c tree | ty cp -q - copied-to:/srv; ty exec copied-to cat /srv/tree/one
            ty stop --time 0 copied-to > /dev/null
            ty cp -q copied-to:/tmp/tree/one ended; cat ended
            echo later > later; ty cp -q later copied-to:/tmp/; ty start copied-to > /dev/null; ty exec copied-to sh -c 'cat /tmp/later; [ "$(stat -c %U /tmp/later)" = "$(id -un)" ] && echo mine'
            ty rm -f copied-to > /dev/null; ls -A . | grep torchyard-cp
            """,
            small.NewDirectory(),
            Cancellation
        );

        Assert.Equal(
            """
            one 644 USER 981173106
            sub/run 750 USER NOW
            one
            link
            one
            sub
            renamed
            back/one 644 0 981173106
            back/sub/run 750 0 NOW
            one
            tree/
            tree/link
            tree/one
            tree/sub/
            tree/sub/run
            one
            one
            later
            mine

            """,
            System.Text.RegularExpressions.Regex.Replace(ended.Output, "(750 [A-Z0-9]+) [0-9]+", "$1 NOW")
        );
        Assert.Equal("copied 3 files (14 B) to back\n", ended.Error);
    }

    // Mounts of the machine and named volumes show other ids than their disks have, so root's own user cannot make a file there.
    private const string ToMounts = """
        mkdir -p shared tree/sub; echo one > tree/one; ln -s one tree/sub/link; chmod 640 tree/one
        ty run -d --name mounted -v "$PWD/shared:/shared" -v copies:/volume $SMALL sleep 600 > /dev/null; u=$(ty exec mounted id -un)
        for place in /shared /volume /srv; do
          ty cp -q tree mounted:$place/; ty cp -q tree/one mounted:$place/file; echo again > again; ty cp -q again mounted:$place/file
          tar -c tree/sub | ty cp -q - mounted:$place/tree/sub
          ty exec mounted sh -c "cd $place && stat -c '%n %a %U' file tree tree/one tree/sub/link tree/sub/tree/sub; cat file" | sed "s/ $u$/ USER/"
        done
        stat -c '%n %u' shared/file shared/tree/one | sed "s/ $(id -u)$/ CALLER/"
        ty cp -q mounted:/shared/tree back; stat -c '%n %a %u' back/one | sed "s/ $(id -u)$/ CALLER/"
        ty exec mounted ls -A /shared /volume | grep -c torchyard-cp
        ty cp mounted:/nosuch . ; echo "status $?"
        ty rm -f mounted > /dev/null; ty volume rm copies
        """;

    private const string OnMounts = """
        file 644 USER
        tree 755 USER
        tree/one 640 USER
        tree/sub/link 777 USER
        tree/sub/tree/sub 755 USER
        again

        """;

    private const string Mounted =
        OnMounts
        + OnMounts
        + OnMounts
        + """
            shared/file CALLER
            shared/tree/one CALLER
            back/one 640 CALLER
            0
            status 1
            copies

            """;

    [Fact]
    public async Task Mounts_and_volumes_are_copied_to_as_the_rest_is()
    {
        var ended = await small.ScriptAsync("umask 022\n" + ToMounts, small.NewDirectory(), Cancellation);

        Assert.Equal(Mounted, ended.Output);
        Assert.Contains("TY4130", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_ordinary_user_copies_likewise()
    {
        await using var user = await OrdinaryUser.CreateAsync(
            small.Store,
            Path.Combine(small.Store.Root, SmallContainer.Image),
            Cancellation
        );
        (await user.RunAsync(withSubordinateIds: true, Cancellation, "torchyard", "build")).Succeeded();

        var ended = await user.RunAsync(
            withSubordinateIds: true,
            Cancellation,
            "bash",
            "-c",
            $"umask 022; ty() {{ torchyard \"$@\"; }}; SMALL={SmallContainer.Image}\n" + ToMounts
        );

        Assert.Equal(Mounted, ended.Output);
        Assert.Contains("TY4130", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_inside_that_exchanges_directories_for_links_gets_nothing_read_or_written_outside()
    {
        var ended = await small.ScriptAsync(
            """
            mkdir shared out; echo secret > secret; mkdir target
            ty run -d --name hostile -v "$PWD/shared:/shared" $SMALL sh -c '
              mkdir -p /tmp/d/sub /shared/in/sub; echo inside > /tmp/d/sub/secret
              ln -s "$0" /tmp/link; ln -s "$0/target" /shared/link
              while :; do
                mv /tmp/d/sub /tmp/real; mv /tmp/link /tmp/d/sub; mv /tmp/d/sub /tmp/link; mv /tmp/real /tmp/d/sub
                mv /shared/in/sub /shared/real; mv /shared/link /shared/in/sub; mv /shared/in/sub /shared/link; mv /shared/real /shared/in/sub
                : > /shared/exchanging
              done' "$PWD" > /dev/null
            until [ -e shared/exchanging ]; do read -t 0.05 < <(:) || :; done
            mkdir -p in/sub; echo new > in/sub/new; out=0 in=0
            for i in $(seq 30); do ty cp -q hostile:/tmp/d out 2>> failures && out=$((out + 1)); ty cp -q in hostile:/shared 2>> failures && in=$((in + 1)); done
            ty rm -f hostile > /dev/null; [ $out -gt 0 ] && echo out; [ $in -gt 0 ] && echo in; grep -c 'error TY9002' failures
            grep -rl '^secret' out | wc -l; ls target | wc -l
            ln -s /etc shared/planted; ty run -d --name other -v "$PWD/shared:/shared" $SMALL sleep 600 > /dev/null
            ty cp secret other:/tmp/ 2> /dev/null; ty cp other:/tmp/secret shared/planted; echo "status $?"
            ty rm -f other > /dev/null
            """,
            small.NewDirectory(),
            Cancellation
        );

        Assert.Equal("out\nin\n0\n0\n0\nstatus 2\n", ended.Output);
        Assert.Contains("TY4133", ended.Error, StringComparison.Ordinal);
    }
}
