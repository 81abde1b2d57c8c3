using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Processes;

namespace Torchyard.Platform.Tests.Files;

/// <summary>A store that somebody else can exchange is not used: its records say what is mounted and started.</summary>
public sealed class StoreTrustTests : IDisposable
{
    private const uint Other = 65533;

    private static readonly UnixFileMode Everybody = (UnixFileMode)0x1FF;

    // Below a directory of the caller's, with a sticky one above it.
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void One_of_the_callers_own_is_used_wherever_it_will_be(bool isRoot)
    {
        Require(_directory.Path, isRoot);
        Require(_directory.Path + "/not/yet", isRoot);
        File.CreateSymbolicLink(_directory.Path + "/link", Directory.CreateDirectory(_directory.Path + "/store").FullName);
        Require(_directory.Path + "/link", isRoot);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void One_of_another_user_is_refused(bool isRoot)
    {
        var trust = new FileTrust(new HashSet<uint> { Other }, new HashSet<uint>());

        var failure = Assert.Throws<TorchyardException>(() => StoreTrust.Require(new StorePaths(_directory.Path), isRoot, trust));

        Assert.Equal("TY9029", failure.Code);
        Assert.Contains("belongs to another user", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void As_root_one_that_others_could_rename_is_refused_however_it_is_named()
    {
        var open = Directory.CreateDirectory(_directory.Path + "/open").FullName;
        File.SetUnixFileMode(open, Everybody);
        Directory.CreateDirectory(open + "/store");
        File.CreateSymbolicLink(_directory.Path + "/link", open + "/store");

        foreach (var store in new[] { open + "/store", open + "/not/yet", _directory.Path + "/link" })
        {
            Assert.Contains(
                $"{open} can be changed by other users",
                Assert.Throws<TorchyardException>(() => Require(store, isRoot: true)).Message,
                StringComparison.Ordinal
            );
        }

        // A directory of a group above one's own store is an ordinary user's choice.
        Require(open + "/store", isRoot: false);
    }

    [Fact]
    public void The_mode_of_the_store_itself_is_corrected_and_no_reason_to_refuse_it()
    {
        File.SetUnixFileMode(_directory.Path, Everybody);

        Require(_directory.Path, isRoot: true);
    }

    private static void Require(string store, bool isRoot) => StoreTrust.Require(new StorePaths(store), isRoot, FileTrust.OfThisProcess);
}
