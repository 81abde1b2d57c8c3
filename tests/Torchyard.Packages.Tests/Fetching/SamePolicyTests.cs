using Torchyard.Packages.Debian.Apt;
using Torchyard.Packages.Fetching;
using Torchyard.Packages.Python.Fetch;
using Torchyard.Packages.Python.Indexes;
using Torchyard.Packages.Python.Settings;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Http;
using Torchyard.Platform.Reporting;
using Torchyard.Testing.Loopback;

namespace Torchyard.Packages.Tests.Fetching;

/// <summary>Packages of Debian and wheels of Python are fetched in one way.</summary>
public sealed class SamePolicyTests : IDisposable
{
    private static readonly byte[] Content = Enumerable.Range(0, 300_000).Select(i => (byte)(i * 7 + i / 251)).ToArray();

    private readonly TemporaryDirectory _directory = new();
    private readonly CountedBytes _progress = new();

    public static TheoryData<bool> Kinds => [true, false];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_cut_connection_goes_on_where_it_stopped_and_the_bytes_are_counted_once(bool wheel)
    {
        using var server = new LoopbackServer((_, n) => new Reply(200, Content) { CutAfter = n < 2 ? 100_000 : null });

        Assert.Equal(Content, await File.ReadAllBytesAsync(await FetchAsync(wheel, server, Content), Cancellation));

        Assert.Equal([null, 100_000L, 200_000L], server.Requests.Select(request => request.From));
        Assert.Equal(Content.Length, _progress.Done);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_server_that_asks_for_an_hour_is_left_alone(bool wheel)
    {
        using var server = new LoopbackServer((_, _) => new Reply(429, []) { Headers = "Retry-After: 3600\r\n" });

        var error = await Assert.ThrowsAsync<TorchyardException>(() => FetchAsync(wheel, server, Content));

        Assert.Contains("answers 429 and asks to wait 3600 s", error.Message, StringComparison.Ordinal);
        Assert.Single(server.Requests);
    }

    [Fact]
    public void Wheels_that_the_disk_would_not_hold_are_not_begun()
    {
        var cache = new WheelCache(new StorePaths(_directory.Path), Index());

        var error = Assert.Throws<TorchyardException>(() => cache.RequireRoom([(Digest.Of(Content), long.MaxValue)]));

        Assert.Equal("TY2052", error.Code);
        Assert.Contains("are needed", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Bytes_that_are_wrong_leave_nothing_and_are_not_counted(bool wheel)
    {
        using var server = new LoopbackServer((_, _) => new Reply(200, Content));

        var error = await Assert.ThrowsAsync<TorchyardException>(() => FetchAsync(wheel, server, [1, .. Content[1..]]));

        Assert.Equal(wheel ? "TY2508" : "TY2051", error.Code);
        Assert.Equal(0, _progress.Done);
        Assert.DoesNotContain(Directory.EnumerateFiles(_directory.Path, "*", SearchOption.AllDirectories), file =>
            new FileInfo(file).Length > 0
        );
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Both_say_who_asks(bool wheel)
    {
        using var server = new LoopbackServer((_, _) => new Reply(200, Content));
        await FetchAsync(wheel, server, Content);
        Assert.Matches(@"\Atorchyard/[0-9]+\.[0-9]+\z", server.Requests.Single().Headers["User-Agent"]);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task What_an_ended_download_left_goes_with_prune_unless_somebody_is_at_it(bool wheel)
    {
        using var server = new LoopbackServer((_, n) => n == 0 ? new Reply(200, Content) { CutAfter = 100_000 } : new Reply(404, []));
        await Assert.ThrowsAsync<TorchyardException>(() => FetchAsync(wheel, server, Content));
        var store = new StorePaths(_directory.Path);
        var cache = new FileCache(store.Packages);

        using (await cache.LockAsync(Digest.Of(Content), Cancellation))
        {
            Assert.Equal((0, 0), PartialDownloads.Remove(store));
        }

        Assert.Equal((1, 100_000), PartialDownloads.Remove(store));
        Assert.False(File.Exists(cache.PartialPathOf(Digest.Of(Content))));
    }

    [Theory]
    [InlineData("http://127.0.0.1:1/a\u0085b")]
    [InlineData("http://127.0.0.1:1/\u00ADa")]
    [InlineData("//[::")]
    [InlineData("http://\u0001/")]
    [InlineData("gopher://127.0.0.1/x")]
    [InlineData("file:///etc/passwd")]
    public async Task Wherever_a_server_sends_us_it_is_a_download_that_failed(string location)
    {
        foreach (var wheel in Kinds.Select(row => row.Data))
        {
            using var server = new LoopbackServer((_, _) => new Reply(302, []) { Headers = $"Location: {location}\r\n" });

            var error = await Assert.ThrowsAsync<TorchyardException>(() => FetchAsync(wheel, server, Content));

            Assert.StartsWith("TY2", error.Code, StringComparison.Ordinal);
            Assert.DoesNotContain("root:", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_login_of_one_host_is_not_shown_to_another()
    {
        using var other = new LoopbackServer((_, _) => new Reply(200, Content));
        using var first = new LoopbackServer((_, _) => new Reply(302, []) { Headers = $"Location: {other.Root}elsewhere\r\n" });
        var logins = new AptCredentials();
        logins.Read($"machine http://127.0.0.1:{first.Root.Port} login ann password secret\n");
        using var transport = new Transport(null, logins, new DownloadSettings());

        await transport.GetSmallAsync(new Uri(first.Root, "x"), Content.Length, Cancellation);

        Assert.StartsWith("Basic ", first.Requests.Single().Headers["Authorization"], StringComparison.Ordinal);
        Assert.DoesNotContain("Authorization", other.Requests.Single().Headers.Keys);
    }

    private async Task<string> FetchAsync(bool wheel, LoopbackServer server, byte[] expected)
    {
        var digest = Digest.Of(expected);
        var retry = new RetryPolicy { Tries = 3, FirstPause = TimeSpan.FromMilliseconds(1) };
        if (wheel)
        {
            var cache = new WheelCache(new StorePaths(_directory.Path), Index()) { Retry = retry };
            return (await cache.GetAsync(new Uri(server.Root, "pool/file"), digest, expected.Length, _progress, Cancellation)).Path;
        }

        using var transport = new Transport(null, new AptCredentials(), new DownloadSettings());
        var download = VerifiedDownload.OfArchive("a file", digest, expected.Length, [new Uri(server.Root, "pool/file")]);
        return (
            await new VerifiedDownloader(transport, new FileCache(new StorePaths(_directory.Path).Packages), retry).FetchAsync(
                download,
                _progress,
                Cancellation
            )
        ).Path;
    }

    private static IndexTransport Index() => new(new PipSettings { Retries = 2 }, IndexCredentials.None());

    private sealed class CountedBytes : IProgressTask
    {
        private long _done;

        public long Done => Interlocked.Read(ref _done);

        public void Advance(long amount) => Interlocked.Add(ref _done, amount);

        void IProgressTask.Done(string? summary) { }

        public void Dispose() { }
    }
}
