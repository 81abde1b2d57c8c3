using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Torchyard.Images.Python;
using Torchyard.Platform.Streams;

namespace Torchyard.Images.Tests.Wheels;

public sealed class AheadFileTests
{
    [Fact]
    public void What_is_written_can_be_read_before_the_rest_is_there()
    {
        using var scratch = new TemporaryDirectory();
        using var more = new SemaphoreSlim(0);
        var target = new Target(scratch, (buffer, position) =>
        {
            if (position == 4)
            {
                more.Wait(TestContext.Current.CancellationToken);
            }

            return Fill(buffer, position < 8 ? 4 : 0);
        });
        using var file = new AheadFile(1, target);
        var ended = false;
        Assert.True(file.TryStart(() => Volatile.Write(ref ended, true)));
        Assert.False(file.TryTake());

        using var follower = file.OpenFollowing();
        var buffer = new byte[100];
        Assert.Equal(4, follower.Read(buffer));
        Assert.Null(target.Finished);
        more.Release();
        Assert.Equal(4, follower.Read(buffer));
        Assert.Equal(0, follower.Read(buffer));
        file.Wait();
        Assert.Equal((8L, Convert.ToHexString(SHA256.HashData(Enumerable.Repeat((byte)7, 8).ToArray()))), target.Finished);
        SpinWait.SpinUntil(() => Volatile.Read(ref ended), TimeSpan.FromSeconds(30));
        Assert.True(ended);
    }

    [Fact]
    public void What_failed_fails_for_the_reader_after_the_bytes_before_it()
    {
        using var scratch = new TemporaryDirectory();
        var target = new Target(scratch, (buffer, position) => position < 4 ? Fill(buffer, 4) : throw new InvalidDataException("flipped"));
        using var file = new AheadFile(1, target);
        Assert.True(file.TryStart(() => { }));
        using var follower = file.OpenFollowing();
        var buffer = new byte[100];
        Assert.Equal(4, follower.Read(buffer));
        Assert.Equal("flipped", Assert.Throws<InvalidDataException>(() => follower.Read(buffer)).Message);
        Assert.Equal("flipped", Assert.Throws<InvalidDataException>(file.Wait).Message);
        Assert.Null(target.Finished);
    }

    [Fact]
    public void A_file_that_is_found_wrong_at_its_end_fails_there()
    {
        using var scratch = new TemporaryDirectory();
        var target = new Target(scratch, (buffer, position) => Fill(buffer, position < 4 ? 4 : 0))
        {
            Wrong = new InvalidDataException("another hash"),
        };
        using var file = new AheadFile(1, target);
        Assert.True(file.TryStart(() => { }));
        Assert.Equal("another hash", Assert.Throws<InvalidDataException>(file.Wait).Message);
    }

    [Fact]
    public void What_cannot_be_written_ends_the_decoding_of_an_endless_file()
    {
        using var scratch = new TemporaryDirectory();
        var target = new Target(scratch, (buffer, _) => Fill(buffer, buffer.Length)) { Access = FileAccess.Read };
        using var file = new AheadFile(1, target);
        Assert.True(file.TryStart(() => { }));
        Assert.Throws<UnauthorizedAccessException>(file.Wait);
        Assert.True(target.IsClosed);
    }

    [Fact]
    public void Whoever_comes_first_decodes()
    {
        using var scratch = new TemporaryDirectory();
        var target = new Target(scratch, (_, _) => throw new InvalidOperationException("it was not started"));
        using (var file = new AheadFile(1, target))
        {
            Assert.True(file.TryTake());
            Assert.False(file.TryTake());
            Assert.False(file.TryStart(() => Assert.Fail("it was not started")));
        }

        Assert.False(target.IsOpened);
    }

    [Fact]
    public async Task Giving_up_waits_for_the_decoder_to_stop()
    {
        using var scratch = new TemporaryDirectory();
        using var entered = new ManualResetEventSlim();
        using var gate = new ManualResetEventSlim();
        // An endless content: only being stopped ends it.
        var target = new Target(scratch, (buffer, _) =>
        {
            entered.Set();
            gate.Wait(TestContext.Current.CancellationToken);
            return Fill(buffer, 1);
        });
        var file = new AheadFile(1, target);
        Assert.True(file.TryStart(() => { }));
        entered.Wait(TestContext.Current.CancellationToken);
        var stoppedBefore = Task.Run(() =>
        {
            file.Dispose();
            return target.IsClosed;
        });
        gate.Set();
        Assert.True(await stoppedBefore);
        Assert.Null(target.Finished);
    }

    [Fact]
    public void Free_cores_take_the_most_urgent_and_no_more_than_there_are()
    {
        using var scratch = new TemporaryDirectory();
        using var hold = new ManualResetEventSlim();
        var started = new System.Collections.Concurrent.ConcurrentQueue<long>();
        using var all = new CountdownEvent(3);
        AheadFile[] files = [.. new[] { 10L, 30L, 20L }.Select(urgency => new AheadFile(urgency, new Target(scratch, (_, _) =>
                {
                    started.Enqueue(urgency);
                    hold.Wait(TestContext.Current.CancellationToken);
                    all.Signal();
                    return 0;
                })))];
        var ahead = new DecodeAhead(2);
        ahead.BeginLayer(files);
        Assert.True(SpinWait.SpinUntil(() => !started.IsEmpty, TimeSpan.FromSeconds(30)));
        Assert.Equal([30L], started);
        hold.Set();
        Assert.True(all.Wait(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        Assert.Equal([30L, 20L, 10L], started);
        ahead.EndLayer();
        Array.ForEach(files, file => file.Dispose());
    }

    [Fact]
    public void A_layer_that_waits_lends_its_core()
    {
        using var scratch = new TemporaryDirectory();
        var ahead = new DecodeAhead(1);
        using var file = new AheadFile(1, new Target(scratch, (_, _) => 0));
        ahead.BeginLayer([file]);
        ahead.WhileWaiting(file.Wait);
        Assert.False(file.TryTake());
        ahead.EndLayer();
    }

    private static int Fill(Span<byte> buffer, int count)
    {
        buffer[..count].Fill(7);
        return count;
    }

    private sealed class Target(TemporaryDirectory scratch, Target.Reader read) : ForwardReadStream, IAheadTarget
    {
        private readonly string _path = Path.Combine(scratch.Path, Guid.NewGuid().ToString());
        private long _position;
        private bool _isClosed;

        public delegate int Reader(Span<byte> buffer, long position);

        public HashAlgorithmName Algorithm => HashAlgorithmName.SHA256;

        public FileAccess Access { get; init; } = FileAccess.ReadWrite;

        public Exception? Wrong { get; init; }

        public bool IsOpened { get; private set; }

        public bool IsClosed => Volatile.Read(ref _isClosed);

        public (long Size, string Hash)? Finished { get; private set; }

        public SafeFileHandle Create()
        {
            File.WriteAllText(_path, "");
            return File.OpenHandle(_path, FileMode.Open, Access);
        }

        public Stream Open()
        {
            IsOpened = true;
            return this;
        }

        public void Finish(SafeFileHandle file, long size, byte[] hash)
        {
            if (Wrong is not null)
            {
                throw Wrong;
            }

            Finished = (size, Convert.ToHexString(hash));
        }

        public override int Read(Span<byte> buffer)
        {
            var count = read(buffer, _position);
            _position += count;
            return count;
        }

        protected override void Dispose(bool disposing)
        {
            Volatile.Write(ref _isClosed, true);
            base.Dispose(disposing);
        }
    }
}
