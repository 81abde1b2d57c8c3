using Torchyard.Platform.Errors;
using Torchyard.Recipes.Sources;
using Torchyard.Recipes.Wishes;

namespace Torchyard.Recipes.Tests;

public sealed class ProjectFilesTests : IDisposable
{
    private readonly TemporaryDirectory _root = new();
    private readonly ProjectFiles _files;

    public ProjectFilesTests()
    {
        Directory.CreateDirectory($"{_root.Path}/project/sub");
        Directory.CreateDirectory($"{_root.Path}/outside");
        File.WriteAllText($"{_root.Path}/project/own.txt", "own");
        File.WriteAllText($"{_root.Path}/outside/secret", "secret");
        _files = new ProjectFiles($"{_root.Path}/project");
    }

    [Theory]
    [InlineData("../outside/secret")]
    [InlineData("link")]
    [InlineData("sub/directory/secret")]
    public void A_file_outside_is_read_only_when_that_was_granted(string path)
    {
        File.CreateSymbolicLink($"{_root.Path}/project/link", "../outside/secret");
        File.CreateSymbolicLink($"{_root.Path}/project/sub/directory", $"{_root.Path}/outside");
        Assert.True(_files.IsOutside(path));
        Assert.Equal("TY1043", Assert.Throws<TorchyardException>(() => _files.Read(path, 100)).Code);
        Assert.Equal("TY1043", Assert.Throws<TorchyardException>(() => _files.Open(path)).Code);

        _files.Grant(Wish.Mount($"{_root.Path}/outside", readOnly: true, "/x"));
        Assert.Equal("TY1043", Assert.Throws<TorchyardException>(() => _files.Read(path, 100)).Code);
        _files.Grant(Wish.File($"{_root.Path}/outside/secret", "test"));
        Assert.Equal("secret"u8, _files.Read(path, 100));
        _files.Open(path).Dispose();
    }

    [Fact]
    public void What_was_read_once_is_used_whatever_happens_to_the_file()
    {
        Assert.Equal("own"u8, _files.Read("own.txt", 100));
        File.Delete($"{_root.Path}/project/own.txt");
        File.CreateSymbolicLink($"{_root.Path}/project/own.txt", "../outside/secret");
        Assert.Equal("own"u8, _files.Read("./own.txt", 100));
        Assert.Null(_files.ReadAnywhere("later", 100));
        File.WriteAllText($"{_root.Path}/project/later", "x");
        Assert.Null(_files.ReadAnywhere("later", 100));
    }

    [Fact]
    public void A_link_that_is_put_there_after_the_check_gains_nothing()
    {
        Assert.False(_files.IsOutside("own.txt"));
        File.Delete($"{_root.Path}/project/own.txt");
        File.CreateSymbolicLink($"{_root.Path}/project/own.txt", "../outside/secret");
        Assert.Equal("TY1043", Assert.Throws<TorchyardException>(() => _files.Read("own.txt", 100)).Code);
    }

    [Fact]
    public void Bytes_that_were_read_before_anybody_was_asked_are_given_out_only_after()
    {
        Assert.NotNull(_files.ReadAnywhere("../outside/secret", 100));
        Assert.Equal("TY1043", Assert.Throws<TorchyardException>(() => _files.Read("../outside/secret", 100)).Code);
    }

    [Fact]
    public void A_file_that_is_too_large_is_refused() => Assert.Throws<IOException>(() => _files.Read("own.txt", 2));

    public void Dispose() => _root.Dispose();
}
