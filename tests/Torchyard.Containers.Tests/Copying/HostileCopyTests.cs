using System.Text;
using Torchyard.Containers.Copying;
using Torchyard.Containers.Requests;
using Torchyard.Images.Tar;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;

namespace Torchyard.Containers.Tests.Copying;

/// <summary>
/// The container is hostile, and so is a directory of the machine that it can write: whatever they hold or exchange meanwhile, a copy reads
/// and writes nothing outside of the two places that were named.
/// </summary>
public sealed class HostileCopyTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly List<string> _warnings = [];

    public HostileCopyTests()
    {
        foreach (var place in new[] { Root, Machine, Victim })
        {
            Directory.CreateDirectory(place);
        }

        System.IO.File.WriteAllText(Path.Combine(Victim, "secret"), "secret");
    }

    private string Root => Path.Combine(_directory.Path, "root");

    private string Machine => Path.Combine(_directory.Path, "machine");

    private string Victim => Path.Combine(_directory.Path, "victim");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_link_on_the_way_is_followed_inside_the_container_alone()
    {
        Write(Root, "etc/passwd", "of the container");
        System.IO.File.CreateSymbolicLink(Path.Combine(Root, "out"), "/etc");
        System.IO.File.CreateSymbolicLink(Path.Combine(Root, "up"), "../../../../../../etc");

        Out("/out/passwd", Path.Combine(Machine, "one"));
        Out("/up/passwd", Path.Combine(Machine, "two"));

        Assert.Equal("of the container", Read("one"));
        Assert.Equal("of the container", Read("two"));
    }

    [Fact]
    public void A_link_that_is_copied_is_a_link_and_nothing_of_what_it_leads_to()
    {
        Directory.CreateDirectory(Path.Combine(Root, "runs"));
        System.IO.File.CreateSymbolicLink(Path.Combine(Root, "runs/host"), Victim);
        System.IO.File.CreateSymbolicLink(Path.Combine(Root, "runs/file"), Path.Combine(Victim, "secret"));

        Out("/runs", Machine);
        Out("/runs/file", Path.Combine(Machine, "alone"));

        Assert.Equal(Victim, new FileInfo(Path.Combine(Machine, "runs/host")).LinkTarget);
        Assert.Equal(Path.Combine(Victim, "secret"), new FileInfo(Path.Combine(Machine, "runs/file")).LinkTarget);
        Assert.Equal(Path.Combine(Victim, "secret"), new FileInfo(Path.Combine(Machine, "alone")).LinkTarget);
    }

    [Fact]
    public void With_L_a_link_is_followed_inside_the_container()
    {
        Write(Root, "data/file", "inside");
        System.IO.File.CreateSymbolicLink(Path.Combine(Root, "latest"), "/data");
        System.IO.File.CreateSymbolicLink(Path.Combine(Root, "escape"), Path.Combine(Victim, "secret"));

        Out("/latest", Machine, followLink: true);
        Out("/escape", Machine, followLink: true);

        Assert.Equal("inside", Read("latest/file"));
        // There is nothing of that name inside, so what is there is the link.
        Assert.NotNull(new FileInfo(Path.Combine(Machine, "escape")).LinkTarget);
    }

    [Fact]
    public void A_link_planted_at_the_destination_is_replaced_and_never_written_through()
    {
        Write(Root, "result", "new");
        System.IO.File.CreateSymbolicLink(Path.Combine(Machine, "result"), Path.Combine(Victim, "secret"));

        Out("/result", Machine);

        Assert.Equal("new", Read("result"));
        Assert.Null(new FileInfo(Path.Combine(Machine, "result")).LinkTarget);
        UntouchedVictim();
    }

    [Fact]
    public void A_link_planted_where_a_directory_goes_is_refused()
    {
        Write(Root, "runs/secret", "new");
        System.IO.File.CreateSymbolicLink(Path.Combine(Machine, "runs"), Victim);

        Assert.Equal("TY4131", Assert.Throws<TorchyardException>(() => Out("/runs", Machine)).Code);
        UntouchedVictim();
        NothingIsLeftIn(Machine, "runs");
    }

    [Fact]
    public void A_link_planted_in_a_directory_that_is_merged_with_is_refused()
    {
        Write(Root, "runs/one/secret", "new");
        Directory.CreateDirectory(Path.Combine(Machine, "runs"));
        System.IO.File.CreateSymbolicLink(Path.Combine(Machine, "runs/one"), Victim);

        Assert.Equal("TY4131", Assert.Throws<TorchyardException>(() => Out("/runs", Machine)).Code);
        UntouchedVictim();
    }

    [Fact]
    public void A_link_of_a_container_in_the_destinations_path_is_refused_and_the_users_own_is_followed()
    {
        var project = Directory.CreateDirectory(Path.Combine(Machine, "project")).FullName;
        System.IO.File.CreateSymbolicLink(Path.Combine(project, "results"), Victim);
        System.IO.File.CreateSymbolicLink(Path.Combine(Machine, "mine"), project);
        System.IO.File.CreateSymbolicLink(Path.Combine(Machine, "through"), Path.Combine(project, "results"));

        Assert.Equal(project, OutsidePath.Resolve(Path.Combine(Machine, "mine"), [project], followLast: true));
        foreach (var path in new[] { "project/results", "project/results/new", "mine/results", "through" })
        {
            var failure = Assert.Throws<TorchyardException>(() =>
                OutsidePath.Resolve(Path.Combine(Machine, path), [project], followLast: true)
            );
            Assert.Equal("TY4133", failure.Code);
            Assert.Contains(Victim, failure.Cure, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Set_user_id_bits_come_neither_out_nor_in()
    {
        Write(Root, "bin/su", "program");
        System.IO.File.SetUnixFileMode(Path.Combine(Root, "bin/su"), (UnixFileMode)(FileModes.SetIds | FileModes.Executable));
        System.IO.File.SetUnixFileMode(Path.Combine(Root, "bin"), (UnixFileMode)(FileModes.SetIds | FileModes.Executable));

        Out("/bin", Machine);
        In(Path.Combine(Root, "bin/su"), "/copy");

        Assert.Equal((UnixFileMode)FileModes.Executable, System.IO.File.GetUnixFileMode(Path.Combine(Machine, "bin/su")));
        Assert.Equal((UnixFileMode)FileModes.Executable, System.IO.File.GetUnixFileMode(Path.Combine(Machine, "bin")));
        Assert.Equal((UnixFileMode)FileModes.Executable, System.IO.File.GetUnixFileMode(Path.Combine(Root, "copy")));
    }

    [Fact]
    public async Task A_FIFO_is_left_out_and_not_waited_for()
    {
        Write(Root, "runs/log", "line");
        Fifo.Make(Path.Combine(Root, "runs/pipe"));

        await Task.Run(() => Out("/runs", Machine), Cancellation).WaitAsync(TimeSpan.FromSeconds(30), Cancellation);

        Assert.Equal(["log"], Directory.EnumerateFileSystemEntries(Path.Combine(Machine, "runs")).Select(Path.GetFileName));
        Assert.Contains("left out: pipe is a FIFO", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void A_tree_without_a_bottom_is_refused()
    {
        var deep = Root;
        for (var i = 0; i < 600; i++)
        {
            deep = Path.Combine(deep, "d");
        }

        Directory.CreateDirectory(deep);

        Assert.Equal("TY4134", Assert.Throws<TorchyardException>(() => Out("/d", Machine)).Code);
        NothingIsLeftIn(Machine);
    }

    [Theory]
    [InlineData("../victim/secret")]
    [InlineData("/victim/secret")]
    [InlineData("a/../../victim/secret")]
    public void A_name_of_an_archive_that_leads_out_is_refused(string name) =>
        Assert.Equal("TY4134", Assert.Throws<TorchyardException>(() => Unpack(File(name, "new"))).Code);

    [Fact]
    public void A_link_of_an_archive_is_not_written_through()
    {
        var failure = Assert.Throws<TorchyardException>(() =>
            Unpack(Entry("way", TarKind.Symlink) with { LinkTarget = Victim }, File("way/secret", "new"))
        );

        Assert.Equal("TY4131", failure.Code);
        UntouchedVictim();
    }

    [Theory]
    [InlineData("../../victim/secret")]
    [InlineData("/etc/passwd")]
    [InlineData("way/secret")]
    public void A_second_name_of_an_archive_gives_nothing_from_outside(string first)
    {
        System.IO.File.CreateSymbolicLink(Path.Combine(Root, "way"), Victim);

        var failure = Assert.ThrowsAny<Exception>(() => Unpack(Entry("name", TarKind.HardLink) with { LinkTarget = first }));

        Assert.IsType<TorchyardException>(failure);
        Assert.False(Path.Exists(Path.Combine(Root, "name")));
    }

    [Fact]
    public void An_archive_has_devices_left_out_and_second_names_copied()
    {
        Unpack(
            Entry("null", TarKind.CharacterDevice) with
            {
                DeviceMajor = 1,
                DeviceMinor = 3,
            },
            File("d/one", "content"),
            Entry("d/two", TarKind.HardLink) with
            {
                LinkTarget = "d/one",
            }
        );

        Assert.False(Path.Exists(Path.Combine(Root, "null")));
        Assert.Equal("content", System.IO.File.ReadAllText(Path.Combine(Root, "d/two")));
    }

    [Fact]
    public void Directories_that_are_renamed_while_they_are_read_give_nothing_from_outside()
    {
        Write(Root, "runs/a/secret", "inside");
        System.IO.File.CreateSymbolicLink(Path.Combine(Root, "runs/b"), Victim);
        var (a, b, c) = (Path.Combine(Root, "runs/a"), Path.Combine(Root, "runs/b"), Path.Combine(Root, "runs/c"));

        WhileExchanging(a, b, c, () =>
        {
            var to = Directory.CreateDirectory(Path.Combine(Machine, Guid.NewGuid().ToString("N"))).FullName;
            var copied = Ignoring(() => Out("/runs/a", to));
            // Where it was a link at that moment, the copy is one, too: of what it leads to nothing may be there.
            var copy = Path.Combine(to, "a");
            if (new FileInfo(copy).LinkTarget is null && Path.Exists(Path.Combine(copy, "secret")))
            {
                Assert.Equal("inside", System.IO.File.ReadAllText(Path.Combine(copy, "secret")));
            }

            return copied;
        });
    }

    [Fact]
    public void Directories_that_are_renamed_while_they_are_written_let_nothing_out()
    {
        Write(Root, "runs/sub/secret", "new");
        var to = Directory.CreateDirectory(Path.Combine(Machine, "to/runs/sub")).FullName;
        var link = Path.Combine(Machine, "to/runs/link");
        System.IO.File.CreateSymbolicLink(link, Victim);

        WhileExchanging(to, link, Path.Combine(Machine, "to/runs/third"), () =>
        {
            var copied = Ignoring(() => Out("/runs", Path.Combine(Machine, "to")));
            UntouchedVictim();
            return copied;
        });
    }

    [Fact]
    public void What_is_on_a_mount_of_a_container_that_does_not_run_is_refused_also_through_a_link()
    {
        Directory.CreateDirectory(Path.Combine(Root, "workspace"));
        System.IO.File.CreateSymbolicLink(Path.Combine(Root, "short"), "/workspace");
        Write(Machine, "file", "new");

        foreach (var path in new[] { "/workspace/file", "/workspace", "/short", "/short/file" })
        {
            var failure = Assert.Throws<TorchyardException>(() => In(Path.Combine(Machine, "file"), path));
            Assert.Equal("TY4132", failure.Code);
            Assert.Contains("/srv/project", failure.Cure, StringComparison.Ordinal);
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(Root, "workspace")));
    }

    /// <param name="one">A directory.</param>
    /// <param name="other">A link, which takes its place for a moment, again and again.</param>
    /// <param name="spare">A name that is free.</param>
    /// <param name="work">A copy; whether it was made.</param>
    private static void WhileExchanging(string one, string other, string spare, Func<bool> work)
    {
        var (exchanges, copies) = (0, 0);
        using var stop = new CancellationTokenSource();
        var exchange = Task.Run(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                var exchanged = Ignoring(() =>
                {
                    Directory.Move(one, spare);
                    Directory.Move(other, one);
                    Directory.Move(one, other);
                    Directory.Move(spare, one);
                });
                Interlocked.Add(ref exchanges, exchanged ? 1 : 0);
                Ignoring(() => Restore(one, other, spare));
            }
        });
        try
        {
            // Where every copy failed, or nothing was exchanged, nothing would have been tried.
            for (var i = 0; i < 300 || ((copies == 0 || Volatile.Read(ref exchanges) == 0) && i < 100_000); i++)
            {
                copies += work() ? 1 : 0;
            }
        }
        finally
        {
            stop.Cancel();
            exchange.Wait(CancellationToken.None);
        }

        Assert.True(copies > 0, "no copy was made");
        Assert.True(exchanges > 0, "nothing was exchanged");
    }

    /// <summary>The copy has made a directory where there was none for a moment.</summary>
    private static void Restore(string one, string other, string spare)
    {
        if (new FileInfo(one).LinkTarget is not null)
        {
            Directory.Move(one, other);
        }
        else if (Directory.Exists(spare) && Directory.Exists(one))
        {
            Directory.Delete(one, recursive: true);
        }

        if (Directory.Exists(spare))
        {
            Directory.Move(spare, one);
        }
    }

    /// <summary>
    /// A copy that meets an exchange may fail, and so may the exchange; what must not happen is that something leads out.
    /// </summary>
    /// <returns>Whether it did not fail.</returns>
    private static bool Ignoring(Action work)
    {
        try
        {
            work();
            return true;
        }
        catch (Exception failure) when (failure is TorchyardException or IOException or UnauthorizedAccessException)
        {
            // They meet on purpose.
            return false;
        }
    }

    private void Out(string inside, string outside, bool followLink = false) =>
        Copy(Plan(into: false, inside) with { Outside = outside, FollowLink = followLink });

    private void In(string outside, string inside) => Copy(Plan(into: true, inside) with { Outside = outside });

    private void Copy(CopyPlan plan) => CopyProcess.Copy(plan, _warnings.Add, new CopyProcess.Counts(), Cancellation);

    private CopyPlan Plan(bool into, string inside) =>
        new()
        {
            Container = "hostile",
            Root = Root,
            Missing =
            [
                new MountRequest
                {
                    Kind = MountKind.Bind,
                    Source = "/srv/project",
                    Target = "/workspace",
                },
            ],
            IntoContainer = into,
            Inside = inside,
            InsideUser = 0,
            InsideGroup = 0,
            OutsideUser = 0,
            OutsideGroup = 0,
            HasOwners = false,
        };

    private void Unpack(params (TarEntry Entry, string Content)[] entries)
    {
        using var archive = new MemoryStream();
        var writer = new TarLayerWriter(archive);
        foreach (var (entry, content) in entries)
        {
            writer.Write(entry, new MemoryStream(Encoding.UTF8.GetBytes(content)));
        }

        writer.Complete();
        archive.Position = 0;
        using var place = ConfinedDirectory.Open(Root);
        using var target = new TreeTarget(place, Root, _ => null, maker: null, Cancellation);
        new ArchiveSource(archive, _warnings.Add).Copy(target, place);
    }

    private void Unpack(TarEntry entry) => Unpack((entry, ""));

    private void Unpack(TarEntry entry, (TarEntry Entry, string Content) file) => Unpack((entry, ""), file);

    private void Unpack(TarEntry first, (TarEntry Entry, string Content) file, TarEntry last) => Unpack((first, ""), file, (last, ""));

    private static (TarEntry Entry, string Content) File(string name, string content) =>
        (Entry(name, TarKind.File) with { Size = Encoding.UTF8.GetByteCount(content) }, content);

    private static TarEntry Entry(string name, TarKind kind) =>
        new()
        {
            Name = name,
            Kind = kind,
            Mode = FileModes.Readable,
        };

    private static void Write(string place, string name, string text)
    {
        var path = Path.Combine(place, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        System.IO.File.WriteAllText(path, text);
    }

    private string Read(string name) => System.IO.File.ReadAllText(Path.Combine(Machine, name));

    private void UntouchedVictim()
    {
        Assert.Equal(["secret"], Directory.EnumerateFileSystemEntries(Victim).Select(Path.GetFileName));
        Assert.Equal("secret", System.IO.File.ReadAllText(Path.Combine(Victim, "secret")));
    }

    private static void NothingIsLeftIn(string directory, params string[] but) =>
        Assert.Equal(but, Directory.EnumerateFileSystemEntries(directory).Select(Path.GetFileName));
}
