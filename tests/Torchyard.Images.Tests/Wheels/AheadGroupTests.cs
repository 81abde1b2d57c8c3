using Torchyard.Images.Python;

namespace Torchyard.Images.Tests.Wheels;

public sealed class AheadGroupTests
{
    [Fact]
    public void The_files_are_given_from_memory_when_the_group_is_decoded()
    {
        using var group = Make([3, 0, 2], (number, content) => content.Span.Fill((byte)(number + 1)));
        Assert.Equal(5, group.Memory);
        Assert.True(group.TryStart(() => { }));
        Assert.False(group.TryTake());
        Assert.Equal([1, 1, 1], group.Take(0).ToArray());
        Assert.Empty(group.Take(1).ToArray());
        Assert.Equal([3, 3], group.Take(2).ToArray());
        Assert.True(group.Release());
        Assert.False(group.Release());
    }

    [Fact]
    public void What_the_layer_took_is_not_decoded_and_has_no_memory_to_give_back()
    {
        using var group = Make([3], (_, _) => Assert.Fail("it was not started"));
        Assert.True(group.TryTake());
        Assert.False(group.TryStart(() => Assert.Fail("it was not started")));
        Assert.False(group.Release());
    }

    [Fact]
    public void A_failure_is_told_at_the_file_that_failed_and_after_it()
    {
        using var group = Make([1, 1, 1], (number, content) =>
        {
            if (number == 1)
            {
                throw new InvalidDataException("flipped");
            }

            content.Span.Fill(9);
        });
        Assert.True(group.TryStart(() => { }));
        Assert.Equal([9], group.Take(0).ToArray());
        Assert.Equal("flipped", Assert.Throws<InvalidDataException>(() => group.Take(1)).Message);
        Assert.Throws<InvalidDataException>(() => group.Take(2));
    }

    [Fact]
    public void Giving_up_waits_for_the_file_at_hand_and_decodes_no_other()
    {
        using var entered = new ManualResetEventSlim();
        using var gate = new ManualResetEventSlim();
        var decoded = 0;
        var group = Make([1, 1], (_, _) =>
        {
            decoded++;
            entered.Set();
            gate.Wait(TestContext.Current.CancellationToken);
        });
        Assert.True(group.TryStart(() => { }));
        entered.Wait(TestContext.Current.CancellationToken);
        var releasing = new Thread(() => group.Release());
        releasing.Start();
        SpinWait.SpinUntil(() => releasing.ThreadState.HasFlag(ThreadState.WaitSleepJoin), TimeSpan.FromSeconds(30));
        gate.Set();
        releasing.Join();
        Assert.Equal(1, decoded);
    }

    [Fact]
    public void Groups_are_begun_as_far_as_there_is_memory()
    {
        using var hold = new ManualResetEventSlim();
        using var begun = new CountdownEvent(3);
        var ahead = new DecodeAhead(cores: 8, from: 4);
        // Two for each core: 64 bytes.
        AheadGroup[] groups =
        [
            .. Enumerable
                .Range(0, 4)
                .Select(number => new AheadGroup(100 - number, [30], (_, _) =>
                {
                    begun.Signal();
                    hold.Wait(TestContext.Current.CancellationToken);
                })),
        ];
        ahead.BeginLayer(groups);
        Assert.False(groups[0].TryTake());
        Assert.False(groups[1].TryTake());
        hold.Set();
        groups[0].Take(0);
        Assert.True(groups[0].Release());
        ahead.GiveBack(groups[0].Memory);
        Assert.True(begun.Wait(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        Assert.False(groups[2].TryTake());
        Assert.True(groups[3].TryTake());
        Array.ForEach(groups, group => group.Dispose());
        ahead.EndLayer();
    }

    private static AheadGroup Make(int[] sizes, Action<int, Memory<byte>> decode) => new(sizes.Sum(), sizes, decode);
}
