using System.Text;
using Torchyard.Containers.Logs;

namespace Torchyard.Containers.Tests.Logs;

public sealed class LogTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string LogPath => Path.Combine(_directory.Path, "log");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Lines_come_back_as_they_were_printed()
    {
        using (var log = new LogWriter(LogPath, TimeProvider.System))
        {
            log.Write("stdout", "first\nsec"u8);
            log.Write("stderr", "error\n"u8);
            log.Write("stdout", "ond\nno end"u8);
        }

        var lines = await ReadAsync(tail: null);
        Assert.Equal([("first", false, true), ("error", true, true), ("second", false, true), ("no end", false, false)], lines);
    }

    [Fact]
    public async Task Rotation_bounds_the_disk_and_the_tail_spans_it()
    {
        const long Maximum = 4096;
        using (var log = new LogWriter(LogPath, TimeProvider.System, Maximum))
        {
            for (var i = 0; i < 1000; i++)
            {
                log.Write("stdout", Encoding.ASCII.GetBytes($"line {i}\n"));
            }
        }

        Assert.All(Directory.EnumerateFiles(_directory.Path), f => Assert.InRange(new FileInfo(f).Length, 1, Maximum));
        Assert.Equal(3, Directory.EnumerateFiles(_directory.Path).Count());
        var lines = await ReadAsync(tail: 100);
        Assert.Equal(Enumerable.Range(900, 100).Select(i => $"line {i}"), lines.Select(l => l.Text));
    }

    private async Task<List<(string Text, bool IsError, bool IsWhole)>> ReadAsync(int? tail)
    {
        var result = new List<(string, bool, bool)>();
        await foreach (var entry in LogReader.ReadAsync(LogPath, tail, since: null, follow: null, TestContext.Current.CancellationToken))
        {
            result.Add((entry.Text, entry.IsError, entry.IsWhole));
        }

        return result;
    }
}
