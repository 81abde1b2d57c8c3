using Torchyard.Platform.Files;

namespace Torchyard.Testing.Files;

/// <summary>
/// A directory of one test, for its user alone, removed at the end; <c>TORCHYARD_TEST_KEEP=1</c> keeps it. Its name is short: addresses of
/// sockets below it may have 107 characters.
/// </summary>
public sealed class TemporaryDirectory : IDisposable
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Makes one.</summary>
    /// <param name="parent">Where, if not in the machine's directory of temporary files.</param>
    public TemporaryDirectory(string? parent = null)
    {
        // Without links, as the program shows places.
        var place = RealPath.Of(parent ?? System.IO.Path.GetTempPath());
        Path = Directory
            .CreateDirectory(System.IO.Path.Combine(place, "ty-test-" + System.IO.Path.GetRandomFileName()[..8]), Private)
            .FullName;
    }

    /// <summary>Where it is.</summary>
    public string Path { get; }

    /// <summary>Full path of a file in it, whose directory is there.</summary>
    /// <param name="name">Path below it, or from the root that it stands for.</param>
    public string File(string name)
    {
        var path = System.IO.Path.Combine(Path, name.TrimStart('/'));
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        return path;
    }

    /// <summary>Writes a file in it, with the directories on the way.</summary>
    /// <returns>Its full path.</returns>
    public string Write(string name, string text)
    {
        var path = File(name);
        System.IO.File.WriteAllText(path, text);
        return path;
    }

    /// <summary>Writes a file in it, with the directories on the way.</summary>
    /// <returns>Its full path.</returns>
    public string Write(string name, byte[] content)
    {
        var path = File(name);
        System.IO.File.WriteAllBytes(path, content);
        return path;
    }

    /// <summary>Full path of a directory in it, which is made.</summary>
    public string Make(string name) => Directory.CreateDirectory(System.IO.Path.Combine(Path, name)).FullName;

    /// <summary>Removes it, unless the test has done so.</summary>
    public void Dispose()
    {
        if (Environment.GetEnvironmentVariable("TORCHYARD_TEST_KEEP") is null && Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }
    }
}
