using Microsoft.Win32.SafeHandles;
using Torchyard.Images.Wheels;
using Torchyard.Platform.Streams;
using Torchyard.Tests.Python;

namespace Torchyard.Images.Tests.Wheels;

public sealed class AheadFileTests
{
    [Fact]
    public void What_is_written_can_be_read_before_the_rest_is_there()
    {
        using var scratch = new ScratchDirectory();
        using var more = new SemaphoreSlim(0);
        var (file, source) = Make(scratch, (buffer, position) =>
        {
            if (position == 4)
            {
                more.Wait(TestContext.Current.CancellationToken);
            }

            return Fill(buffer, position < 8 ? 4 : 0);
        });
        using var owned = file;
        var ended = false;
        Assert.True(file.TryStart(() => Volatile.Write(ref ended, true)));
        Assert.False(file.TryTake());

        using var follower = file.OpenFollowing();
        var buffer = new byte[100];
        Assert.Equal(4, follower.Read(buffer));
        more.Release();
        Assert.Equal(4, follower.Read(buffer));
        Assert.Equal(0, follower.Read(buffer));
        file.Wait();
        Assert.Equal(8, source.Position);
        SpinWait.SpinUntil(() => Volatile.Read(ref ended), TimeSpan.FromSeconds(30));
        Assert.True(ended);
    }

    [Fact]
    public void What_failed_fails_for_the_reader_after_the_bytes_before_it()
    {
        using var scratch = new ScratchDirectory();
        var (file, _) = Make(scratch, (buffer, position) => position < 4 ? Fill(buffer, 4) : throw new InvalidDataException("flipped"));
        using var owned = file;
        Assert.True(file.TryStart(() => { }));
        using var follower = file.OpenFollowing();
        var buffer = new byte[100];
        Assert.Equal(4, follower.Read(buffer));
        Assert.Equal("flipped", Assert.Throws<InvalidDataException>(() => follower.Read(buffer)).Message);
        Assert.Equal("flipped", Assert.Throws<InvalidDataException>(file.Wait).Message);
    }

    [Fact]
    public void Whoever_comes_first_decodes()
    {
        using var scratch = new ScratchDirectory();
        var (file, source) = Make(scratch, (_, _) => 0);
        using (file)
        {
            Assert.True(file.TryTake());
            Assert.False(file.TryTake());
            Assert.False(file.TryStart(() => Assert.Fail("it was not started")));
        }

        Assert.Equal(0, source.Position);
    }

    [Fact]
    public async Task Giving_up_waits_for_the_decoder_to_stop()
    {
        using var scratch = new ScratchDirectory();
        using var entered = new ManualResetEventSlim();
        using var gate = new ManualResetEventSlim();
        // An endless content: only being stopped ends it.
        var (file, source) = Make(scratch, (buffer, _) =>
        {
            entered.Set();
            gate.Wait(TestContext.Current.CancellationToken);
            return Fill(buffer, 1);
        });
        Assert.True(file.TryStart(() => { }));
        entered.Wait(TestContext.Current.CancellationToken);
        var stoppedBefore = Task.Run(() =>
        {
            file.Dispose();
            return source.IsDisposed;
        });
        gate.Set();
        Assert.True(await stoppedBefore);
    }

    [Fact]
    public void Free_cores_take_the_largest_files_and_no_more_than_there_are()
    {
        using var scratch = new ScratchDirectory();
        using var hold = new ManualResetEventSlim();
        var started = new System.Collections.Concurrent.ConcurrentQueue<long>();
        using var all = new CountdownEvent(3);
        AheadFile[] files = [.. new[] { 10L, 30L, 20L }.Select(size => Make(
            scratch,
            (_, _) =>
            {
                started.Enqueue(size);
                hold.Wait(TestContext.Current.CancellationToken);
                all.Signal();
                return 0;
            },
            size).File)];
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

    private static int Fill(Span<byte> buffer, int count)
    {
        buffer[..count].Fill(7);
        return count;
    }

    private static (AheadFile File, Source Source) Make(ScratchDirectory scratch, Source.Reader read, long size = 8)
    {
        var path = Path.Combine(scratch.Path, Guid.NewGuid().ToString());
        var source = new Source(read);
        return (new AheadFile(
            size,
            () => File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite),
            target => source.Into(target),
            _ => { }), source);
    }

    private sealed class Source(Source.Reader read) : ForwardReadStream
    {
        private SafeFileHandle? _target;
        private long _position;
        private bool _isDisposed;

        public bool IsDisposed => Volatile.Read(ref _isDisposed);

        public delegate int Reader(Span<byte> buffer, long position);

        public override long Position
        {
            get => Volatile.Read(ref _position);
            set => throw new NotSupportedException();
        }

        public Source Into(SafeFileHandle target)
        {
            _target = target;
            return this;
        }

        public override int Read(Span<byte> buffer)
        {
            var count = read(buffer, _position);
            RandomAccess.Write(_target!, buffer[..count], _position);
            Volatile.Write(ref _position, _position + count);
            return count;
        }

        protected override void Dispose(bool disposing)
        {
            Volatile.Write(ref _isDisposed, true);
            base.Dispose(disposing);
        }
    }
}
