using Torchyard.Platform.Files;

namespace Torchyard.Testing.Files;

/// <summary>A store of one test, in <c>TORCHYARD_TEST_TMP</c>, or else where large files may lie.</summary>
public sealed class TemporaryStore : IDisposable
{
    private readonly TemporaryDirectory _directory = new(Environment.GetEnvironmentVariable("TORCHYARD_TEST_TMP") ?? "/var/tmp");

    /// <summary>Its places.</summary>
    public StorePaths Paths => new(_directory.Path);

    /// <summary>Removes it.</summary>
    public void Dispose() => _directory.Dispose();
}
