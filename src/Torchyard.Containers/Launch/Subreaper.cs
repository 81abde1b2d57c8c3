using Torchyard.Platform.Linux;

namespace Torchyard.Containers.Launch;

/// <summary>
/// Makes orphans below this process its children (PR_SET_CHILD_SUBREAPER) while a runtime creates a container, and not longer: a stray
/// orphan that nobody waits for stays a zombie, and the kernel does not end a pid namespace before its last zombie is gone.
/// </summary>
internal sealed class Subreaper : IDisposable
{
    private static readonly Lock Gate = new();
    private static int _users;

    private int _disposed;

    private Subreaper() { }

    /// <summary>From now until the last result is disposed.</summary>
    public static Subreaper Begin()
    {
        lock (Gate)
        {
            if (_users++ == 0)
            {
                Set(true);
            }
        }

        return new Subreaper();
    }

    /// <inheritdoc />
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        lock (Gate)
        {
            if (--_users == 0)
            {
                Set(false);
            }
        }
    }

    private static void Set(bool on)
    {
        if (ProcessCalls.SetChildSubreaper(on) != 0)
        {
            throw new InvalidOperationException($"prctl PR_SET_CHILD_SUBREAPER: {Errno.Text(Errno.Last)}");
        }
    }
}
