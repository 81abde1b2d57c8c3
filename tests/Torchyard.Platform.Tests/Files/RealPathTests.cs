using Torchyard.Platform.Files;

namespace Torchyard.Platform.Tests.Files;

public sealed class RealPathTests : IDisposable
{
    private readonly TemporaryDirectory _root = new();

    [Fact]
    public void Links_are_followed_wherever_they_stand_and_what_does_not_exist_stays_as_written()
    {
        Directory.CreateDirectory(Path.Combine(_root.Path, "a/b"));
        File.CreateSymbolicLink(Path.Combine(_root.Path, "absolute"), Path.Combine(_root.Path, "a"));
        File.CreateSymbolicLink(Path.Combine(_root.Path, "a/up"), "../a/b");
        File.CreateSymbolicLink(Path.Combine(_root.Path, "dangling"), "nowhere/new");

        Assert.Equal($"{_root.Path}/a/b", RealPath.Of($"{_root.Path}/absolute/up"));
        Assert.Equal($"{_root.Path}/a/b/c/d", RealPath.Of($"{_root.Path}/./absolute//b/c/d"));
        Assert.Equal($"{_root.Path}/nowhere/new/x", RealPath.Of($"{_root.Path}/dangling/x"));
        // As the kernel has it: '..' behind a link is above where the link leads.
        Assert.Equal($"{_root.Path}/a", RealPath.Of($"{_root.Path}/absolute/up/.."));
        Assert.Equal("/", RealPath.Of("/../.."));
    }

    [Fact]
    public void A_circle_of_links_is_an_error()
    {
        File.CreateSymbolicLink(Path.Combine(_root.Path, "one"), "two");
        File.CreateSymbolicLink(Path.Combine(_root.Path, "two"), "one");
        Assert.Throws<IOException>(() => RealPath.Of($"{_root.Path}/one/x"));
    }

    [Theory]
    [InlineData("/p/q", "/p", true)]
    [InlineData("/p", "/p", true)]
    [InlineData("/pq", "/p", false)]
    [InlineData("/", "/p", false)]
    [InlineData("/x", "/", true)]
    public void Within_is_by_whole_names(string path, string directory, bool within) =>
        Assert.Equal(within, RealPath.IsWithin(path, directory));

    public void Dispose() => _root.Dispose();
}
