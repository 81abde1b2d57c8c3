using Torchyard.Machine.Files;
using Torchyard.Machine.Processes;
using Torchyard.Testing.Gpus;

namespace Torchyard.Machine.Tests.Processes;

public sealed class ProcessTableTests : IDisposable
{
    private readonly TemporaryDirectory _root = new();
    private readonly FakeProcesses _machine;

    public ProcessTableTests() => _machine = new FakeProcesses(_root.Path);

    private ProcessTable Table => new(new MachineFiles(_root.Path));

    public void Dispose() => _root.Dispose();

    [Theory]
    [InlineData("python3")]
    [InlineData("a b) S 7 (c")]
    [InlineData(") ) )")]
    [InlineData("")]
    public void A_process_is_read_whatever_it_calls_itself(string name)
    {
        _machine.Add(77, start: 4242, user: 1003, parent: 12, name);

        var found = Table.Find(77);

        Assert.Equal(
            new ProcessFacts
            {
                Id = 77,
                Parent = 12,
                StartTime = 4242,
                Name = name,
                User = 1003,
            },
            found
        );
    }

    [Theory]
    [InlineData('Z')]
    [InlineData('X')]
    public void One_that_has_ended_is_not_there(char state)
    {
        _machine.Add(77, start: 1, state: state);

        Assert.Null(Table.Find(77));
        Assert.Null(Table.Find(78));
        Assert.Null(Table.Find(0));
        Assert.Null(Table.Find(-1));
    }

    [Fact]
    public void Ancestors_end_with_the_first_process_also_when_they_go_in_a_circle()
    {
        _machine.Add(1, start: 0, parent: 0);
        _machine.Add(5, start: 1, parent: 1);
        _machine.Add(9, start: 2, parent: 5);
        _machine.Add(20, start: 3, parent: 21);
        _machine.Add(21, start: 3, parent: 20);

        Assert.Equal([9, 5, 1], Table.Ancestry(9).Select(process => process.Id));
        Assert.InRange(Table.Ancestry(20).Count(), 2, 1000);
    }

    [Fact]
    public void The_start_is_counted_back_from_now()
    {
        _machine.Up(1000);
        _machine.Add(77, start: 40_000);
        var now = new DateTimeOffset(2026, 6, 1, 13, 0, 0, TimeSpan.Zero);

        Assert.Equal(now - TimeSpan.FromSeconds(600), Table.StartedAt(Table.Find(77)!, now));
    }

    [Fact]
    public void This_process_is_there_and_its_user_has_a_name()
    {
        var live = new MachineFiles();
        var self = new ProcessTable(live).Find(Environment.ProcessId);

        Assert.Equal(FakeProcesses.Me, self?.User);
        Assert.Equal(Environment.UserName, new UserNames(live).Of(FakeProcesses.Me));
        Assert.Equal("uid 4000000001", new UserNames(live).Of(4_000_000_001));
    }
}
