using Torchyard.Packages.Python.Indexes;
using Torchyard.Packages.Python.Settings;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Testing.Loopback;
using Torchyard.Testing.Python;

namespace Torchyard.Packages.Tests.Python.Indexes;

public sealed class IndexCacheTests : IDisposable
{
    private readonly TemporaryDirectory _work = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _work.Dispose();

    [Fact]
    public async Task An_unchanged_page_is_not_sent_again_and_a_changed_one_is()
    {
        await using var server = new TestIndex().Add(new TestWheel("demo", "1.0"), "demo");
        var first = await Client().FindProjectAsync(server.Root, "demo", Cancellation);
        var sent = server.BytesServed;
        var second = await Client().FindProjectAsync(server.Root, "demo", Cancellation);
        Assert.Equal(sent, server.BytesServed);
        Assert.Equal(first!.Files, second!.Files);
        server.Add(new TestWheel("demo", "1.1"), "demo");
        Assert.Equal(2, (await Client().FindProjectAsync(server.Root, "demo", Cancellation))!.Files.Count);
    }

    [Fact]
    public async Task Offline_what_was_read_is_known_and_all_else_is_refused()
    {
        Uri root;
        ProjectFile file;
        await using (var server = new TestIndex().Add(new TestWheel("demo", "1.0"), "demo").Add(new TestWheel("demo", "1.1"), "demo"))
        {
            root = server.Root;
            file = (await Client().FindProjectAsync(root, "demo", Cancellation))!.Files[0];
            Assert.NotNull(await Client().FindMetadataAsync(file, Cancellation));
            Assert.Null(await Client().FindProjectAsync(root, "absent", Cancellation));
        }

        var client = Client(offline: true);
        var page = await client.FindProjectAsync(root, "demo", Cancellation);
        Assert.Equal(2, page!.Files.Count);
        Assert.Null(await client.FindProjectAsync(root, "absent", Cancellation));
        Assert.Equal([true, false], page.Files.Select(client.CanRead));
        Assert.NotNull(await client.FindMetadataAsync(page.Files[0], Cancellation));
        Assert.Equal(
            "TY2520",
            (await Assert.ThrowsAsync<TorchyardException>(() => client.FindMetadataAsync(page.Files[1], Cancellation))).Code
        );
        Assert.Equal(
            "TY2520",
            (await Assert.ThrowsAsync<TorchyardException>(() => client.FindProjectAsync(root, "never", Cancellation))).Code
        );
    }

    [Fact]
    public async Task A_damaged_file_is_as_if_it_were_not_there()
    {
        await using var server = new TestIndex().Add(new TestWheel("demo", "1.0"), "demo");
        var file = (await Client().FindProjectAsync(server.Root, "demo", Cancellation))!.Files[0];
        await Client().FindMetadataAsync(file, Cancellation);
        foreach (var path in Directory.EnumerateFiles(Path.Combine(_work.Path, "store"), "*", SearchOption.AllDirectories))
        {
            var content = await File.ReadAllBytesAsync(path, Cancellation);
            content[^1] ^= 1;
            await File.WriteAllBytesAsync(path, content, Cancellation);
        }

        Assert.False(Client(offline: true).CanRead(file));
        Assert.Single((await Client().FindProjectAsync(server.Root, "demo", Cancellation))!.Files);
        Assert.NotNull(await Client().FindMetadataAsync(file, Cancellation));
    }

    [Fact]
    public async Task What_one_index_says_of_a_file_is_not_believed_of_another_indexs()
    {
        var honest = new TestWheel("demo", "1.0");
        await using var one = new TestIndex().Add(honest, "demo");
        await using var other = new TestIndex().Add(honest, "demo");
        var file = (await Client().FindProjectAsync(one.Root, "demo", Cancellation))!.Files[0];
        await Client().FindMetadataAsync(file, Cancellation);
        var same = (await Client().FindProjectAsync(other.Root, "demo", Cancellation))!.Files[0];
        Assert.Equal(file.Sha256, same.Sha256);
        Assert.False(Client(offline: true).CanRead(same));
    }

    // Never disposed of, as it ends with the test.
    private SimpleIndexClient Client(bool offline = false) =>
        new(
            new IndexTransport(new PipSettings { Retries = 0 }, IndexCredentials.None(), offline: offline),
            new IndexCache(new StorePaths(Path.Combine(_work.Path, "store")))
        );
}
