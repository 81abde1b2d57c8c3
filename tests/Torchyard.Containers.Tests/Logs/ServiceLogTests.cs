using Torchyard.Containers.Logs;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;

namespace Torchyard.Containers.Tests.Logs;

/// <summary>
/// The directory of service logs is the container's to write: nothing in it is followed, waited for, or read without bound.
/// </summary>
public sealed class ServiceLogTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string LogPath => Path.Combine(_directory.Path, "app.log");

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("link")]
    [InlineData("fifo")]
    [InlineData("directory")]
    public async Task What_is_no_file_is_neither_followed_nor_waited_for(string kind)
    {
        switch (kind)
        {
            case "link":
                File.CreateSymbolicLink(LogPath, "/etc/passwd");
                break;
            case "fifo":
                Fifo.Make(LogPath);
                break;
            default:
                Directory.CreateDirectory(LogPath);
                break;
        }

        Assert.Equal("TY4061", (await Assert.ThrowsAsync<TorchyardException>(() => ReadAsync(tail: null))).Code);
    }

    [Fact]
    public async Task Only_files_with_the_name_of_a_service_are_said_to_be_services()
    {
        foreach (var name in new[] { "app.log", "$(id).log", "two\nlines.log", "-x.log", ".log", "UPPER.log", "notes.txt" })
        {
            File.WriteAllText(Path.Combine(_directory.Path, name), "");
        }

        Assert.Equal(["app"], ServiceLog.Names(UntrustedDirectory.At(_directory.Path)));
    }

    [Fact]
    public async Task A_link_that_takes_the_logs_place_between_looks_is_never_read()
    {
        var secret = Path.Combine(_directory.Path, "secret");
        File.WriteAllText(secret, "secret");
        File.WriteAllText(LogPath, "log\n");
        using var stop = new CancellationTokenSource();
        var swaps = Task.Run(
            () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    var next = Path.Combine(_directory.Path, "next");
                    File.CreateSymbolicLink(next, secret);
                    File.Move(next, LogPath, overwrite: true);
                    File.WriteAllText(next, "log\n");
                    File.Move(next, LogPath, overwrite: true);
                }
            },
            TestContext.Current.CancellationToken
        );
        for (var i = 0; i < 2000; i++)
        {
            try
            {
                Assert.Equal(["log"], await ReadAsync(tail: null));
            }
            catch (TorchyardException refused)
            {
                Assert.Equal("TY4061", refused.Code);
            }
        }

        await stop.CancelAsync();
        await swaps;
    }

    [Fact]
    public async Task A_file_without_line_ends_comes_in_parts()
    {
        File.WriteAllText(LogPath, new string('x', 200_000) + "\nend");
        var lines = await ReadAsync(tail: null);
        Assert.Equal([65536, 65536, 65536, 3392, 3], lines.Select(line => line.Length));
        Assert.Equal(["end"], await ReadAsync(tail: 1));
        Assert.Empty(await ReadAsync(tail: 0));
    }

    private async Task<List<string>> ReadAsync(int? tail)
    {
        var lines = new List<string>();
        await foreach (
            var line in ServiceLog.ReadAsync(
                UntrustedDirectory.At(_directory.Path),
                "app",
                tail,
                follow: null,
                TestContext.Current.CancellationToken
            )
        )
        {
            lines.Add(line);
        }

        return lines;
    }
}
