using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Torchyard.Packages.Python.Fetch;
using Torchyard.Packages.Python.Indexes;
using Torchyard.Packages.Python.Settings;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Http;
using Torchyard.Platform.Reporting;
using Torchyard.Testing.Loopback;
using Torchyard.Testing.Python;
using Torchyard.Testing.Time;

namespace Torchyard.Packages.Tests.Python.Indexes;

public sealed class HostileIndexTests
{
    private static readonly Uri Page = new("https://host/simple/demo/");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task From_https_no_redirect_leads_to_plain_http_not_even_on_this_machine()
    {
        // Loopback may be plain HTTP when the user names it; a server elsewhere must not send us to the services of this machine.
        await using var target = new TestIndex().Add(new TestWheel("demo", "1"), "demo");
        using var server = new TlsServer(
            $"HTTP/1.1 302 Found\r\nLocation: {target.Root}demo/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
        using var transport = new IndexTransport(
            new PipSettings { Retries = 0, TrustedHosts = [$"localhost:{server.Port}"] },
            IndexCredentials.None()
        );
        var error = await Assert.ThrowsAsync<TorchyardException>(() =>
            new SimpleIndexClient(transport).FindProjectAsync(new Uri($"https://localhost:{server.Port}/simple/"), "demo", Cancellation)
        );
        Assert.Equal("TY2505", error.Code);
        Assert.Contains("redirects to http://127.0.0.1", error.Message, StringComparison.Ordinal);
        Assert.Empty(target.Asked);
    }

    [Fact]
    public async Task A_server_that_never_answers_is_given_up_after_pips_timeout()
    {
        var asked = new TaskCompletionSource();
        var release = new TaskCompletionSource();
        await using var server = new TestIndex { OnFile = (_, _) => Hold(asked, release) }.Add(new TestWheel("demo", "1"), "demo");
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch);
        using var transport = new IndexTransport(new PipSettings { Retries = 0 }, IndexCredentials.None(), time);
        using var store = new TemporaryDirectory();
        var get = Get(store, transport, server);
        await asked.Task;
        await time.PassUntilAsync(get);
        var error = await Assert.ThrowsAsync<TorchyardException>(() => get);
        release.SetResult();
        Assert.Equal("TY2503", error.Code);
        Assert.Contains("no answer in 15 s", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_falls_silent_in_the_middle_is_given_up()
    {
        var asked = new TaskCompletionSource();
        var release = new TaskCompletionSource();
        var content = new TestWheel("demo", "1").Add("demo/x.bin", Noise(200_000)).Build();
        await using var server = new TestIndex
        {
            OnFile = (context, bytes) =>
            {
                context.Response.ContentLength64 = bytes.Length;
                context.Response.OutputStream.Write(bytes.AsSpan(0, 1000));
                context.Response.OutputStream.Flush();
                return Hold(asked, release);
            },
        }.Add("demo", "demo-1-py3-none-any.whl", content);
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch);
        using var transport = new IndexTransport(new PipSettings { Retries = 0 }, IndexCredentials.None(), time);
        using var store = new TemporaryDirectory();
        var get = Get(store, transport, server);
        await asked.Task;
        await time.PassUntilAsync(get);
        var error = await Assert.ThrowsAsync<TorchyardException>(() => get);
        release.SetResult();
        Assert.Equal("TY2503", error.Code);
        // Time may also have passed before the head of the answer was read.
        Assert.Matches("the server sent nothing for 15 s|no answer in 15 s", error.Message);
        Assert.False(Directory.Exists(Path.Combine(store.Path, "packages", "sha256")));
    }

    [Fact]
    public async Task A_read_that_gets_nothing_fails_after_the_deadline()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch);
        using var silent = new SilentStream();
        await using var stream = new DeadlineStream(silent, TimeSpan.FromSeconds(15), time);
        var read = stream.ReadAsync(new byte[10], Cancellation).AsTask();
        await silent.Asked;
        await time.PassUntilAsync(read);
        Assert.Contains(
            "nothing for 15 s",
            (await Assert.ThrowsAsync<SilentServerException>(() => read)).Message,
            StringComparison.Ordinal
        );
        Assert.True(time.GetUtcNow() - DateTimeOffset.UnixEpoch >= TimeSpan.FromSeconds(15));
    }

    [Fact]
    public async Task A_page_beyond_the_limit_is_refused()
    {
        await using var server = new TestIndex().Add(new TestWheel("demo", "1"), "demo");
        using var transport = Transport();
        var error = await Assert.ThrowsAsync<TorchyardException>(() =>
            new SimpleIndexClient(transport, pageLimit: 100).FindProjectAsync(server.Root, "demo", Cancellation)
        );
        Assert.Equal("TY2506", error.Code);
        Assert.Contains("larger than 100 bytes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wheel_that_is_longer_or_shorter_than_its_index_says_is_refused()
    {
        foreach (var extra in (int[])[-1, 1])
        {
            await using var server = new TestIndex
            {
                OnFile = (context, bytes) =>
                {
                    var other = extra > 0 ? [.. bytes, 0] : bytes[..^1];
                    context.Response.ContentLength64 = other.Length;
                    context.Response.OutputStream.Write(other);
                    return true;
                },
            }.Add(new TestWheel("demo", "1"), "demo");
            using var transport = Transport();
            using var store = new TemporaryDirectory();
            var error = await Assert.ThrowsAsync<TorchyardException>(() => Get(store, transport, server));
            Assert.Equal("TY2508", error.Code);
            Assert.False(Directory.Exists(Path.Combine(store.Path, "packages", "sha256")));
        }
    }

    [Fact]
    public async Task Metadata_with_another_hash_than_the_page_gives_is_refused()
    {
        await using var server = new TestIndex().Add(new TestWheel("demo", "1"), "demo");
        using var transport = Transport();
        var client = new SimpleIndexClient(transport);
        var file = (await client.FindProjectAsync(server.Root, "demo", Cancellation))!.Files[0];
        var error = await Assert.ThrowsAsync<TorchyardException>(() =>
            client.FindMetadataAsync(file with { MetadataSha256 = Digest.Of("other"u8) }, Cancellation)
        );
        Assert.Equal("TY2506", error.Code);
        Assert.Contains("not the SHA-256", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"meta":{"api-version":1},"files":[]}""")]
    [InlineData("""{"meta":"1.0","files":[]}""")]
    [InlineData("""{"meta":{"api-version":"1.0"},"files":{}}""")]
    [InlineData("""{"meta":{"api-version":"1.0"},"name":7,"files":[]}""")]
    [InlineData("""{"meta":{"api-version":"1.0"},"files":[7]}""")]
    [InlineData("""{"meta":{"api-version":"1.0"},"files":[{"filename":"a.whl","url":"a.whl","hashes":[]}]}""")]
    [InlineData("""{"meta":{"api-version":"1.0"},"files":[{"filename":"a.whl","url":"a.whl","hashes":{"sha256":1}}]}""")]
    [InlineData("""{"meta":{"api-version":"1.0"},"files":[{"filename":"a.whl","url":"a.whl","size":"1"}]}""")]
    [InlineData("""{"meta":{"api-version":"1.0"},"files":[{"filename":"a.whl","url":"a.whl","size":-1}]}""")]
    [InlineData("""{"meta":{"api-version":"1.0"},"files":[{"filename":"a.whl","url":"file:///etc/passwd"}]}""")]
    [InlineData("""{"meta":{"api-version":"1.0"},"files":[{"filename":"a.whl","url":"ftp://host/a.whl"}]}""")]
    [InlineData("""{"meta":{"api-version":"1.0"},"files":[""")]
    [InlineData("")]
    public void Json_of_wrong_types_is_refused(string text) =>
        Assert.Throws<InvalidDataException>(() => SimpleJson.Parse(Encoding.UTF8.GetBytes(text), "demo", Page));

    [Fact]
    public void Json_that_is_nested_without_end_is_refused() =>
        Assert.Throws<InvalidDataException>(() =>
            SimpleJson.Parse(Encoding.UTF8.GetBytes("""{"meta":{"api-version":"1.0"},"files":""" + new string('[', 100_000)), "demo", Page)
        );

    [Theory]
    [InlineData("../demo-1-py3-none-any.whl")]
    [InlineData("a/b.whl")]
    [InlineData("..")]
    [InlineData("a\\\\b.whl")]
    public void File_names_with_a_path_are_left_out(string filename)
    {
        var json = $$"""{"meta":{"api-version":"1.0"},"files":[{"filename":"{{filename}}","url":"x"}]}""";
        Assert.Empty(SimpleJson.Parse(Encoding.UTF8.GetBytes(json), "demo", Page).Files);
    }

    [Fact]
    public void Html_may_not_name_files_of_this_machine()
    {
        Assert.Throws<InvalidDataException>(() => SimpleHtml.Parse("<a href='file:///root/demo-1-py3-none-any.whl'>x</a>"u8, "demo", Page));
        Assert.Throws<InvalidDataException>(() =>
            SimpleHtml.Parse("<base href='file:///root/'><a href='demo-1-py3-none-any.whl'>x</a>"u8, "demo", Page)
        );
    }

    [Fact]
    public void Whatever_a_page_holds_it_is_read_or_refused()
    {
        var word = Gen.Int[0, 17]
            .Select(i =>
                new[]
                {
                    "<",
                    ">",
                    "<a",
                    " href",
                    "=",
                    "'",
                    "\"",
                    "<!--",
                    "-->",
                    "<base href='//x/'",
                    "<meta name=\"pypi:repository-version\" content=\"1.0\">",
                    "demo-1-py3-none-any.whl",
                    "#sha256=",
                    "%2e%2e%2f",
                    "\0",
                    "é",
                    "&amp;&#x110000;",
                    " data-yanked ",
                }[i]
            );
        word.Array[0, 60]
            .Sample(
                words =>
                {
                    var text = string.Concat(words);
                    try
                    {
                        var html = SimpleHtml.Parse(Encoding.UTF8.GetBytes(text), "demo", Page);
                        Assert.All(html.Files, f =>
                            Assert.True(f.Url.IsAbsoluteUri && !f.Url.IsFile && !f.Filename.Contains('/', StringComparison.Ordinal))
                        );
                    }
                    catch (InvalidDataException)
                    {
                        // Refused.
                    }

                    Assert.Throws<InvalidDataException>(() => SimpleJson.Parse(Encoding.UTF8.GetBytes(text), "demo", Page));
                },
                iter: 3000
            );
    }

    private static bool Hold(TaskCompletionSource asked, TaskCompletionSource release)
    {
        asked.TrySetResult();
        release.Task.Wait(TimeSpan.FromMinutes(1), Cancellation);
        return true;
    }

    private static async Task<(string Path, Digest Sha256)> Get(TemporaryDirectory store, IndexTransport transport, TestIndex server)
    {
        var file = (await new SimpleIndexClient(transport).FindProjectAsync(server.Root, "demo", Cancellation))!.Files[0];
        return await new WheelCache(new StorePaths(store.Path), transport).GetAsync(
            file.Url,
            file.Sha256,
            file.Size,
            SilentProgress.Instance,
            Cancellation
        );
    }

    private static IndexTransport Transport() => new(new PipSettings { Retries = 0 }, IndexCredentials.None());

    private static byte[] Noise(int count)
    {
        var bytes = new byte[count];
        new Random(3).NextBytes(bytes);
        return bytes;
    }

    /// <summary>A stream from which nothing ever comes.</summary>
    private sealed class SilentStream : MemoryStream
    {
        private readonly TaskCompletionSource _asked = new();

        public Task Asked => _asked.Task;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            _asked.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return 0;
        }
    }

    /// <summary>Answers every TLS connection with the same bytes, under a certificate of its own for localhost.</summary>
    private sealed class TlsServer : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly X509Certificate2 _certificate;

        public TlsServer(string answer)
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
            using var made = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(200));
            _certificate = X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
            _listener.Start();
            _ = ServeAsync(Encoding.ASCII.GetBytes(answer));
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public void Dispose()
        {
            _listener.Stop();
            _certificate.Dispose();
        }

        private async Task ServeAsync(byte[] answer)
        {
            try
            {
                while (true)
                {
                    using var client = await _listener.AcceptTcpClientAsync();
                    await using var stream = new SslStream(client.GetStream());
                    await stream.AuthenticateAsServerAsync(_certificate);
                    var buffer = new byte[8192];
                    _ = await stream.ReadAsync(buffer);
                    await stream.WriteAsync(answer);
                    await stream.ShutdownAsync();
                }
            }
            catch (Exception ended) when (ended is SocketException or IOException or ObjectDisposedException or AuthenticationException)
            {
                // The test is over.
            }
        }
    }
}
