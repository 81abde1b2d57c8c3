using Torchyard.Testing.Files;

namespace Torchyard.Testing.Golden;

/// <summary>
/// Files with whole outputs, kept in the source tree. <c>TORCHYARD_UPDATE_GOLDEN=1</c> writes them anew; what changed is then read in the
/// diff.
/// </summary>
public static class GoldenFile
{
    /// <summary>Compares a text with a file.</summary>
    /// <param name="path">Path of the file from the root of the sources.</param>
    /// <param name="actual">What came out.</param>
    public static void Compare(string path, string actual)
    {
        var file = SourceTree.At(path);
        if (Environment.GetEnvironmentVariable("TORCHYARD_UPDATE_GOLDEN") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, actual);
            return;
        }

        Assert.True(File.Exists(file), $"there is no {file}; TORCHYARD_UPDATE_GOLDEN=1 writes it");
        Assert.Equal(File.ReadAllText(file), actual);
    }
}
