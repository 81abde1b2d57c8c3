using System.Text;
using Torchyard.Packages.Python.Fetch;
using Torchyard.Packages.Python.Indexes;
using Torchyard.Packages.Python.Settings;
using Torchyard.Packages.Python.Wheels;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Reporting;
using Torchyard.Recipes.Settings;
using Torchyard.Testing.Loopback;
using Torchyard.Testing.Python;

namespace Torchyard.Packages.Tests.Python.Indexes;

public sealed class PythonIndexesTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Pages_in_html_and_json_say_the_same(bool html)
    {
        await using var server = new TestIndex { Html = html }
            .Add(new TestWheel("demo", "1.0"), "demo")
            .Add(new TestWheel("demo", "1.1"), "demo", "broken");
        using var transport = Transport();
        var page = await new SimpleIndexClient(transport).FindProjectAsync(server.Root, "demo", Cancellation);
        Assert.Equal(["demo-1.0-py3-none-any.whl", "demo-1.1-py3-none-any.whl"], page!.Files.Select(f => f.Filename));
        Assert.Equal([null, "broken"], page.Files.Select(f => f.Yanked));
        Assert.All(page.Files, f => Assert.True(f.HasMetadata));
        Assert.Equal(Digest.Of(new TestWheel("demo", "1.0").Build()), page.Files[0].Sha256);
        Assert.Equal("/files/demo-1.0-py3-none-any.whl", page.Files[0].Url.AbsolutePath);
        Assert.Null(await new SimpleIndexClient(transport).FindProjectAsync(server.Root, "other", Cancellation));
    }

    [Fact]
    public async Task The_first_index_that_has_a_project_wins_and_the_others_are_not_asked()
    {
        await using var mine = new TestIndex().Add(new TestWheel("private", "1.0"), "private");
        await using var world = new TestIndex().Add(new TestWheel("private", "99"), "private").Add(new TestWheel("numpy", "2"), "numpy");
        using var transport = Transport();
        var indexes = Indexes(transport, mine, world);
        Assert.Equal("1.0", (await indexes.FindAsync("private", Cancellation))!.Page.Files.Single().Filename.Split('-')[1]);
        Assert.Equal("2", (await indexes.FindAsync("numpy", Cancellation))!.Page.Files.Single().Filename.Split('-')[1]);
        Assert.DoesNotContain("/simple/private/", world.Asked);
        Assert.Null(await indexes.FindAsync("nowhere", Cancellation));
    }

    [Fact]
    public async Task Metadata_of_a_wheel_is_read_by_ranges_where_the_index_has_none()
    {
        var wheel = new TestWheel("big", "1").Add("big/data.bin", RandomBytes(3_000_000));
        wheel.Requires.Add("numpy");
        await using var server = new TestIndex { Metadata = false }.Add(wheel, "big");
        using var transport = Transport();
        var client = new SimpleIndexClient(transport);
        var page = await client.FindProjectAsync(server.Root, "big", Cancellation);
        var metadata = WheelMetadata.Parse(await client.FindMetadataAsync(page!.Files[0], Cancellation));
        Assert.Equal(["numpy"], metadata.RequiresDist);
        Assert.True(server.BytesServed < 1_000_000, $"{server.BytesServed} bytes of a wheel of 3 MB");
    }

    [Fact]
    public async Task Without_ranges_there_is_no_metadata()
    {
        await using var server = new TestIndex { Metadata = false, Ranges = false }.Add(new TestWheel("big", "1"), "big");
        using var transport = Transport();
        var client = new SimpleIndexClient(transport);
        var page = await client.FindProjectAsync(server.Root, "big", Cancellation);
        Assert.Null(await client.FindMetadataAsync(page!.Files[0], Cancellation));
    }

    [Fact]
    public async Task A_credential_is_sent_when_the_url_has_one_and_asked_for_when_not()
    {
        await using var server = new TestIndex { Credential = "u:p" }.Add(new TestWheel("demo", "1"), "demo");
        using (var without = Transport())
        {
            var error = await Assert.ThrowsAsync<TorchyardException>(() =>
                new SimpleIndexClient(without).FindProjectAsync(server.Root, "demo", Cancellation)
            );
            Assert.Equal("TY2504", error.Code);
            Assert.Contains("none is known", error.Message, StringComparison.Ordinal);
        }

        var credentials = IndexCredentials.None();
        var root = credentials.Adopt($"http://u:p@{server.Root.Authority}/simple/");
        using var with = new IndexTransport(new PipSettings { Retries = 0 }, credentials);
        Assert.NotNull(await new SimpleIndexClient(with).FindProjectAsync(root, "demo", Cancellation));
    }

    [Fact]
    public async Task Plain_http_is_refused_at_once_and_after_a_redirect()
    {
        using var transport = Transport();
        var client = new SimpleIndexClient(transport);
        Assert.Equal(
            "TY2505",
            (
                await Assert.ThrowsAsync<TorchyardException>(() =>
                    client.FindProjectAsync(new Uri("http://pypi.example/simple/"), "demo", Cancellation)
                )
            ).Code
        );

        await using var server = new TestIndex
        {
            OnFile = (context, _) =>
            {
                context.Response.Redirect("http://elsewhere.example/x.whl");
                return true;
            },
        }.Add(new TestWheel("demo", "1"), "demo");
        using var store = new TemporaryDirectory();
        var page = await client.FindProjectAsync(server.Root, "demo", Cancellation);
        var error = await Assert.ThrowsAsync<TorchyardException>(() => Get(store, transport, page!.Files[0]));
        Assert.Equal("TY2505", error.Code);
    }

    [Fact]
    public async Task Wrong_bytes_never_reach_the_cache()
    {
        await using var server = new TestIndex
        {
            OnFile = (context, content) =>
            {
                var wrong = (byte[])content.Clone();
                wrong[10] ^= 1;
                context.Response.OutputStream.Write(wrong);
                return true;
            },
        }.Add(new TestWheel("demo", "1"), "demo");
        using var transport = Transport();
        using var store = new TemporaryDirectory();
        var page = await new SimpleIndexClient(transport).FindProjectAsync(server.Root, "demo", Cancellation);
        Assert.Equal("TY2508", (await Assert.ThrowsAsync<TorchyardException>(() => Get(store, transport, page!.Files[0]))).Code);
        Assert.False(Directory.Exists(Path.Combine(store.Path, "packages", "sha256")));
    }

    [Fact]
    public async Task A_cut_download_goes_on_where_it_stopped()
    {
        var cuts = 0;
        var content = new TestWheel("demo", "1").Add("demo/x.bin", RandomBytes(400_000)).Build();
        await using var server = new TestIndex
        {
            OnFile = (context, bytes) =>
            {
                if (cuts++ > 0)
                {
                    return false;
                }

                context.Response.ContentLength64 = bytes.Length;
                context.Response.OutputStream.Write(bytes.AsSpan(0, 300_000));
                context.Response.OutputStream.Flush();
                throw new IOException("cut");
            },
        }.Add("demo", "demo-1-py3-none-any.whl", content);
        using var transport = Transport();
        using var store = new TemporaryDirectory();
        var page = await new SimpleIndexClient(transport).FindProjectAsync(server.Root, "demo", Cancellation);
        var (path, sha256) = await Get(store, transport, page!.Files[0]);
        Assert.Equal(content, await File.ReadAllBytesAsync(path, Cancellation));
        Assert.Equal(Digest.Of(content), sha256);
        Assert.True(server.BytesServed < content.Length, "the second try asked for the rest only");
    }

    [Fact]
    public void The_machines_settings_count_only_where_the_recipe_names_no_index()
    {
        var pip = new PipSettings { IndexUrl = "https://mirror.lan/pypi/simple", ExtraIndexUrls = ["https://extra.lan/simple"] };
        var own = PythonIndexes.Choose(new PythonSettings(), pip, IndexCredentials.None(), _ => null);
        Assert.Equal([("extra.lan", "https://extra.lan/simple/"), ("pypi", PythonIndexes.PyPI)], own.Select(i => (i.Id, i.Canonical)));
        Assert.Equal("https://mirror.lan/pypi/simple/", own[1].Url.AbsoluteUri);

        var extra = PythonIndexes.Choose(
            new PythonSettings { ExtraIndexes = ["https://download.pytorch.org/whl/cu128"] },
            pip,
            IndexCredentials.None(),
            _ => null
        );
        Assert.Equal(["pytorch-cu128", "pypi"], extra.Select(i => i.Id));
        Assert.Equal("https://mirror.lan/pypi/simple/", extra[1].Url.AbsoluteUri);

        var named = PythonIndexes.Choose(new PythonSettings { Indexes = ["https://site.lan/simple/"] }, pip, IndexCredentials.None(), _ =>
            null
        );
        Assert.Equal(["https://site.lan/simple/"], named.Select(i => i.Url.AbsoluteUri));
    }

    [Fact]
    public void A_page_of_another_project_or_version_of_the_api_is_refused()
    {
        var page = new Uri("https://host/simple/demo/");
        Assert.Throws<InvalidDataException>(() =>
            SimpleJson.Parse("""{"meta":{"api-version":"1.0"},"name":"other","files":[]}"""u8, "demo", page)
        );
        Assert.Throws<InvalidDataException>(() =>
            SimpleJson.Parse("""{"meta":{"api-version":"2.0"},"name":"demo","files":[]}"""u8, "demo", page)
        );
        Assert.Throws<InvalidDataException>(() => SimpleJson.Parse("[]"u8, "demo", page));
        Assert.Throws<InvalidDataException>(() =>
            SimpleHtml.Parse("<meta name=\"pypi:repository-version\" content=\"2.0\">"u8, "demo", page)
        );
    }

    [Fact]
    public void Html_that_is_oddly_written_is_read_all_the_same()
    {
        const string Text =
            "<!-- <a href='no-1-py3-none-any.whl'>x</a> --><base href=\"https://cdn/f/\"><A data-yanked HREF = b-1-py3-none-any.whl >b</A>"
            + "<a\nhref='c%2B1-1-py3-none-any.whl#sha256=zz'><a href=><a><a href=\"d-1-py3-none-any.whl";
        var files = SimpleHtml.Parse(Encoding.UTF8.GetBytes(Text), "b", new Uri("https://host/simple/b/")).Files;
        Assert.Equal(["b-1-py3-none-any.whl", "c+1-1-py3-none-any.whl", "d-1-py3-none-any.whl"], files.Select(f => f.Filename));
        Assert.Equal("https://cdn/f/b-1-py3-none-any.whl", files[0].Url.AbsoluteUri);
        Assert.Equal("", files[0].Yanked);
        Assert.Null(files[1].Sha256);
    }

    private static Task<(string Path, Digest Sha256)> Get(TemporaryDirectory store, IndexTransport transport, ProjectFile file) =>
        new WheelCache(new StorePaths(store.Path), transport).GetAsync(
            file.Url,
            file.Sha256,
            file.Size,
            SilentProgress.Instance,
            Cancellation
        );

    private static IndexTransport Transport() => new(new PipSettings { Retries = 0 }, IndexCredentials.None());

    private static PythonIndexes Indexes(IndexTransport transport, params TestIndex[] servers) =>
        new(new SimpleIndexClient(transport), [.. servers.Select((s, i) => new PythonIndex($"i{i}", s.Root, s.Root.AbsoluteUri))], []);

    private static byte[] RandomBytes(int count)
    {
        var bytes = new byte[count];
        new Random(1).NextBytes(bytes);
        return bytes;
    }
}
