using Microsoft.Win32.SafeHandles;
using Torchyard.Containers.Copying;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;

namespace Torchyard.Containers.Tests.Copying;

public sealed class CopyWorkTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void What_a_killed_copy_left_goes_and_what_is_under_way_stays()
    {
        using var place = OpenPlace();
        var left = Path.Combine(_directory.Path, ".torchyard-cp.0123456789ab");
        Make(left, (UnixFileMode)FileModes.PrivateDirectory);
        File.WriteAllText(Path.Combine(left, "1"), "half");
        using var other = CopyWork.TryMake(place, out _)!;
        using var work = CopyWork.TryMake(place, out _)!;

        work.RemoveForsaken();

        Assert.False(Directory.Exists(left));
        Assert.Equal(2, Directory.GetDirectories(_directory.Path).Length);
    }

    [Fact]
    public void A_directory_that_others_may_enter_is_somebody_elses_whatever_its_name()
    {
        using var place = OpenPlace();
        var open = Path.Combine(_directory.Path, ".torchyard-cp.0123456789ab");
        var longer = Path.Combine(_directory.Path, ".torchyard-cp.notes");
        Make(open, (UnixFileMode)FileModes.Directory);
        Make(longer, (UnixFileMode)FileModes.PrivateDirectory);
        using var work = CopyWork.TryMake(place, out _)!;

        work.RemoveForsaken();

        Assert.True(Directory.Exists(open));
        Assert.True(Directory.Exists(longer));
    }

    [Fact]
    public void A_link_with_its_name_leads_nowhere()
    {
        using var place = OpenPlace();
        var victim = Path.Combine(_directory.Path, "victim");
        Make(victim, (UnixFileMode)FileModes.PrivateDirectory);
        File.WriteAllText(Path.Combine(victim, "kept"), "kept");
        File.CreateSymbolicLink(Path.Combine(_directory.Path, ".torchyard-cp.0123456789ab"), victim);
        using var work = CopyWork.TryMake(place, out _)!;

        work.RemoveForsaken();

        Assert.Equal("kept", File.ReadAllText(Path.Combine(victim, "kept")));
    }

    [Fact]
    public void One_that_ends_leaves_nothing()
    {
        using (var place = OpenPlace())
        using (CopyWork.TryMake(place, out _)) { }
        Assert.Empty(Directory.EnumerateFileSystemEntries(_directory.Path));
    }

    private SafeFileHandle OpenPlace()
    {
        using var parent = ConfinedDirectory.Open(_directory.Path);
        return parent.TryOpenPlace("", out _)!;
    }

    private static void Make(string path, UnixFileMode mode) => File.SetUnixFileMode(Directory.CreateDirectory(path).FullName, mode);
}
