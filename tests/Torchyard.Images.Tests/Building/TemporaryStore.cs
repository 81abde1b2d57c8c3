using Torchyard.Platform.Files;

namespace Torchyard.Images.Tests.Building;

/// <summary>A store of one test; TORCHYARD_TEST_KEEP keeps it.</summary>
internal sealed class TemporaryStore : IDisposable
{
    public TemporaryStore()
    {
        var parent = Environment.GetEnvironmentVariable("TORCHYARD_TEST_TMP") ?? "/var/tmp";
        Paths = new StorePaths(Path.Combine(parent, "torchyard-test-" + Guid.NewGuid().ToString("N")));
        Directory.CreateDirectory(Paths.Root);
    }

    public StorePaths Paths { get; }

    public void Dispose()
    {
        if (Environment.GetEnvironmentVariable("TORCHYARD_TEST_KEEP") is null)
        {
            Directory.Delete(Paths.Root, recursive: true);
        }
    }
}
