using System.Globalization;
using Torchyard.EndToEnd.Streams;
using Torchyard.Testing.Loopback;

namespace Torchyard.EndToEnd.EveryDay;

/// <summary>A container that has ended is started again with what it wrote.</summary>
[Collection(SmallContainerTests.Name)]
public sealed class RestartTests(SmallContainer small)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Files_ports_and_limits_are_there_again_and_what_fails_to_start_stays()
    {
        var port = LoopbackPort.Free();
        var ended = await small.ScriptAsync(
            $$"""
            ty run -d --name begins --memory 256m --network private -p 127.0.0.1:{{port}}:80 $SMALL sh -c 'echo life >> /tmp/lives; wc -l < /tmp/lives; exec sleep 600' 2> /dev/null > /dev/null
            printed() { for i in $(seq 1000); do ty logs begins | grep -qx $1 && return; done; }
            printed 1; ty restart --time 0 begins; printed 2; ty stop --time 0; echo "status $?"; ty stop --time 0 begins
            ty start begins; ty start begins; printed 3; ty logs begins; ty top --no-stream --json begins | grep -o '"memory_limit.*'; ty inspect begins | grep -E '"(status|restarts)"'
            ty ps | grep -o '127.0.0.1:{{port}}->80'
            ty stop --time 0 begins > /dev/null; rm -f busy
            ty run -d --name holder --network private -p 127.0.0.1:{{port}}:80 $SMALL sleep 600 2> /dev/null > /dev/null
            ty start begins; echo "status $?"; ty rm -f holder > /dev/null; ty start begins
            ty run -d --rm --name brief $SMALL sleep 600 > /dev/null; ty restart brief; echo "status $?"; ty rm -f brief begins
            ty run --name again $SMALL sh -c 'echo out; exit 4'; ty start -a again; echo "status $?"; ty rm again
            """,
            small.NewDirectory(),
            Cancellation
        );

        Assert.Equal(
            """
            begins
            status 1
            begins
            begins
            begins
            1
            2
            3
            "memory_limit": 268435456,
                "status": "Running",
                "restarts": 2,
            127.0.0.1:PORT->80
            status 1
            begins
            status 1
            brief
            begins
            out
            out
            status 4
            again

            """,
            ended.Output.Replace(port.ToString(CultureInfo.InvariantCulture), "PORT", StringComparison.Ordinal)
        );
        Assert.Contains("TY4050", ended.Error, StringComparison.Ordinal);
        Assert.Contains("TY4098", ended.Error, StringComparison.Ordinal);
        Assert.Contains("TY4109", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Images_get_names_and_volumes_are_listed_and_removed()
    {
        var ended = await small.ScriptAsync(
            """
            ty tag $SMALL kept-name:one > /dev/null; ty images | grep -o '^kept-name:one'; ty inspect --type image kept-name:one | grep '"type"'; ty rmi kept-name:one > /dev/null
            ty run -d --name volume-user -v listed:/data $SMALL sleep 600 > /dev/null
            ty volume ls | awk '$1 == "NAME" || $1 == "listed" {print $1, $2}'; ty volume rm listed; echo "status $?"
            ty rm -f volume-user > /dev/null; ty volume rm listed; ty volume rm lsited; echo "status $?"
            ty help volume | head -n 1
            """,
            small.NewDirectory(),
            Cancellation
        );

        Assert.Equal(
            """
            kept-name:one
                "type": "image",
            NAME USED
            listed volume-user
            status 1
            listed
            status 1
            List and remove named volumes.

            """,
            ended.Output
        );
        Assert.Contains("the volume listed is in use by volume-user", ended.Error, StringComparison.Ordinal);
    }
}
