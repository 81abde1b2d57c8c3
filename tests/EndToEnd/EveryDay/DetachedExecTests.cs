using Torchyard.EndToEnd.Streams;

namespace Torchyard.EndToEnd.EveryDay;

/// <summary>What <c>exec -d</c> started outlives terminal and client, and its output and status are found again.</summary>
[Collection(SmallContainerTests.Name)]
public sealed class DetachedExecTests(SmallContainer small)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_window_that_is_closed_does_not_end_it()
    {
        var directory = small.NewDirectory();
        var waits = "mkfifo /tmp/gate; echo begun; read line < /tmp/gate; echo ended; echo aside >&2; exit 7";
        var left = $"ty exec -d $KEPT sh -c '{waits}' > number; echo started; sleep 600";
        using (var terminal = small.OnTerminal(left, directory))
        {
            await terminal.ShowsAsync("started", Cancellation);

            terminal.Close();

            await terminal.EndAsync(Cancellation);
        }

        var seen = await small.ScriptAsync(
            """
            ty exec $KEPT sh -c 'echo go > /tmp/gate'; n=$(cat number); ty logs -f $KEPT --exec $n 2> aside; cat aside
            ty exec --list --json $KEPT | tr -d ' \n' | grep -o "\"number\":$n,.*" | grep -o '"exit_code":[0-9]*' | head -n 1
            ty kill $KEPT --exec $n; echo "status $?"
            """,
            directory,
            Cancellation
        );

        Assert.Equal("begun\nended\naside\n\"exit_code\":7\nstatus 1\n", seen.Succeeded().Output);
        Assert.Contains("TY4097", seen.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_ends_by_a_signal_or_with_its_container_and_is_told_when_it_cannot_start()
    {
        var seen = await small.ScriptAsync(
            """
            ty run -d --name apart $SMALL sleep 600 > /dev/null
            ty exec -d apart nosuch; echo "status $?"
            ty exec -d apart /etc/passwd; echo "status $?"
            ty exec -d -u root -w /tmp -e GREETING=hello apart sh -c 'echo $(id -u) $PWD $GREETING; exec sleep 600'
            ty exec -d apart sleep 600
            ty kill --signal TERM --exec 1 apart
            ty logs -f apart --exec 1; ty exec --list apart | awk 'NR > 1 {print $1, $2 == "Exited" ? $2 " " $3 : $2}'
            ty stop --time 0 apart > /dev/null; ty exec --list apart | awk 'NR > 1 {print $1, $2 == "Exited" ? $2 " " $3 : $2}'
            ty logs apart --exec 9; echo "status $?"
            place=$TORCHYARD_STORE/containers/$(ty inspect apart | grep -oE '"id": "[0-9a-f]+"' | grep -oE '[0-9a-f]{12,}'); ls "$place" | grep -c exec
            ty rm apart > /dev/null; ls "$place" 2> /dev/null | wc -l
            """,
            small.NewDirectory(),
            Cancellation
        );

        Assert.Equal(
            """
            status 127
            status 126
            1
            2
            apart
            0 /tmp hello
            1 Exited (143)
            2 Running
            1 Exited (143)
            2 Exited (137)
            status 1
            1
            0

            """,
            seen.Output
        );
        Assert.Contains("TY4096", seen.Error, StringComparison.Ordinal);
    }
}
