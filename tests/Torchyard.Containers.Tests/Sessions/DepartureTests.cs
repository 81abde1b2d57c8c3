using Torchyard.Containers.Sessions;

namespace Torchyard.Containers.Tests.Sessions;

public class DepartureTests
{
    private const int HangUp = 1,
        Interrupt = 2,
        User1 = 10,
        Terminate = 15;

    [Fact]
    public async Task The_client_of_a_terminal_goes_some_time_after_the_first_signal()
    {
        var passedOn = new List<int>();
        using var departure = new Departure(terminal: true, passedOn.Add, TimeSpan.FromMilliseconds(1));
        departure.Take(User1);
        Assert.False(departure.Leaving.IsCompleted);
        departure.Take(Terminate);

        Assert.False(
            await departure
                .EndsFirstAsync(new TaskCompletionSource().Task)
                .WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken)
        );
        Assert.Equal([User1, Terminate], passedOn);
        Assert.Equal(143, departure.ExitStatus);
    }

    [Fact]
    public async Task Every_other_client_goes_with_the_third()
    {
        var passedOn = new List<int>();
        using var departure = new Departure(terminal: false, passedOn.Add, TimeSpan.Zero);
        departure.Take(Interrupt);
        departure.Take(Terminate);
        Assert.False(departure.Leaving.IsCompleted);
        departure.Take(Terminate);

        Assert.False(await departure.EndsFirstAsync(new TaskCompletionSource().Task));
        Assert.Equal(130, departure.ExitStatus);
    }

    [Fact]
    public async Task A_program_that_ends_is_what_counts_and_a_terminal_hangs_up_once()
    {
        var passedOn = new List<int>();
        using var departure = new Departure(terminal: true, passedOn.Add);
        departure.HungUp();
        departure.HungUp();

        Assert.True(await departure.EndsFirstAsync(Task.CompletedTask));
        Assert.Equal([HangUp], passedOn);
    }
}
