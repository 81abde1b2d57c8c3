using System.Net.Sockets;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;

namespace Torchyard.Platform.Tests.Files;

/// <summary>Below a root that others write to: nothing outside it is read, changed or removed, and nothing waits.</summary>
public sealed class ConfinedDirectoryTests : IDisposable
{
    private readonly TemporaryDirectory _place = new();

    public ConfinedDirectoryTests()
    {
        Directory.CreateDirectory(Root);
        Directory.CreateDirectory(Outside);
        File.WriteAllText(Path.Combine(Outside, "secret"), "secret");
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Root => Path.Combine(_place.Path, "root");

    private string Outside => Path.Combine(_place.Path, "outside");

    public void Dispose()
    {
        // Its own work: modes and depth do not matter to it.
        using var place = ConfinedDirectory.Open(_place.Path);
        place.Clear();
        Directory.Delete(_place.Path);
    }

    [Fact]
    public void Files_are_read_written_listed_and_removed()
    {
        using var root = ConfinedDirectory.Open(Root);
        root.MakeDirectory("a", 0x1C0);
        root.Write("a/file", "text"u8);
        root.Write("a/file", "other"u8);

        Assert.Equal("other", root.ReadText("a/file", 100));
        Assert.Equal(["file"], root.List("a"));
        Assert.Equal(5, root.Status("a/file")!.Value.Size);
        Assert.True(root.Delete("a/file"));
        Assert.False(root.Delete("a/file"));
        Assert.Null(root.ReadText("a/file", 100));
        Assert.True(root.DeleteTree("a"));
        Assert.Empty(root.List());
    }

    [Theory]
    [InlineData("/etc/passwd")]
    [InlineData("../outside/secret")]
    [InlineData("/proc/self/environ")]
    [InlineData("/proc/self/root/etc/passwd")]
    [InlineData("/dev/zero")]
    [InlineData("loop")]
    [InlineData("nothing")]
    public void A_link_in_the_place_of_a_file_is_not_followed(string target)
    {
        File.CreateSymbolicLink(Path.Combine(Root, "loop"), target);
        using var root = ConfinedDirectory.Open(Root);

        Assert.Equal("TY9025", Assert.Throws<TorchyardException>(() => root.ReadText("loop", 100)).Code);
        Assert.Equal(target, root.ReadLink("loop"));
        Assert.True(root.Status("loop")!.Value.IsLink);
        Assert.Equal("TY9025", Assert.Throws<TorchyardException>(() => root.SetMode("loop", 0x1FF)).Code);
        root.Write("loop", "mine"u8);
        Assert.Equal("mine", root.ReadText("loop", 100));
        Assert.Equal("secret", File.ReadAllText(Path.Combine(Outside, "secret")));
    }

    [Fact]
    public void A_link_in_the_middle_of_a_path_is_not_followed_whatever_is_done()
    {
        File.CreateSymbolicLink(Path.Combine(Root, "var"), Outside);
        using var root = ConfinedDirectory.Open(Root);

        Action[] ways =
        [
            () => root.ReadText("var/secret", 100),
            () => root.OpenRead("var/secret"),
            () => root.Write("var/secret", "x"u8),
            () => root.Delete("var/secret"),
            () => root.DeleteTree("var/secret"),
            () => root.List("var"),
            () => root.MakeDirectory("var/new", 0x1FF),
            () => root.SetMode("var/secret", 0),
            () => root.SetOwner("var/secret", 1, 1),
            () => root.ReadLink("var/secret"),
            () => root.Status("var/secret"),
            () => root.TryOpenDirectory("var"),
        ];
        Assert.All(ways, way => Assert.Equal("TY9025", Assert.Throws<TorchyardException>(way).Code));
        Assert.Equal(["secret"], Directory.GetFileSystemEntries(Outside).Select(Path.GetFileName));
        Assert.Equal("secret", File.ReadAllText(Path.Combine(Outside, "secret")));
        Assert.True(root.DeleteTree("var"));
        Assert.True(File.Exists(Path.Combine(Outside, "secret")));
    }

    [Fact]
    public void Links_inside_the_root_lead_where_a_container_sees_them_lead()
    {
        Directory.CreateDirectory(Path.Combine(Root, "usr/lib"));
        File.WriteAllText(Path.Combine(Root, "usr/lib/os-release"), "inside");
        File.CreateSymbolicLink(Path.Combine(Root, "lib"), "/usr/lib");
        File.CreateSymbolicLink(Path.Combine(Root, "up"), "../../../../usr/lib/os-release");
        using var root = ConfinedDirectory.Open(Root, Links.InsideRoot);

        Assert.Equal("inside", root.ReadText("lib/os-release", 100));
        Assert.Equal("inside", root.ReadText("/up", 100));
        Assert.Equal("inside", root.ReadText("../../usr/lib/os-release", 100));
    }

    [Theory]
    [InlineData("..")]
    [InlineData("../outside/secret")]
    [InlineData("a/../../outside/secret")]
    public void No_path_leads_out(string path)
    {
        Directory.CreateDirectory(Path.Combine(Root, "a"));
        using var root = ConfinedDirectory.Open(Root);

        Assert.Equal("TY9025", Assert.Throws<TorchyardException>(() => root.ReadText(path, 100)).Code);
        Assert.Equal("TY9025", Assert.Throws<TorchyardException>(() => root.DeleteTree(path)).Code);
        Assert.Equal("TY9025", Assert.Throws<TorchyardException>(() => root.Write(path, "x"u8)).Code);
    }

    [Fact]
    public async Task Nothing_but_regular_files_is_opened_and_nothing_waits()
    {
        Fifo.Make(Path.Combine(Root, "fifo"));
        Directory.CreateDirectory(Path.Combine(Root, "directory"));
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(Path.Combine(Root, "socket")));
        using var root = ConfinedDirectory.Open(Root);
        foreach (var (name, what) in new[] { ("fifo", "a FIFO"), ("directory", "a directory"), ("socket", "a socket") })
        {
            var failure = await Assert.ThrowsAsync<TorchyardException>(() =>
                Task.Run(() => root.ReadText(name, 100), Cancellation).WaitAsync(TimeSpan.FromSeconds(30), Cancellation)
            );
            Assert.Equal("TY9023", failure.Code);
            Assert.Contains($"{Path.Combine(Root, name)} is {what}, not a regular file", failure.Message, StringComparison.Ordinal);
            Assert.Equal("TY9023", Assert.Throws<TorchyardException>(() => RegularFile.ReadAllText(Path.Combine(Root, name), 100)).Code);
        }

        Assert.Equal("TY9023", Assert.Throws<TorchyardException>(() => RegularFile.ReadAllText("/dev/zero", 100)).Code);
    }

    [Fact]
    public void What_is_read_is_bounded()
    {
        using (var sparse = File.Create(Path.Combine(Root, "sparse")))
        {
            sparse.SetLength(1L << 40);
        }

        File.WriteAllText(Path.Combine(Root, "right"), "12345");
        using var root = ConfinedDirectory.Open(Root);

        Assert.Equal("TY9024", Assert.Throws<TorchyardException>(() => root.ReadBytes("sparse", 1 << 16)).Code);
        Assert.Equal("12345", root.ReadText("right", 5));
        Assert.Equal("TY9024", Assert.Throws<TorchyardException>(() => root.ReadText("right", 4)).Code);
        // Files of /proc say that they are empty.
        Assert.Contains("Name:", RegularFile.ReadAllText("/proc/self/status", 1 << 20), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_socket_is_connected_to_and_no_link_to_one()
    {
        using var own = Listen(Path.Combine(Root, "own.sock"));
        using var other = Listen(Path.Combine(Outside, "other.sock"));
        File.CreateSymbolicLink(Path.Combine(Root, "link.sock"), Path.Combine(Outside, "other.sock"));
        using var root = ConfinedDirectory.Open(Root);

        using (var connected = await root.ConnectAsync("own.sock", Cancellation))
        {
            Assert.True(connected!.Connected);
        }

        Assert.Null(await root.ConnectAsync("link.sock", Cancellation));
        Assert.Null(await root.ConnectAsync("nothing", Cancellation));
    }

    [Fact]
    public void A_tree_deeper_than_files_may_be_open_is_removed()
    {
        using (var root = ConfinedDirectory.Open(Root))
        {
            var inner = root.TryOpenDirectory("")!;
            for (var depth = 0; depth < 1500; depth++)
            {
                inner.MakeDirectory("d", 0x1C0);
                inner.Write("f", "x"u8);
                var next = inner.TryOpenDirectory("d")!;
                inner.Dispose();
                inner = next;
            }

            inner.Dispose();
            Assert.True(root.DeleteTree("d"));
            Assert.True(root.Delete("f"));
            Assert.Empty(root.List());
        }
    }

    [Fact]
    public void Directories_that_their_owner_may_not_enter_are_removed()
    {
        var closed = Directory.CreateDirectory(Path.Combine(Root, "closed/inner")).FullName;
        File.WriteAllText(Path.Combine(closed, "file"), "");
        File.SetUnixFileMode(closed, 0);
        File.SetUnixFileMode(Path.GetDirectoryName(closed)!, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        using var root = ConfinedDirectory.Open(Root);

        Assert.True(root.DeleteTree("closed"));
        Assert.Empty(root.List());
    }

    [Fact]
    public async Task A_directory_that_is_exchanged_for_a_link_meanwhile_leads_nowhere()
    {
        Directory.CreateDirectory(Path.Combine(Root, "a/b"));
        File.WriteAllText(Path.Combine(Root, "a/b/secret"), "mine");
        Directory.CreateDirectory(Path.Combine(Outside, "b"));
        File.WriteAllText(Path.Combine(Outside, "b/secret"), "secret");
        using var stop = new CancellationTokenSource();
        var attacker = Task.Run(
            () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    Directory.Move(Path.Combine(Root, "a"), Path.Combine(Root, "was"));
                    File.CreateSymbolicLink(Path.Combine(Root, "a"), Outside);
                    File.Delete(Path.Combine(Root, "a"));
                    Directory.Move(Path.Combine(Root, "was"), Path.Combine(Root, "a"));
                }
            },
            Cancellation
        );
        using var root = ConfinedDirectory.Open(Root);
        var seen = new HashSet<string>();
        for (var round = 0; round < 500; round++)
        {
            Try(() => seen.Add(root.ReadText("a/b/secret", 100) ?? "nothing"));
            Try(() => root.Write("a/b/new", "x"u8));
            Try(() => root.DeleteTree("a/b/new"));
            Try(() => root.SetMode("a/b/secret", 0x180));
        }

        await stop.CancelAsync();
        await attacker;
        Assert.DoesNotContain("secret", seen);
        Assert.Equal(["secret"], Directory.GetFileSystemEntries(Path.Combine(Outside, "b")).Select(Path.GetFileName));

        static void Try(Action action)
        {
            try
            {
                action();
            }
            catch (Exception error) when (error is TorchyardException or IOException)
            {
                // The link was there, or nothing.
            }
        }
    }

    [Fact]
    public void Only_a_directory_is_opened()
    {
        File.CreateSymbolicLink(Path.Combine(_place.Path, "link"), Outside);
        File.WriteAllText(Path.Combine(_place.Path, "file"), "");

        Assert.Null(ConfinedDirectory.TryOpen(Path.Combine(_place.Path, "link")));
        Assert.Null(ConfinedDirectory.TryOpen(Path.Combine(_place.Path, "file")));
        Assert.Null(ConfinedDirectory.TryOpen(Path.Combine(_place.Path, "nothing")));
        using var own = ConfinedDirectory.OfProcess(Environment.ProcessId);
        Assert.NotNull(own!.Status("etc"));
    }

    private static Socket Listen(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path));
        socket.Listen(4);
        return socket;
    }
}
