using Torchyard.Images.Layers;

namespace Torchyard.Images.Tests.Layers;

/// <summary>A directory that is made once and then only read is used only while it is as it was made.</summary>
public sealed class SealedDirectoryTests : IDisposable
{
    private readonly TemporaryStore _store = new();
    private readonly string _place;

    public SealedDirectoryTests()
    {
        Requires.Root("needs root for owners");
        _place = Path.Combine(_store.Paths.Build, "python", "a");
        var made = Directory.CreateDirectory(Path.Combine(_store.Paths.Root, "made", "usr", "bin")).FullName;
        File.WriteAllText(Path.Combine(made, "python3.13"), "an interpreter");
        Directory.CreateDirectory(Path.GetDirectoryName(_place)!);
        SealedDirectory.Seal(Path.Combine(_store.Paths.Root, "made"), _place);
    }

    private string Interpreter => Path.Combine(_place, "usr/bin/python3.13");

    public void Dispose() => _store.Dispose();

    [Fact]
    public void As_it_was_made_it_is_used()
    {
        Assert.True(SealedDirectory.Has(_place, _store.Paths));
        Assert.True(File.Exists(Interpreter));
    }

    [Theory]
    [InlineData("a file is gone")]
    [InlineData("a power failure emptied a file")]
    [InlineData("nothing says how it was made")]
    [InlineData("it never was there")]
    public void Otherwise_it_is_removed_to_be_made_again(string how)
    {
        switch (how)
        {
            case "a file is gone":
                File.Delete(Interpreter);
                break;
            case "a power failure emptied a file":
                File.WriteAllText(Interpreter, "");
                break;
            case "nothing says how it was made":
                File.Delete(_place + ".digest");
                break;
            default:
                Directory.Delete(_place, recursive: true);
                break;
        }

        Assert.False(SealedDirectory.Has(_place, _store.Paths));
        Assert.False(Directory.Exists(_place));
        Assert.Empty(SealedDirectory.Damaged(_store.Paths));
    }
}
