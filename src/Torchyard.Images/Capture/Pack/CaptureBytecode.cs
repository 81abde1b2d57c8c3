using System.Globalization;
using System.Reflection;
using System.Text;
using Torchyard.Images.Capture.Plan;
using Torchyard.Images.Capture.Request;
using Torchyard.Images.Debian.Configure;
using Torchyard.Images.Tar;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Processes;

namespace Torchyard.Images.Capture.Pack;

/// <summary>
/// Compiles the modules of a layer with the environment's own interpreter, which works on this machine: unchecked hash-based bytecode
/// (PEP 552), which does not depend on times. What the environment has in its <c>__pycache__</c> directories is not taken: it names times
/// of this machine, and which modules have some depends on what was imported.
/// </summary>
/// <param name="plan">The plan.</param>
/// <param name="directory">A new directory of this capture.</param>
internal sealed class CaptureBytecode(CapturePlan plan, string directory) : IDisposable
{
    // Modules of a process; see bytecode.py.
    private const int GroupSize = 64;

    private readonly SemaphoreSlim _one = new(1);
    private readonly Digest _program = Digest.Of(Program());
    private int _number;

    /// <summary>True when modules are compiled at all.</summary>
    public bool IsWanted => plan.Request.Bytecode && plan.Environment.RealInterpreter is not null;

    /// <summary>What decides the bytecode beside the modules: the interpreter and the compiling program.</summary>
    public string Key =>
        !IsWanted || !StatusCalls.TryRead(At.CurrentDirectory, plan.Environment.RealInterpreter!, out var stat)
            ? "none"
            : $"{_program.Hex} {plan.Environment.FullVersion} {FileStamp.Of(stat)}";

    /// <summary>Bytecode of a layer's modules, with the directories that it lies in.</summary>
    /// <exception cref="TorchyardException">TY3036: the interpreter fails.</exception>
    public async Task<IReadOnlyList<CaptureEntry>> CompileAsync(PlannedLayer layer, CancellationToken cancellation)
    {
        var modules = IsWanted ? layer.Entries.Where(IsModule).ToList() : [];
        if (modules.Count == 0)
        {
            return [];
        }

        await _one.WaitAsync(cancellation);
        try
        {
            var work = Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"bytecode-{_number++}"));
            await RunAsync(modules, work, cancellation);
            return Collect(modules, Path.Combine(work, "out"));
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();

    private bool IsModule(CaptureEntry entry) =>
        entry.Source is not null
        && entry.Entry.Kind == TarKind.File
        && PythonModules.HasBytecode(entry.Entry.Name)
        && entry.Entry.Name.AsSpan().IndexOfAny('\t', '\n') < 0
        && plan.ModuleRoots.Any(root => entry.Entry.Name.StartsWith(root, StringComparison.Ordinal));

    private async Task RunAsync(List<CaptureEntry> modules, string work, CancellationToken cancellation)
    {
        Directory.CreateDirectory(Path.Combine(work, "out"));
        await File.WriteAllBytesAsync(Path.Combine(work, "bytecode.py"), Program(), cancellation);
        var jobs = new StringBuilder();
        foreach (var group in modules.Chunk(GroupSize))
        {
            foreach (var module in group)
            {
                jobs.Append(module.Source)
                    .Append("\t/")
                    .Append(module.Entry.Name)
                    .Append('\t')
                    .Append(Path.Combine(work, "out", BytecodePath(module.Entry.Name)))
                    .Append('\n');
            }

            jobs.Append('\n');
        }

        await File.WriteAllTextAsync(Path.Combine(work, "jobs"), jobs.ToString(), cancellation);
        var result = await HostCommand.RunAsync(
            Interpreter(plan.Environment.Interpreter!),
            [
                "-S",
                "-B",
                Path.Combine(work, "bytecode.py"),
                Path.Combine(work, "jobs"),
                Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture),
            ],
            // Nothing of the caller, and the same order of sets everywhere.
            new Dictionary<string, string>
            {
                ["PATH"] = "/usr/bin:/bin",
                ["LC_ALL"] = "C.UTF-8",
                ["PYTHONHASHSEED"] = "0",
                ["PYTHONNOUSERSITE"] = "1",
                ["PYTHONWARNINGS"] = "ignore",
            },
            bounds: ProgramBounds.Environment,
            cancellation: cancellation
        );
        if (result.ExitCode != 0)
        {
            throw CaptureErrors.BytecodeFailed(plan.Environment.Interpreter!, result.ExitCode, result.Error);
        }
    }

    private static HostProgram Interpreter(string path)
    {
        try
        {
            return HostProgram.At(path);
        }
        catch (TorchyardException refused) when (refused.Code == PlatformCodes.ProgramNotTrusted)
        {
            throw CaptureErrors.ForeignInterpreter(refused);
        }
    }

    /// <summary>Where the bytecode of a module goes (PEP 3147).</summary>
    private string BytecodePath(string module)
    {
        var tag = "cpython-" + plan.Environment.Version!.Replace(".", "", StringComparison.Ordinal);
        return $"{ArchivePath.Parent(module)}/__pycache__/{ArchivePath.Name(module)[..^3]}.{tag}.pyc";
    }

    private List<CaptureEntry> Collect(List<CaptureEntry> modules, string made)
    {
        var entries = new List<CaptureEntry>();
        var directories = new HashSet<string>(StringComparer.Ordinal);
        foreach (var module in modules)
        {
            var path = BytecodePath(module.Entry.Name);
            var place = Path.Combine(made, path);
            if (!StatusCalls.TryRead(At.CurrentDirectory, place, out var stat))
            {
                // A template, or syntax of another version: Python says so when the module is imported.
                continue;
            }

            if (directories.Add(ArchivePath.Parent(path)))
            {
                entries.Add(CaptureEntry.Directory(ArchivePath.Parent(path), user: module.Entry.User, group: module.Entry.Group));
            }

            entries.Add(
                new CaptureEntry(module.Entry with { Name = path, Mode = FileModes.Readable, Size = (long)stat.Size, Xattrs = [] })
                {
                    Source = place,
                    Stamp = FileStamp.Of(stat),
                }
            );
        }

        return entries;
    }

    private static byte[] Program()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("bytecode.py")!;
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }
}
