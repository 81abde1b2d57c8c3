using Torchyard.Platform.Files;

namespace Torchyard.Platform.Tests.Files;

public sealed class RegularFileCheckTests : IDisposable
{
    private readonly TemporaryDirectory _root = new();

    [Fact]
    public void The_check_gets_where_the_opened_file_really_is_and_can_refuse_it()
    {
        File.WriteAllText($"{_root.Path}/secret", "s");
        File.CreateSymbolicLink($"{_root.Path}/link", "secret");
        string? seen = null;
        using (var stream = RegularFile.OpenRead($"{_root.Path}/link", real => seen = real))
        {
            Assert.Equal('s', stream.ReadByte());
        }

        Assert.Equal($"{_root.Path}/secret", seen);
        Assert.Throws<InvalidOperationException>(() =>
            RegularFile.OpenRead($"{_root.Path}/link", _ => throw new InvalidOperationException())
        );
    }

    [Fact]
    public void Ours_alone_is_what_nobody_else_owns_or_may_write_to_the_link_itself_where_it_is_one()
    {
        File.WriteAllText($"{_root.Path}/own", "");
        File.SetUnixFileMode($"{_root.Path}/own", UnixFileMode.UserRead | UnixFileMode.OtherRead);
        Assert.True(FileFacts.Find($"{_root.Path}/own")!.Value.IsOursAlone);
        File.SetUnixFileMode($"{_root.Path}/own", UnixFileMode.UserRead | UnixFileMode.OtherWrite);
        Assert.False(FileFacts.Find($"{_root.Path}/own")!.Value.IsOursAlone);
        File.CreateSymbolicLink($"{_root.Path}/link", "own");
        Assert.True(FileFacts.Find($"{_root.Path}/link")!.Value.IsLink);
        Assert.Null(FileFacts.Find($"{_root.Path}/gone"));
    }

    public void Dispose() => _root.Dispose();
}
