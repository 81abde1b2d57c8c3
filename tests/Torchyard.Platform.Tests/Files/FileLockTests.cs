using Torchyard.Platform.Files;

namespace Torchyard.Platform.Tests.Files;

public sealed class FileLockTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("torchyard-test-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void A_held_lock_is_not_free_and_a_released_one_is()
    {
        var path = Path.Combine(_directory, "a/lock");
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
        var path = Path.Combine(_directory, "lock");
        using var first = FileLock.TryAcquire(path, exclusive: false);
        using var second = FileLock.TryAcquire(path, exclusive: false);
        Assert.NotNull(first);
        Assert.NotNull(second);
        Assert.Null(FileLock.TryAcquire(path, exclusive: true));
    }

    [Fact]
    public async Task Many_who_wait_enter_one_after_the_other()
    {
        var path = Path.Combine(_directory, "lock");
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
    public void A_place_that_cannot_be_written_is_named()
    {
        var directory = Path.Combine(_directory, "lock");
        Directory.CreateDirectory(directory);
        Assert.Contains(directory, Assert.Throws<IOException>(() => FileLock.TryAcquire(directory, exclusive: true)).Message, StringComparison.Ordinal);
    }
}
