using Torchyard.EndToEnd.Streams;

namespace Torchyard.EndToEnd.EveryDay;

/// <summary>A container that has ended is started again with what it wrote.</summary>
[Collection(SmallContainerTests.Name)]
public sealed class RestartTests(SmallContainer small)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Files_ports_and_limits_are_there_again_and_what_fails_to_start_stays()
    {
        var ended = await small.ScriptAsync(
            """
            ty run -d --name own --memory 256m --network private -p 127.0.0.1:18793:80 $SMALL sh -c 'echo life >> /tmp/lives; wc -l < /tmp/lives; exec sleep 600' 2> /dev/null > /dev/null
            printed() { until ty logs own | grep -qx $1; do :; done; }
            printed 1; ty restart --time 0 own; printed 2; ty stop --time 0; echo "status $?"; ty stop --time 0 own
            ty start own; ty start own; printed 3; ty logs own; ty top --no-stream --json own | grep limit; ty inspect own | grep -E '"(status|restarts)"'
            ty ps | grep -o '127.0.0.1:18793->80'
            ty stop --time 0 own > /dev/null; rm -f busy
            ty run -d --name holder --network private -p 127.0.0.1:18793:80 $SMALL sleep 600 2> /dev/null > /dev/null
            ty start own; echo "status $?"; ty rm -f holder > /dev/null; ty start own
            ty run -d --rm --name brief $SMALL sleep 600 > /dev/null; ty restart brief; echo "status $?"; ty rm -f brief own
            ty run --name again $SMALL sh -c 'echo out; exit 4'; ty start -a again; echo "status $?"; ty rm again
            """,
            small.NewDirectory(),
            Cancellation
        );

        Assert.Equal(
            """
            own
            status 1
            own
            own
            own
            1
            2
            3
                "memory_limit": 268435456,
                "status": "Running",
                "restarts": 2,
            127.0.0.1:18793->80
            status 1
            own
            status 1
            brief
            own
            out
            out
            status 4
            again

            """,
            ended.Output
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
            ty run -d --name user -v data:/data $SMALL sleep 600 > /dev/null
            ty volume ls | awk '{print $1, $2}'; ty volume rm data; echo "status $?"
            ty rm -f user > /dev/null; ty volume rm data; ty volume rm dtaa; echo "status $?"
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
            data user
            status 1
            data
            status 1
            List and remove named volumes.

            """,
            ended.Output
        );
        Assert.Contains("the volume data is in use by user", ended.Error, StringComparison.Ordinal);
    }
}
