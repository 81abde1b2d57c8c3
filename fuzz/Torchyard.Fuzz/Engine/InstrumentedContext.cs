using System.Reflection;
using System.Runtime.Loader;

namespace Torchyard.Fuzz.Engine;

/// <summary>
/// Runs this program once more in a load context where Torchyard's assemblies count the branches that they take. SharpFuzz rewrites copies
/// of them, as it does for AFL; the loop that uses the counts is our own, so that nothing but a NuGet package is needed.
/// </summary>
internal sealed class InstrumentedContext : AssemblyLoadContext
{
    private readonly string _directory;

    private InstrumentedContext(string directory)
        : base("instrumented") => _directory = directory;

    public static int Run(string[] arguments)
    {
        var own = typeof(InstrumentedContext).Assembly.Location;
        var context = new InstrumentedContext(Instrument(Path.GetDirectoryName(own)!));
        var program = context.LoadFromAssemblyPath(own).GetType(typeof(FuzzProgram).FullName!, throwOnError: true)!;
        return (int)program.GetMethod(nameof(FuzzProgram.Run))!.Invoke(null, [arguments])!;
    }

    protected override Assembly? Load(AssemblyName assemblyName) =>
        Path.Combine(_directory, assemblyName.Name + ".dll") is var path && File.Exists(path) ? LoadFromAssemblyPath(path) : null;

    private static string Instrument(string directory)
    {
        var copies = Directory.CreateDirectory(Path.Combine(directory, "instrumented")).FullName;
        foreach (var assembly in Directory.EnumerateFiles(directory, "*.dll").Where(IsOurs))
        {
            var copy = Path.Combine(copies, Path.GetFileName(assembly));
            if (File.Exists(copy) && File.GetLastWriteTimeUtc(copy) == File.GetLastWriteTimeUtc(assembly))
            {
                continue;
            }

            var partial = copy + ".partial";
            File.Copy(assembly, partial, overwrite: true);
            SharpFuzz.Fuzzer.Instrument(partial, static _ => true, SharpFuzz.Options.Value);
            File.SetLastWriteTimeUtc(partial, File.GetLastWriteTimeUtc(assembly));
            File.Move(partial, copy, overwrite: true);
        }

        return copies;
    }

    private static bool IsOurs(string path) =>
        Path.GetFileNameWithoutExtension(path) is var name
        && name.StartsWith("torchyard", StringComparison.OrdinalIgnoreCase)
        && name != "Torchyard.Fuzz";
}
