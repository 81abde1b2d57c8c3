using Torchyard.Platform.Files;
using Torchyard.Platform.Processes;
using Torchyard.Trimming.Files;
using Torchyard.Trimming.Rules;
using Torchyard.Trimming.Tests.Libraries;

namespace Torchyard.Trimming.Tests.Files;

public sealed class TreeTrimmerTests : IDisposable
{
    private static readonly byte[] Library = TestLibrary.Of([TestEntry.Cubin(80, 80_000), TestEntry.Cubin(90)]).Bytes();

    private readonly TemporaryDirectory _place = new();

    public void Dispose() => _place.Dispose();

    [Fact]
    public async Task Mode_and_time_of_a_trimmed_file_stay_and_hard_links_keep_the_old_one()
    {
        var path = _place.File("tree/lib/libx.so");
        await File.WriteAllBytesAsync(path, Library, TestContext.Current.CancellationToken);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.GroupRead);
        var time = new DateTime(2020, 2, 3, 4, 5, 6, DateTimeKind.Utc);
        File.SetLastWriteTimeUtc(path, time);
        var linked = await HostCommand.RunAsync(
            HostProgram.At(Requires.Program("ln")),
            [path, _place.File("cache.so")],
            cancellation: TestContext.Current.CancellationToken
        );
        Assert.Equal(0, linked.ExitCode);
        var found = Assert.Single(Trim("tree"));
        Assert.Equal("lib/libx.so", found.Path);
        Assert.True(new FileInfo(path).Length < Library.Length);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.GroupRead, File.GetUnixFileMode(path));
        Assert.Equal(time, File.GetLastWriteTimeUtc(path));
        Assert.Equal(Library, await File.ReadAllBytesAsync(_place.File("cache.so"), TestContext.Current.CancellationToken));
        Assert.Equal(["libx.so"], Directory.GetFiles(Path.Combine(_place.Path, "tree/lib")).Select(Path.GetFileName));
    }

    [Fact]
    public void Links_are_not_followed()
    {
        File.WriteAllBytes(_place.File("outside/libx.so"), Library);
        Directory.CreateDirectory(Path.Combine(_place.Path, "tree"));
        File.CreateSymbolicLink(_place.File("tree/libx.so"), "../outside/libx.so");
        Directory.CreateSymbolicLink(_place.File("tree/dir"), "../outside");
        Assert.Empty(Trim("tree"));
        Assert.Equal(Library, File.ReadAllBytes(_place.File("outside/libx.so")));
    }

    [Fact]
    public void A_dry_run_changes_nothing()
    {
        File.WriteAllBytes(_place.File("tree/libx.so"), Library);
        var found = Assert.Single(Trim("tree", dryRun: true));
        Assert.True(found.Plan.BytesAfter < found.Plan.BytesBefore);
        Assert.Null(found.Sha256);
        Assert.Equal(Library, File.ReadAllBytes(_place.File("tree/libx.so")));
    }

    [Fact]
    public void A_damaged_library_stays_and_the_others_are_trimmed()
    {
        var damaged = Library.ToArray();
        damaged[62] = 200;
        File.WriteAllBytes(_place.File("tree/a.so"), damaged);
        File.WriteAllBytes(_place.File("tree/b.so"), Library);
        File.WriteAllBytes(_place.File("tree/text"), new byte[10_000]);
        var left = new List<string>();
        using var directory = ConfinedDirectory.Open(Path.Combine(_place.Path, "tree"));
        var found = new TreeTrimmer { Targets = TrimTargets.Of(["sm_90"]), Left = (path, _) => left.Add(path) }.Trim(
            directory,
            TestContext.Current.CancellationToken
        );
        Assert.Equal(["b.so"], found.Select(file => file.Path));
        Assert.Equal(["a.so"], left);
        Assert.Equal(damaged, File.ReadAllBytes(_place.File("tree/a.so")));
    }

    [Fact]
    public void A_copy_leaves_the_file_alone_also_where_nothing_is_to_trim()
    {
        File.WriteAllBytes(_place.File("from/libx.so"), Library);
        using var from = ConfinedDirectory.Open(Path.Combine(_place.Path, "from"));
        using var to = ConfinedDirectory.Open(_place.Path);
        var copied = new TreeTrimmer { Targets = TrimTargets.Of(["sm_80", "sm_90"]) }.TrimFile(
            from,
            "libx.so",
            to,
            "copy.so",
            TestContext.Current.CancellationToken
        );
        Assert.False(copied!.Plan.IsChange);
        Assert.Equal(Library, File.ReadAllBytes(_place.File("copy.so")));
    }

    private IReadOnlyList<TrimmedFile> Trim(string tree, bool dryRun = false)
    {
        using var directory = ConfinedDirectory.Open(Path.Combine(_place.Path, tree));
        return new TreeTrimmer { Targets = TrimTargets.Of(["sm_90"]), DryRun = dryRun }.Trim(
            directory,
            TestContext.Current.CancellationToken
        );
    }
}
