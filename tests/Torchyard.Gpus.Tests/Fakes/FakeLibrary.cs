using System.Collections.Concurrent;
using Torchyard.Gpus.Tests.Native;

namespace Torchyard.Gpus.Tests.Fakes;

/// <summary>The fakes of NVIDIA's libraries, compiled once from the C sources of this folder; tests skip without gcc.</summary>
internal static class FakeLibrary
{
    private static readonly ConcurrentDictionary<string, Lazy<Task<byte[]>>> Compiled = new(StringComparer.Ordinal);

    /// <summary>This folder, above the directory that the tests run from.</summary>
    public static string Folder { get; } = Find();

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

    private static string Find()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            var folder = Path.Combine(directory.FullName, "Fakes");
            if (File.Exists(Path.Combine(folder, "fake.h")))
                return folder;
        }

        throw new InvalidOperationException("tests/Torchyard.Gpus.Tests/Fakes was not found");
    }
}
