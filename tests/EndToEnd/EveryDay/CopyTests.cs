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
            ty run -d --name own $SMALL sleep 600 > /dev/null; u=$(ty exec own id -un)
            mkdir -p tree/sub; echo one > tree/one; echo '#!/bin/sh' > tree/sub/run; chmod 750 tree/sub/run; touch -d 2001-02-03T04:05:06Z tree/one; ln -s one tree/link
            ty cp -q tree own:/tmp
            ty exec own sh -c 'cd /tmp/tree; stat -c "%n %a %U %Y" one sub/run; readlink link' | sed "s/ $u / USER /"
            ty cp -q tree/. own:/tmp/other; ty exec own ls /tmp/other
            echo renamed > file; ty cp -q file own:/tmp/renamed; ty exec own cat /tmp/renamed
            ty cp own:/tmp/tree back; stat -c '%n %a %u %Y' back/one back/sub/run; readlink back/link
            ty cp own:/tmp/tree - | tar -t | sort
            tar -c tree | ty cp -q - own:/srv; ty exec own cat /srv/tree/one
            ty stop --time 0 own > /dev/null
            ty cp -q own:/tmp/tree/one ended; cat ended
            echo later > later; ty cp -q later own:/tmp/; ty start own > /dev/null; ty exec own sh -c 'cat /tmp/later; [ "$(stat -c %U /tmp/later)" = "$(id -un)" ] && echo mine'
            ty rm -f own > /dev/null; ls -A . | grep torchyard-cp
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
              done' "$PWD" > /dev/null
            sleep 1; mkdir -p in/sub; echo new > in/sub/new
            for i in $(seq 30); do ty cp -q hostile:/tmp/d out 2> /dev/null; ty cp -q in hostile:/shared 2> /dev/null; done
            ty rm -f hostile > /dev/null
            grep -rl '^secret' out | wc -l; ls target | wc -l
            ln -s /etc shared/planted; ty run -d --name other -v "$PWD/shared:/shared" $SMALL sleep 600 > /dev/null
            ty cp secret other:/tmp/ 2> /dev/null; ty cp other:/tmp/secret shared/planted; echo "status $?"
            ty rm -f other > /dev/null
            """,
            small.NewDirectory(),
            Cancellation
        );

        Assert.Equal("0\n0\nstatus 2\n", ended.Output);
        Assert.Contains("TY4133", ended.Error, StringComparison.Ordinal);
    }
}
