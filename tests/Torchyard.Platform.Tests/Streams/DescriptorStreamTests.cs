using System.Runtime.InteropServices;
using CsCheck;
using Microsoft.Win32.SafeHandles;
using Torchyard.Platform.Streams.Descriptors;

namespace Torchyard.Platform.Tests.Streams;

public partial class DescriptorStreamTests
{
    [Fact]
    public void Writers_that_share_a_descriptor_never_write_over_each_other() =>
        Gen
            .Bool.Array[0, 40]
            .Sample(turns =>
            {
                using var file = new TemporaryFile();
                using var handle = File.OpenHandle(file.Path, FileMode.Create, FileAccess.ReadWrite);
                var descriptor = (int)handle.DangerousGetHandle();
                using var mine = new DescriptorOutputStream(descriptor);
                var expected = new List<byte>();
                foreach (var (turn, i) in turns.Select((t, i) => (t, i)))
                {
                    // Another program with the same open file: write(2) moves the offset of both.
                    byte[] data = [(byte)i, (byte)(i * 3)];
                    expected.AddRange(data);
                    if (turn)
                    {
                        mine.Write(data);
                    }
                    else
                    {
                        Assert.Equal(data.Length, Write(descriptor, data, (nuint)data.Length));
                    }
                }

                Assert.Equal(expected, File.ReadAllBytes(file.Path));
            });

    [Fact]
    public void Readers_that_share_a_descriptor_read_every_byte_once() =>
        Gen.Int[1, 9]
            .Array[1, 40]
            .Sample(counts =>
            {
                using var file = new TemporaryFile();
                File.WriteAllBytes(file.Path, [.. Enumerable.Range(0, counts.Sum()).Select(i => (byte)i)]);
                using var handle = File.OpenHandle(file.Path);
                var descriptor = (int)handle.DangerousGetHandle();
                using var mine = new DescriptorInputStream(descriptor);
                var result = new List<byte>();
                foreach (var (count, i) in counts.Select((c, i) => (c, i)))
                {
                    var buffer = new byte[count];
                    Assert.Equal(count, i % 2 == 0 ? mine.Read(buffer) : (int)Read(descriptor, buffer, (nuint)count));
                    result.AddRange(buffer);
                }

                Assert.True(mine.HasOffset);
                Assert.True(mine.GiveBack(1));
                Assert.Equal(result[^1], mine.ReadByte());
                Assert.Equal(File.ReadAllBytes(file.Path), result);
            });

    [Fact]
    public async Task A_pipe_that_somebody_made_non_blocking_is_waited_for_and_a_reader_that_is_gone_is_told()
    {
        var (reading, writing) = Pipe();
        var content = new byte[1_000_000];
        new Random(1).NextBytes(content);
        var written = Task.Run(
            () => DescriptorOutputStream.TryWrite((int)writing.DangerousGetHandle(), content),
            TestContext.Current.CancellationToken
        );
        var read = new byte[content.Length];
        using (var input = new DescriptorInputStream((int)reading.DangerousGetHandle()))
        {
            input.ReadExactly(read);
        }

        Assert.True(await written);
        Assert.Equal(content, read);
        reading.Dispose();
        Assert.False(DescriptorOutputStream.TryWrite((int)writing.DangerousGetHandle(), "x"u8));
        writing.Dispose();
    }

    [Fact]
    public void A_full_place_is_an_error()
    {
        using var full = File.OpenHandle("/dev/full", FileMode.Open, FileAccess.Write);

        Assert.Equal(28, Assert.Throws<IOException>(() => DescriptorOutputStream.TryWrite((int)full.DangerousGetHandle(), "x"u8)).HResult);
    }

    [Fact]
    public void What_a_program_does_not_read_of_its_input_is_known() =>
        Gen.Int[0, 5000]
            .Select(Gen.Int[0, 5000])
            .Sample(
                (written, wanted) =>
                {
                    var (reading, writing) = Pipe();
                    using var input = new PipeInput(new SafePipeHandle(writing.DangerousGetHandle(), ownsHandle: true));
                    writing.SetHandleAsInvalid();
                    Assert.True(input.Write(new byte[written]));
                    var buffer = new byte[Math.Min(written, wanted)];
                    using (var program = new DescriptorInputStream((int)reading.DangerousGetHandle()))
                    {
                        program.ReadExactly(buffer);
                    }

                    // Whether the input was ended first or not.
                    if (written % 2 == 0)
                    {
                        input.Close();
                    }

                    reading.Dispose();
                    Assert.Equal(buffer.Length, input.TakeBack());
                    Assert.False(input.Write([1]));
                }
            );

    private static (SafeFileHandle Reading, SafeFileHandle Writing) Pipe()
    {
        const int NonBlocking = 0x800,
            CloseOnExec = 0x80000;
        var ends = new int[2];
        Assert.Equal(0, Pipe(ends, NonBlocking | CloseOnExec));
        return (new SafeFileHandle(ends[0], ownsHandle: true), new SafeFileHandle(ends[1], ownsHandle: true));
    }

    [LibraryImport("libc", EntryPoint = "pipe2")]
    private static partial int Pipe([Out] int[] ends, int flags);

    [LibraryImport("libc", EntryPoint = "read")]
    private static partial nint Read(int descriptor, byte[] buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "write")]
    private static partial nint Write(int descriptor, byte[] buffer, nuint count);

    private sealed class TemporaryFile : IDisposable
    {
        private readonly TemporaryDirectory _directory = new();

        public TemporaryFile() => Path = _directory.Write("file", "");

        public string Path { get; }

        public void Dispose() => _directory.Dispose();
    }
}
