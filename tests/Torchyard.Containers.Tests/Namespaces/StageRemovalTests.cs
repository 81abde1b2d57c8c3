using Torchyard.Containers.Namespaces;
using Torchyard.Platform.Files;

namespace Torchyard.Containers.Tests.Namespaces;

public sealed class StageRemovalTests : IDisposable
{
    private static readonly StorePaths One = new("/one");
    private static readonly StorePaths Other = new("/other");

    private readonly TemporaryDirectory _directory = new();

    public StageRemovalTests() => Directory.CreateDirectory(Path.Combine(Run, "stage/rootfs"));

    private string Run => Path.Combine(_directory.Path, "torchyard");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void What_other_stores_have_there_stays_and_so_does_the_stage()
    {
        Add(One);
        Add(Other);

        Assert.Null(StageRemoval.Run(One, Run));

        Assert.Equal(
            [UserNamespaceSupport.VerdictOf(Other), "stage"],
            Directory.EnumerateFileSystemEntries(Run).Select(Path.GetFileName).OrderDescending(StringComparer.Ordinal)
        );
        Assert.True(Directory.Exists(Path.Combine(Run, "stage/rootfs")));
    }

    [Fact]
    public void With_the_last_store_all_of_it_goes()
    {
        Add(One);

        Assert.Equal(Run, StageRemoval.Run(One, Run));

        Assert.False(Directory.Exists(Run));
        Assert.Null(StageRemoval.Run(One, Run));
    }

    private void Add(StorePaths store) => File.WriteAllText(Path.Combine(Run, UserNamespaceSupport.VerdictOf(store)), store.Root);
}
