using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;

namespace Torchyard.Platform.Tests.Files;

public sealed class FileLockTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_held_lock_is_not_free_and_a_released_one_is()
    {
        var path = Path.Combine(_directory.Path, "a/lock");
        using (var held = FileLock.TryAcquire(path, exclusive: true))
        {
            Assert.NotNull(held);
            Assert.Null(FileLock.TryAcquire(path, exclusive: true));
            Assert.Null(FileLock.TryAcquire(path, exclusive: false));
        }

        using var again = FileLock.TryAcquire(path, exclusive: true);
        Assert.NotNull(again);
    }

    [Fact]
    public void Readers_share_and_keep_a_writer_out()
    {
        var path = Path.Combine(_directory.Path, "lock");
        using var first = FileLock.TryAcquire(path, exclusive: false);
        using var second = FileLock.TryAcquire(path, exclusive: false);
        Assert.NotNull(first);
        Assert.NotNull(second);
        Assert.Null(FileLock.TryAcquire(path, exclusive: true));
    }

    [Fact]
    public async Task Many_who_wait_enter_one_after_the_other()
    {
        var path = Path.Combine(_directory.Path, "lock");
        var inside = 0;
        await Parallel.ForAsync(0, 8, TestContext.Current.CancellationToken, async (_, cancellation) =>
        {
            using var held = await FileLock.AcquireAsync(path, exclusive: true, cancellation);
            Assert.Equal(1, Interlocked.Increment(ref inside));
            await Task.Yield();
            Interlocked.Decrement(ref inside);
        });
    }

    [Fact]
    public void No_other_user_can_open_a_lock_and_so_none_can_hold_it()
    {
        const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var path = Path.Combine(_directory.Path, "lock");
        FileLock.TryAcquire(path, exclusive: true)!.Dispose();
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(path));

        // One that an earlier version made.
        File.SetUnixFileMode(path, OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        FileLock.TryAcquire(path, exclusive: false)!.Dispose();
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(path));
    }

    [Fact]
    public void A_FIFO_in_a_locks_place_is_refused_at_once()
    {
        var path = Path.Combine(_directory.Path, "lock");
        Fifo.Make(path);
        Assert.Equal("TY9023", Assert.Throws<TorchyardException>(() => FileLock.TryAcquire(path, exclusive: true)).Code);
    }

    [Fact]
    public void Who_holds_a_lock_is_told()
    {
        var path = Path.Combine(_directory.Path, "lock");
        Assert.Null(FileLock.HolderOf(path));
        using var held = FileLock.TryAcquire(path, exclusive: true);
        Assert.Contains($"(process {Environment.ProcessId})", FileLock.HolderOf(path), StringComparison.Ordinal);
    }

    [Fact]
    public void A_place_that_cannot_be_written_is_named()
    {
        var directory = Path.Combine(_directory.Path, "lock");
        Directory.CreateDirectory(directory);
        Assert.Contains(
            directory,
            Assert.Throws<TorchyardException>(() => FileLock.TryAcquire(directory, exclusive: true)).Message,
            StringComparison.Ordinal
        );
    }
}
