using System.Collections.Concurrent;
using Torchyard.Testing.Files;

namespace Torchyard.Testing.Gpus;

/// <summary>The fakes of NVIDIA's libraries, compiled once from the C sources of Fakes/; tests skip without gcc.</summary>
public static class FakeLibrary
{
    private static readonly ConcurrentDictionary<string, Lazy<Task<byte[]>>> Compiled = new(StringComparer.Ordinal);

    /// <summary>Where the sources are.</summary>
    public static string Folder { get; } = SourceTree.At("tests/Torchyard.Testing/Gpus/Fakes");

    /// <summary>Puts a fake where a machine has the real one; each copy is a library of its own for the loader.</summary>
    /// <param name="name">nvml, cuda, cublaslt or nccl.</param>
    /// <param name="path">The file.</param>
    public static async Task InstallAsync(string name, string path)
    {
        var bytes = await Compiled.GetOrAdd(name, n => new Lazy<Task<byte[]>>(() => CompileAsync(n))).Value;
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllBytesAsync(path, bytes);
    }

    private static async Task<byte[]> CompileAsync(string name)
    {
        using var work = new TemporaryDirectory();
        var output = work.File($"{name}.so");
        var source = await File.ReadAllTextAsync(Path.Combine(Folder, name + ".c"));
        await CCompiler.CompileAsync(source, output, ["-shared", "-fPIC", "-O1", "-I", Folder, "-ldl"]);
        return await File.ReadAllBytesAsync(output);
    }
}
