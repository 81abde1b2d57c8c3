namespace Torchyard.Architecture;

/// <summary>
/// Who called, with which variables and from where, is read from the process once and passed on: the Tab key offered images of the
/// machine's own store whatever store the caller had named.
/// </summary>
public sealed class CallerTests
{
    [Fact]
    public void The_caller_is_read_from_the_process_in_one_place() =>
        Assert.Equal(
            ["src/Torchyard/Entry/Application.cs"],
            SourceTree.Files("src").Where(file => SourceTree.Read(file).Contains("ProcessCaller.Read()", StringComparison.Ordinal))
        );
}
