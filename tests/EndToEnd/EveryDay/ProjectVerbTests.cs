using Torchyard.EndToEnd.Streams;

namespace Torchyard.EndToEnd.EveryDay;

/// <summary>In the directory of a project the verbs know its environment.</summary>
[Collection(SmallContainerTests.Name)]
public sealed class ProjectVerbTests(SmallContainer small)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_name_is_needed_there_and_a_name_wins()
    {
        var ended = await small.ScriptAsync(
            """
            ty run -d --name own --label "torchyard.project=$PWD" $SMALL sh -c 'echo begun; exec sleep 600' > /dev/null
            ty exec echo one; ty exec -- echo two; ty exec own echo three; ty exec . echo four; ty exec $KEPT echo five
            ty exec sh -c 'exit 3'; echo "status $?"
            ty exec -- own; echo "status $?"
            echo 'echo "$PWD"; exit 5' | ty shell; echo "status $?"
            ty logs
            ty top --no-stream --json . | grep -o '"name": "own"'
            ty kill --signal CONT .
            (cd / && ty exec echo six); echo "status $?"
            ty stop; ty rm .
            """,
            small.NewDirectory(),
            Cancellation
        );

        Assert.Equal(
            """
            one
            two
            three
            four
            five
            status 3
            status 127
            /workspace
            status 5
            begun
            "name": "own"
            .
            status 125
            own
            .

            """,
            ended.Succeeded().Output
        );
        Assert.Contains("there is no container 'echo', and nothing runs in /", ended.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("exec kpet ls")]
    [InlineData("logs kpet")]
    [InlineData("stop kpet")]
    [InlineData("top --no-stream kpet")]
    [InlineData("wait kpet")]
    [InlineData("rm kpet")]
    [InlineData("kill kpet")]
    [InlineData("attach kpet")]
    [InlineData("shell kpet")]
    public async Task A_name_that_there_is_not_is_answered_with_those_that_there_are(string command)
    {
        var ended = await small.ScriptAsync($"ty {command}; exit 0", small.NewDirectory(), Cancellation);

        Assert.Contains("did you mean 'kept'? there are: ", ended.Succeeded().Error, StringComparison.Ordinal);
    }
}
