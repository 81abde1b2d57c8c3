using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using Torchyard.Images.Debian.Packages;
using Torchyard.Images.Errors;
using Torchyard.Images.Files;
using Torchyard.Images.Layers;
using Torchyard.Images.Sandbox;
using Torchyard.Images.Sources;
using Torchyard.Images.Tar;
using Torchyard.Images.Timings;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Debian.Configure;

/// <summary>
/// Compiles the modules of packages with the image's own interpreter, beside the rest of the build: the interpreter's packages are unpacked
/// a second time into a small root of their own, kept in the store, so that no layer has to be finished first.
/// </summary>
internal sealed partial class PythonCompiler : IDisposable
{
    // Modules of a process; part of the image format, see bytecode.py. Each process costs the pages that it copies from the one it is
    // forked from; too few of them, and one core waits for the last.
    private const int GroupSize = 192;

    private readonly IRootSandbox _sandbox;
    private readonly Task<string> _root;
    private readonly BuildTimings _timings;
    private readonly SemaphoreSlim _one = new(1);

    private PythonCompiler(IRootSandbox sandbox, string version, Digest key, Task<string> root, BuildTimings timings)
    {
        _sandbox = sandbox;
        Version = version;
        Key = key;
        _root = root;
        _timings = timings;
    }

    /// <summary>Language version, <c>3.13</c>.</summary>
    public string Version { get; }

    /// <summary>Key of everything that decides the bytecode: the interpreter's packages and the compiling program.</summary>
    public Digest Key { get; }

    private string Tag => "cpython-" + Version.Replace(".", "", StringComparison.Ordinal);

    /// <summary>Prepares a compiler if the packages have an interpreter; null if not.</summary>
    /// <param name="context">The build.</param>
    /// <param name="controls">Control paragraphs of all packages of the lock.</param>
    /// <param name="fileOf">Gives the file of a package, once it is there.</param>
    internal static PythonCompiler? Create(
        LayerContext context,
        IReadOnlyDictionary<LockedDebianPackage, ControlParagraph> controls,
        Func<LockedDebianPackage, Task<string>> fileOf
    )
    {
        var interpreters = controls
            .Keys.Select(package => (Package: package, Match: InterpreterPackage().Match(package.Name)))
            .Where(pair => pair.Match.Success)
            .OrderBy(pair => pair.Package.Name, StringComparer.Ordinal)
            .ToList();
        if (interpreters.Count == 0)
        {
            return null;
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        // Maintainer scripts need debconf and perl, the interpreter does not.
        var relations = new PackageRelations(
            controls
                .Where(pair => pair.Key.Name != "debconf")
                .OrderBy(pair => pair.Key.Name, StringComparer.Ordinal)
                .Select(pair => pair.Value)
        );
        relations.AddClosure(interpreters[0].Package.Name, names);
        var needed = controls
            .Keys.Where(package => names.Contains(package.Name))
            .OrderBy(package => package.Name, StringComparer.Ordinal)
            .ToList();
        var key = BuildKey.Of("python", [Program(), .. needed.Select(package => package.Sha256.Hex)]);
        var directory = Path.Combine(context.Store.Build, "python");
        var root = context.Track(Task.Run(PrepareAsync, context.Cancellation));
        return context.Own(new PythonCompiler(context.Sandbox, interpreters[0].Match.Groups[1].Value, key, root, context.Timings));

        async Task<string> PrepareAsync()
        {
            var files = await Task.WhenAll(needed.Select(async package => (package, await fileOf(package))));
            return context.Timings.Measure(BuildWork.PrepareInterpreter, interpreters[0].Package.Name, () =>
                Prepare(files, Path.Combine(directory, key.Hex), Path.Combine(context.Directory, "python"), context)
            );
        }
    }

    /// <summary>Compiles modules that lie below a directory, beside whatever else is going on.</summary>
    /// <param name="modules">Names relative to the root, in order.</param>
    /// <param name="sources">Directory that the names are relative to.</param>
    /// <param name="work">A new directory on the store's file system for the sandbox.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <returns>Directory with the bytecode, by paths relative to the root.</returns>
    internal async Task<string> CompileAsync(IReadOnlyList<string> modules, string sources, string work, CancellationToken cancellation)
    {
        var root = await _root;
        await _one.WaitAsync(cancellation);
        try
        {
            return await RunAsync([root], modules, "/src", new Dictionary<string, string> { [sources] = "/src" }, work, cancellation);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>
    /// Compiles modules of a configured root in place of its own scripts; links between packages lead where they will in the image.
    /// </summary>
    /// <param name="modules">Names relative to the root, in order.</param>
    /// <param name="layers">Layers of the root, top first.</param>
    /// <param name="work">As for <see cref="CompileAsync"/>.</param>
    /// <param name="cancellation">Ends the work.</param>
    internal Task<string> CompileInRootAsync(
        IReadOnlyList<string> modules,
        IReadOnlyList<string> layers,
        string work,
        CancellationToken cancellation
    ) => RunAsync(layers, modules, "", new Dictionary<string, string>(), work, cancellation);

    private async Task<string> RunAsync(
        IReadOnlyList<string> layers,
        IReadOnlyList<string> modules,
        string prefix,
        Dictionary<string, string> mounts,
        string work,
        CancellationToken cancellation
    )
    {
        var jobs = new StringBuilder();
        foreach (var group in modules.Chunk(GroupSize))
        {
            foreach (var module in group)
            {
                jobs.Append(prefix)
                    .Append('/')
                    .Append(module)
                    .Append("\t/")
                    .Append(module)
                    .Append("\t/torchyard/out/")
                    .Append(BytecodePath(module))
                    .Append('\n');
            }

            jobs.Append('\n');
        }

        var upper = Path.Combine(work, "upper");
        var own = Path.Combine(upper, "torchyard");
        Directory.CreateDirectory(Path.Combine(own, "out"));
        Directory.CreateDirectory(Path.Combine(work, "work"));
        await File.WriteAllTextAsync(Path.Combine(own, "bytecode.py"), Program(), cancellation);
        await File.WriteAllTextAsync(Path.Combine(own, "jobs"), jobs.ToString(), cancellation);
        var result = await _timings.MeasureAsync(
            BuildWork.Compile,
            ArchivePath.Name(Path.GetDirectoryName(work)!),
            () =>
                _sandbox.RunAsync(
                    new SandboxRequest
                    {
                        Lower = layers,
                        Upper = upper,
                        Work = Path.Combine(work, "work"),
                        Arguments =
                        [
                            $"/usr/bin/python{Version}",
                            "-S",
                            "-B",
                            "/torchyard/bytecode.py",
                            "/torchyard/jobs",
                            Environment.ProcessorCount.ToString(System.Globalization.CultureInfo.InvariantCulture),
                        ],
                        // Nothing of the machine, and the same order of sets everywhere.
                        Environment = new Dictionary<string, string>
                        {
                            ["PATH"] = "/usr/bin:/bin",
                            ["LC_ALL"] = "C.UTF-8",
                            ["PYTHONHASHSEED"] = "0",
                            ["PYTHONWARNINGS"] = "ignore",
                        },
                        ReadOnlyMounts = mounts,
                    },
                    cancellation
                ),
            SandboxTime.Of
        );
        return result.ExitCode == 0
            ? Path.Combine(own, "out")
            : throw ImageErrors.ConfigureFailed("compiling Python modules", result.ExitCode, result.Tail);
    }

    /// <summary>More bytes than the bytecode of any module has.</summary>
    internal const long LargestBytecode = 256 << 20;

    /// <summary>Where the bytecode of a module goes (PEP 3147).</summary>
    internal string BytecodePath(string module)
    {
        var name = ArchivePath.Name(module);
        var directory = ArchivePath.Parent(module);
        return $"{directory}/__pycache__/{name[..^3]}.{Tag}.pyc";
    }

    /// <summary>Entries for the bytecode that was made: owner and time of the module, and the directories that hold it.</summary>
    internal List<TarEntry> Entries(IEnumerable<TarEntry> modules, string made)
    {
        var entries = new List<TarEntry>();
        var directories = new HashSet<string>(StringComparer.Ordinal);
        using var output = ConfinedDirectory.Open(made);
        foreach (var module in modules.OrderBy(module => module.Name, StringComparer.Ordinal))
        {
            var path = BytecodePath(module.Name);
            if (output.Status(path) is not { } file)
            {
                continue;
            }

            if (!file.IsRegular || file.Size > LargestBytecode)
            {
                throw ImageErrors.ConfigureFailed(
                    "compiling Python modules",
                    0,
                    $"the interpreter left {file.Description} of {file.Size} bytes as {path}"
                );
            }

            if (directories.Add(ArchivePath.Parent(path)))
            {
                entries.Add(
                    new TarEntry
                    {
                        Name = ArchivePath.Parent(path),
                        Kind = TarKind.Directory,
                        Mode = FileModes.Directory,
                        ModifiedAt = module.ModifiedAt,
                    }
                );
            }

            entries.Add(
                new TarEntry
                {
                    Name = path,
                    Kind = TarKind.File,
                    Mode = FileModes.Readable,
                    Size = file.Size,
                    ModifiedAt = module.ModifiedAt,
                }
            );
        }

        return entries;
    }

    /// <inheritdoc />
    public void Dispose() => _one.Dispose();

    [GeneratedRegex(@"^python(3\.[0-9]+)-minimal\z")]
    private static partial Regex InterpreterPackage();

    private static string Program()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("bytecode.py")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private static string Prepare(
        IReadOnlyList<(LockedDebianPackage Package, string File)> packages,
        string target,
        string temporary,
        LayerContext context
    )
    {
        if (SealedDirectory.Has(target, context.Store))
        {
            return target;
        }

        Directory.CreateDirectory(temporary);
        using (var root = RootDirectory.Open(temporary))
        {
            foreach (var (package, file) in packages)
            {
                PackageUnpacker.Unpack(file, package, root, aside: temporary + ".aside", context.Cancellation);
            }

            foreach (var link in new[] { "bin", "sbin", "lib", "lib64" })
            {
                root.MakeSymlink(link, "usr/" + link, 0, 0, 0);
            }

            foreach (var directory in new[] { "src", "proc", "dev", "sys", "run", "tmp", "etc" })
            {
                root.MakeDirectory(directory);
            }
        }

        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        try
        {
            SealedDirectory.Seal(temporary, target);
        }
        catch (IOException) when (Directory.Exists(target))
        {
            // Another build was faster with the same.
        }

        return target;
    }
}
