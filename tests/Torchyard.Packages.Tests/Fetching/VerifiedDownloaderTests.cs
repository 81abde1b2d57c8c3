using Torchyard.Packages.Debian.Apt;
using Torchyard.Packages.Fetching;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Http;
using Torchyard.Platform.Reporting;
using Torchyard.Testing.Loopback;

namespace Torchyard.Packages.Tests.Fetching;

public sealed class VerifiedDownloaderTests
{
    private static readonly DownloadSettings Settings = new()
    {
        Retry = new RetryPolicy { Tries = 3, FirstPause = TimeSpan.FromMilliseconds(1) },
        StallTimeout = TimeSpan.FromSeconds(2),
    };

    private static readonly byte[] Content = Enumerable.Range(0, 300_000).Select(i => (byte)(i * 7 + i / 251)).ToArray();

    [Fact]
    public async Task A_file_comes_once_and_then_from_the_cache()
    {
        using var server = new LoopbackServer((_, _) => new Reply(200, Content));
        using var rig = new Rig();
        Assert.Equal(Content, await File.ReadAllBytesAsync(await rig.Fetch(server.Root), TestContext.Current.CancellationToken));
        await rig.Fetch(server.Root);
        Assert.Single(server.Requests);
        Assert.Equal(2 * Content.Length, rig.Progress.Done);
    }

    [Fact]
    public async Task A_cut_connection_goes_on_where_it_stopped()
    {
        using var server = new LoopbackServer((_, n) => new Reply(200, Content) { CutAfter = n < 2 ? 100_000 : null });
        using var rig = new Rig();
        await rig.Fetch(server.Root);
        Assert.Equal([null, 100_000L, 200_000L], server.Requests.Select(request => request.From));
        Assert.Equal(Content.Length, rig.Progress.Done);
    }

    [Fact]
    public async Task A_partial_file_of_an_earlier_run_is_gone_on_with()
    {
        using var server = new LoopbackServer((_, _) => new Reply(200, Content));
        using var rig = new Rig();
        rig.WritePartial(Content[..123_456]);
        await rig.Fetch(server.Root);
        Assert.Equal(123_456, server.Requests.Single().From);
    }

    [Fact]
    public async Task The_beginning_of_a_file_is_fetched_alone_and_not_again()
    {
        using var server = new LoopbackServer((_, _) => new Reply(200, Content));
        using var rig = new Rig();
        // What is needed shows in what came: first the likely part, then the rest of what it says.
        Assert.Equal(
            Content[..70_000],
            (await rig.FetchStart(10_000, start => start.Length < 10_000 ? null : 70_000, server.Root))!.Value.ToArray()
        );
        Assert.Equal(Content[..5_000], (await rig.FetchStart(10_000, _ => 5_000, server.Root))!.Value.ToArray());
        Assert.Equal(Content, await File.ReadAllBytesAsync(await rig.Fetch(server.Root), TestContext.Current.CancellationToken));
        Assert.Equal(
            [(0L, 9_999L), (10_000L, 69_999L), (70_000L, null)],
            server.Requests.Select(request => (request.From!.Value, request.To))
        );
    }

    [Fact]
    public async Task What_is_not_the_beginning_of_such_a_file_is_left_to_the_whole_file()
    {
        using var server = new LoopbackServer((_, _) => new Reply(200, Content));
        using var rig = new Rig();
        Assert.Null(await rig.FetchStart(10_000, _ => null, server.Root));
        Assert.Null(await rig.FetchStart(10_000, _ => Content.Length + 1, server.Root));
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task A_server_without_ranges_gives_no_beginnings_and_a_missing_file_is_another_matter()
    {
        using var without = new LoopbackServer((_, _) => new Reply(200, Content) { IgnoreRange = true });
        using var lacking = new LoopbackServer((_, _) => new Reply(404, []));
        using var rig = new Rig();
        await Assert.ThrowsAsync<HttpFailureException>(() => rig.FetchStart(10_000, start => start.Length, without.Root));
        Assert.Null(await rig.FetchStart(10_000, start => start.Length, lacking.Root));
        await rig.Fetch(without.Root);
    }

    [Fact]
    public async Task A_wrong_partial_file_costs_one_more_try_and_no_more()
    {
        using var server = new LoopbackServer((_, _) => new Reply(200, Content));
        using var rig = new Rig();
        rig.WritePartial(new byte[50_000]);
        Assert.Equal(Content, await File.ReadAllBytesAsync(await rig.Fetch(server.Root), TestContext.Current.CancellationToken));
        Assert.Equal([50_000L, null], server.Requests.Select(request => request.From));
        Assert.Equal(Content.Length, rig.Progress.Done);
    }

    [Fact]
    public async Task A_partial_file_that_is_too_long_is_thrown_away()
    {
        using var server = new LoopbackServer((_, _) => new Reply(200, Content));
        using var rig = new Rig();
        rig.WritePartial(new byte[Content.Length + 1]);
        await rig.Fetch(server.Root);
        Assert.Null(server.Requests.Single().From);
    }

    [Fact]
    public async Task A_server_without_ranges_begins_anew()
    {
        using var server = new LoopbackServer((_, n) => new Reply(200, Content) { IgnoreRange = true, CutAfter = n == 0 ? 90_000 : null });
        using var rig = new Rig();
        await rig.Fetch(server.Root);
        Assert.Equal(Content.Length, rig.Progress.Done);
    }

    [Fact]
    public async Task A_flipped_byte_is_never_in_the_cache()
    {
        var bad = (byte[])Content.Clone();
        bad[150_000] ^= 1;
        using var server = new LoopbackServer((_, _) => new Reply(200, bad));
        using var rig = new Rig();
        var error = await Assert.ThrowsAsync<TorchyardException>(() => rig.Fetch(server.Root));
        Assert.Equal("TY2051", error.Code);
        Assert.False(File.Exists(rig.Cache.PathOf(Digest.Of(Content))));
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task The_next_mirror_helps_out()
    {
        var bad = (byte[])Content.Clone();
        bad[0] ^= 1;
        using var missing = new LoopbackServer((_, _) => new Reply(404, []));
        using var wrong = new LoopbackServer((_, _) => new Reply(200, bad));
        using var shorter = new LoopbackServer((_, _) => new Reply(200, Content[..^1]));
        using var good = new LoopbackServer((_, _) => new Reply(200, Content));
        using var rig = new Rig();
        await rig.Fetch(missing.Root, wrong.Root, shorter.Root, good.Root);
        Assert.Single(missing.Requests);
        Assert.Single(shorter.Requests);
        Assert.Equal(Content.Length, rig.Progress.Done);
    }

    [Fact]
    public async Task A_busy_server_is_asked_again()
    {
        using var server = new LoopbackServer((_, n) => n < 2 ? new Reply(503, []) : new Reply(200, Content));
        using var rig = new Rig();
        await rig.Fetch(server.Root);
        Assert.Equal(3, server.Requests.Count);
    }

    [Fact]
    public async Task A_silent_server_is_left_for_the_next()
    {
        using var silent = new LoopbackServer((_, _) => new Reply(200, Content) { StallAfter = 1000 });
        using var good = new LoopbackServer((_, _) => new Reply(200, Content));
        using var rig = new Rig(
            Settings with
            {
                Retry = new RetryPolicy { Tries = 1 },
                StallTimeout = TimeSpan.FromMilliseconds(200),
            }
        );
        await rig.Fetch(silent.Root, good.Root);
        Assert.Equal(1000, good.Requests.Single().From);
    }

    [Fact]
    public async Task An_endless_body_is_refused_at_the_locked_size()
    {
        using var server = new LoopbackServer((_, _) => new Reply(200, Content) { Endless = true });
        using var rig = new Rig();
        Assert.Equal("TY2051", (await Assert.ThrowsAsync<TorchyardException>(() => rig.Fetch(server.Root))).Code);
        Assert.Equal(0, new FileInfo(rig.Cache.PartialPathOf(Digest.Of(Content))).Length);
        Assert.Equal(0, rig.Progress.Done);
    }

    [Fact]
    public async Task Two_at_once_share_one_download()
    {
        using var server = new LoopbackServer((_, _) => new Reply(200, Content));
        using var first = new Rig();
        using var second = new Rig(directory: first.Directory);
        await Task.WhenAll(first.Fetch(server.Root), second.Fetch(server.Root));
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Nothing_of_a_login_reaches_an_error()
    {
        using var server = new LoopbackServer((_, _) => new Reply(404, []));
        using var rig = new Rig();
        var source = new UriBuilder(server.Root) { UserName = "me", Password = "secret" }.Uri;
        var error = await Assert.ThrowsAsync<TorchyardException>(() => rig.Fetch(source));
        Assert.Equal("TY2050", error.Code);
        Assert.DoesNotContain("secret", error.Message);
        Assert.StartsWith("Basic ", server.Requests.First().Headers["Authorization"]);
    }

    [Fact]
    public async Task A_cached_file_that_was_touched_is_hashed_again()
    {
        using var server = new LoopbackServer((_, _) => new Reply(200, Content));
        using var rig = new Rig();
        var path = await rig.Fetch(server.Root);
        var bytes = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        bytes[17] ^= 1;
        await File.WriteAllBytesAsync(path, bytes, TestContext.Current.CancellationToken);
        Assert.Equal(Content, await File.ReadAllBytesAsync(await rig.Fetch(server.Root), TestContext.Current.CancellationToken));
        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public void A_full_check_finds_what_the_stamp_hides()
    {
        using var rig = new Rig();
        rig.WritePartial(Content);
        var path = rig.Cache.Commit(Digest.Of(Content), Digest.Of(Content));
        var stamp = File.GetLastWriteTimeUtc(path);
        using (var stream = File.OpenWrite(path))
        {
            stream.WriteByte(99);
        }

        File.SetLastWriteTimeUtc(path, stamp);
        Assert.True(rig.Cache.Has(Digest.Of(Content), Content.Length));
        Assert.Equal(CachedFile.Damaged, rig.Cache.Look(Digest.Of(Content), Content.Length, always: true));
        Assert.False(File.Exists(path));
    }

    [Fact]
    public void Too_little_room_is_said_before_the_first_byte()
    {
        var error = Assert.Throws<TorchyardException>(() => DiskSpace.Require(Path.GetTempPath(), long.MaxValue));
        Assert.Equal("TY2052", error.Code);
        Assert.Contains("free", error.Message);
    }

    internal sealed class Rig : IDisposable
    {
        private readonly TemporaryDirectory? _own;
        private readonly Transport _transport;
        private readonly VerifiedDownloader _downloader;

        public Rig(DownloadSettings? settings = null, string? directory = null)
        {
            _own = directory is null ? new TemporaryDirectory() : null;
            Directory = directory ?? _own!.Path;
            Cache = new FileCache(Directory);
            _transport = new Transport(null, new AptCredentials(), settings ?? Settings);
            _downloader = new VerifiedDownloader(_transport, Cache, (settings ?? Settings).Retry);
        }

        public string Directory { get; }

        public FileCache Cache { get; }

        public CountedProgress Progress { get; } = new();

        public async Task<string> Fetch(params Uri[] roots) =>
            (
                await _downloader.FetchAsync(
                    VerifiedDownload.OfArchive(
                        "a file",
                        Digest.Of(Content),
                        Content.Length,
                        [.. roots.Select(root => new Uri(root, "pool/file"))]
                    ),
                    Progress,
                    TestContext.Current.CancellationToken
                )
            ).Path;

        public Task<ReadOnlyMemory<byte>?> FetchStart(long first, Func<ReadOnlyMemory<byte>, long?> needed, Uri root) =>
            _downloader.FetchStartAsync(
                VerifiedDownload.OfArchive("a file", Digest.Of(Content), Content.Length, [new Uri(root, "pool/file")]),
                first,
                needed,
                TestContext.Current.CancellationToken
            );

        public void WritePartial(byte[] bytes)
        {
            var path = Cache.PartialPathOf(Digest.Of(Content));
            System.IO.Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, bytes);
        }

        public void Dispose()
        {
            _transport.Dispose();
            _own?.Dispose();
        }
    }

    /// <summary>Adds up what it is told.</summary>
    internal sealed class CountedProgress : IProgressTask
    {
        private long _done;

        public long Done => Interlocked.Read(ref _done);

        public void Advance(long amount) => Interlocked.Add(ref _done, amount);

        void IProgressTask.Done(string? summary) { }

        public void Dispose() { }
    }
}
