using Microsoft.Extensions.Time.Testing;

namespace Torchyard.Testing.Time;

/// <summary>A clock that goes on only when a test says so.</summary>
public static class PassingTime
{
    /// <summary>Lets time pass until a task has ended, whatever it waits for.</summary>
    public static async Task PassUntilAsync(this FakeTimeProvider clock, Task task)
    {
        while (!task.IsCompleted)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
    }
}
