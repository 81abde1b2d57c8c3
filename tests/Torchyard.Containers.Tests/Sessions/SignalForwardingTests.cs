using Torchyard.Containers.Sessions;
using Torchyard.Containers.State;
using Torchyard.Platform.Linux;

namespace Torchyard.Containers.Tests.Sessions;

public class SignalForwardingTests
{
    private const int User2 = 12;

    [Fact]
    public async Task A_signal_before_there_is_a_receiver_waits_for_it()
    {
        using var first = new SignalForwarding();
        using var second = new SignalForwarding();
        var taken = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var waited = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        second.To(taken.SetResult);

        ProcessCalls.Kill(Environment.ProcessId, User2);
        // Whether the first one had the signal before or after it gets a receiver, it hands it on once.
        Assert.Equal(User2, await taken.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        first.To(waited.SetResult);

        Assert.Equal(User2, await waited.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
    }

    [Fact]
    public void What_a_command_has_heard_before_there_is_anybody_counts_once()
    {
        var command = ClientSignals.Begin();
        var taken = new List<int>();
        command.Pass(SignalNumbers.Terminate);

        using (var forwarding = new SignalForwarding())
        {
            Assert.True(forwarding.HasWaiting);
            command.Pass(SignalNumbers.Interrupt);
            forwarding.To(taken.Add);
            command.Pass(SignalNumbers.Terminate);
        }

        // The next of the same command, such as the client that attaches to what was started.
        command.Pass(SignalNumbers.Interrupt);
        using var next = new SignalForwarding().To(taken.Add);
        Assert.Equal([SignalNumbers.Terminate, SignalNumbers.Interrupt, SignalNumbers.Terminate, SignalNumbers.Interrupt], taken);
    }
}
