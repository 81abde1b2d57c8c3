using System.Text;
using CsCheck;
using Torchyard.Supervisor.Logs;

namespace Torchyard.Supervisor.Tests.Logs;

public sealed class RotatingLogTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    private string Path(string name) => System.IO.Path.Combine(_directory.Path, name);

    [Fact]
    public void Full_files_move_on_and_the_oldest_goes()
    {
        using (var log = new RotatingLog(Path("a.log"), limit: 10, kept: 2))
        {
            foreach (var line in (string[])["one.....\n", "two.....\n", "three...\n", "four....\n"])
            {
                log.Write(Encoding.UTF8.GetBytes(line));
            }
        }

        Assert.Equal(
            ["a.log", "a.log.1", "a.log.2"],
            new DirectoryInfo(_directory.Path).GetFiles().Select(file => file.Name).Order(StringComparer.Ordinal)
        );
        Assert.Equal(
            ["four....\n", "three...\n", "two.....\n"],
            ((string[])["a.log", "a.log.1", "a.log.2"]).Select(name => File.ReadAllText(Path(name)))
        );
    }

    [Fact]
    public void A_file_of_an_earlier_start_is_continued()
    {
        File.WriteAllText(Path("a.log"), "before\n");

        using (var log = new RotatingLog(Path("a.log"), limit: 100, kept: 1))
        {
            log.Write("after\n"u8);
        }

        Assert.Equal("before\nafter\n", File.ReadAllText(Path("a.log")));
    }

    [Fact]
    public void Nothing_is_lost_and_no_line_is_split_whatever_is_written() =>
        Gen.Select(Gen.String[Gen.Char['a', 'z'], 0, 30].Array[1, 40], Gen.Int[1, 50])
            .Sample(
                (lines, chunk) =>
                {
                    var path = Path(Guid.NewGuid().ToString("N"));
                    var text = string.Concat(lines.Select(line => line + "\n"));
                    using (var log = new RotatingLog(path, limit: 64, kept: 100))
                    {
                        foreach (var part in Encoding.UTF8.GetBytes(text).Chunk(chunk))
                        {
                            log.Write(part);
                        }
                    }

                    var files = Enumerable
                        .Range(1, 100)
                        .Reverse()
                        .Select(i => $"{path}.{i}")
                        .Append(path)
                        .Where(File.Exists)
                        .Select(File.ReadAllText)
                        .ToList();
                    Assert.Equal(text, string.Concat(files));
                    Assert.All(files, file => Assert.True(file.Length <= 64 + 31 && file.EndsWith('\n')));
                    Assert.Equal(lines.TakeLast(7), RotatingLog.Tail(path, 7, 100).Select(Encoding.UTF8.GetString));
                },
                iter: 60
            );

    [Fact]
    public void A_line_without_end_cannot_grow_a_file_for_ever()
    {
        using (var log = new RotatingLog(Path("a.log"), limit: 10, kept: 1))
        {
            for (var i = 0; i < 100; i++)
            {
                log.Write("xxxxxxx"u8);
            }
        }

        Assert.All(new DirectoryInfo(_directory.Path).GetFiles(), file => Assert.True(file.Length <= 20));
        Assert.Equal(2, new DirectoryInfo(_directory.Path).GetFiles().Length);
    }

    [Theory]
    [InlineData("", 3, "")]
    [InlineData("a\nb\nc\n", 2, "b|c")]
    [InlineData("a\nb\nc", 2, "b|c")]
    [InlineData("\n\n", 5, "|")]
    [InlineData("a\n", 0, "")]
    public void The_last_lines_are_found(string content, int count, string expected) =>
        Assert.Equal(
            expected,
            string.Join('|', RotatingLog.LastLines(Encoding.UTF8.GetBytes(content), count).Select(Encoding.UTF8.GetString))
        );
}
