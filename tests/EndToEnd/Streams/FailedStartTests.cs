namespace Torchyard.EndToEnd.Streams;

/// <summary>
/// A start that fails or is given up leaves no container, no process and no cgroup behind, and makes no directory that nobody asked for.
/// </summary>
[Collection(SmallContainerTests.Name)]
public sealed class FailedStartTests(SmallContainer small)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("run --rm -p 127.0.0.1:18781:80 -p 127.0.0.1:18781:81 small true")]
    [InlineData("run -d --network private -p 127.0.0.1:1:80 -v /proc/1/nothing/here:/m small true")]
    [InlineData("run -d --entrypoint /nosuch small")]
    [InlineData("run --rm small /etc")]
    [InlineData("run -d -v /etc/passwd:/etc/passwd/x small true")]
    [InlineData("run -d --memory 1g --shm-size 64m --user nobody-here small true")]
    [InlineData("run --rm -v '~data:/data' small true")]
    [InlineData("run --rm --mount type=bind,source=~data,target=/data small true")]
    public async Task What_is_refused_leaves_nothing(string command)
    {
        var directory = small.NewDirectory();

        var ended = await small.ScriptAsync(
            Nothing + $"before=$(left); ty {command}; echo \"status $?\"; same \"$before\"; ls -A",
            directory,
            Cancellation
        );

        Assert.DoesNotContain("status 0\n", ended.Succeeded().Output, StringComparison.Ordinal);
        // With nothing after it: no directory "~" either.
        Assert.EndsWith("the same\n", ended.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_runtime_that_fails_leaves_nothing()
    {
        var ended = await small.ScriptAsync(
            Nothing
                + """
                real=$(command -v crun); mkdir -p bin; chmod 755 . bin
                printf '#!/bin/sh\nfor a; do [ "$a" = create ] && { echo broken >&2; exit 1; }; done\nexec %s "$@"\n' "$real" > bin/crun; chmod 755 bin/crun
                before=$(left)
                for mode in --rm -d; do PATH=$PWD/bin:$PATH ty run $mode -v "$PWD:/m" $SMALL sh -c 'sleep 0.1'; echo "status $?"; done
                sleep 1; same "$before"
                """,
            small.NewDirectory(),
            Cancellation
        );

        Assert.Equal("status 125\nstatus 125\nthe same\n", ended.Succeeded().Output);
    }

    [Fact]
    public async Task A_start_that_is_ended_by_a_signal_at_any_moment_leaves_nothing()
    {
        var directory = small.NewDirectory();

        var ended = await small.ScriptAsync(
            Nothing
                + """
                before=$(left)
                # Who starts the tests in the background has them ignore Ctrl-C: that ends before the time begins. One that outlives its
                # signal is killed, and what it leaves is found.
                for signal in TERM INT; do for moment in 0.02 0.1 0.2 0.3 0.5 0.8; do
                  for mode in --rm "--rm -d --name given-up"; do
                    env --default-signal=INT timeout -k 60 -s $signal $moment "$TY" run $mode -v "$PWD:/m" $SMALL sleep 600 > /dev/null 2>&1
                    ty rm --force given-up > /dev/null 2>&1
                  done
                done; done
                for wait in 1 2 3 4 5 6 7 8; do [ "$before" = "$(left)" ] && break; sleep 1; done
                same "$before"
                """,
            directory,
            Cancellation
        );

        Assert.EndsWith("the same\n", ended.Succeeded().Output, StringComparison.Ordinal);
    }

    /// <summary>
    /// What there is of containers of this store: directories, cgroups of these, processes that name the store's containers.
    /// </summary>
    private static string Nothing =>
        $$"""
            TY='{{Program.TestStore.Program}}'
            left() {
              ls "$TORCHYARD_STORE/containers"
              for id in $(ls "$TORCHYARD_STORE/containers"); do find /sys/fs/cgroup -type d -path "*torchyard*/$id" | sort; done
              for p in /proc/[0-9]*; do tr '\0' ' ' < $p/cmdline 2> /dev/null | grep -F "$TORCHYARD_STORE/containers" | cut -d' ' -f1-4; done | sort
            }
            same() { if [ "$1" = "$(left)" ]; then echo the same; else echo "before: $1"; echo "now: $(left)"; fi; }

            """;
}
