using Torchyard.Images.Capture.Elf;
using Torchyard.Images.Capture.Host;
using Torchyard.Images.Capture.Python;
using Torchyard.Images.Capture.Request;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;

namespace Torchyard.Images.Capture.Plan;

/// <summary>Finds what an environment needs of the machine: its interpreter, packages, programs and libraries.</summary>
/// <param name="tree">The machine.</param>
/// <param name="request">What is asked for.</param>
/// <param name="installed">The machine's packages; null where it has no dpkg, or the image has another base.</param>
/// <param name="parts">The environment; an interpreter that no package owns becomes a part of its own.</param>
/// <param name="needs">Gets what is needed.</param>
/// <param name="notes">Gets what the user should know.</param>
/// <param name="cancellation">Ends the work.</param>
internal sealed class EnvironmentNeeds(
    HostTree tree,
    CaptureRequest request,
    HostPackages? installed,
    List<EnvironmentPart> parts,
    HostNeeds needs,
    CaptureNotes notes,
    CancellationToken cancellation
)
{
    // Debian divides the standard library among packages; these modules name those that a complete Python has.
    private static readonly string[] StandardModules =
    [
        "os.py",
        "json/__init__.py",
        "sqlite3/__init__.py",
        "venv/__init__.py",
        "ensurepip/__init__.py",
        "distutils/core.py",
    ];

    /// <summary>Finds all of it.</summary>
    /// <param name="environment">The environment.</param>
    /// <param name="chosen">Its distributions that are taken.</param>
    /// <param name="systemSites">Directories of Python packages that it shares with the system.</param>
    /// <returns>The libraries that are loaded, and the packages to take.</returns>
    public (LibraryClosure Libraries, List<HostPackage> Packages) Find(
        CapturedEnvironment environment,
        IReadOnlyList<InstalledDistribution> chosen,
        IReadOnlyList<string> systemSites
    )
    {
        FindInterpreter(environment);
        FindSystemPackages(chosen, systemSites);
        FollowLinks();
        AddUseful(environment, chosen);
        return (FindLibraries(), ChoosePackages());
    }

    private void FindInterpreter(CapturedEnvironment environment)
    {
        if (environment is not { RealInterpreter: { } interpreter, Version: { } version })
        {
            return;
        }

        TakeInterpreter(environment, interpreter, version);
        if (Borrowed(environment) is { } borrowed && borrowed != interpreter)
        {
            // A copied interpreter (venv --copies) still uses the library of the one that it was copied from.
            TakeInterpreter(environment, borrowed, version);
        }

        if (request.Base is not null && !parts.Exists(part => part.Contains(interpreter)))
        {
            return;
        }

        needs.Path(environment.Interpreter!, "the environment's interpreter");
        foreach (var program in Programs(environment).Where(program => request.Base?.Tree.IsFile(program) != true))
        {
            // The interpreter looks for its library beside the program that "home" has.
            needs.Path(program, "the environment's interpreter");
        }
    }

    private IEnumerable<string> Programs(CapturedEnvironment environment) =>
        environment.Home is not { } home
            ? []
            : new[] { "python3", "python", "python" + environment.Version }.Select(name => $"{home}/{name}").Where(tree.IsFile);

    /// <summary>The interpreter whose standard library a virtual environment uses, without links; null for other environments.</summary>
    private string? Borrowed(CapturedEnvironment environment)
    {
        var all = Programs(environment).Select(program => tree.Resolve(program)).OfType<string>().ToList();
        return all.Find(program => ArchivePath.Name(program) == "python" + environment.Version) ?? all.FirstOrDefault();
    }

    private void TakeInterpreter(CapturedEnvironment environment, string interpreter, string version)
    {
        if (
            request.Base is { } system
            && !parts.Exists(part => part.Contains(interpreter))
            && interpreter.StartsWith("/usr/bin/", StringComparison.Ordinal)
        )
        {
            RequireInterpreter(system, environment, interpreter);
            return;
        }

        if (installed?.OwnersOf(interpreter).Count > 0)
        {
            foreach (var module in StandardModules)
            {
                needs.Path($"/usr/lib/python{version}/{module}", "the standard library");
            }

            needs.Package("python" + version, "the environment's interpreter");
            needs.Package("python3", "the environment's interpreter");
        }
        else if (!parts.Exists(part => part.Contains(interpreter)))
        {
            AddPrefix(environment, interpreter, version);
        }
    }

    /// <summary>
    /// The interpreter's path must lead to the same version in the base image, also from where the environment enters it.
    /// </summary>
    private void RequireInterpreter(CaptureBase system, CapturedEnvironment environment, string interpreter)
    {
        var links = new List<string>();
        _ = tree.Resolve(environment.Interpreter!, links);
        var entry = links.FirstOrDefault(link => !parts.Exists(part => part.Contains(link))) ?? interpreter;
        if (!system.Tree.IsFile(interpreter) || system.Tree.Resolve(entry) != interpreter)
        {
            throw CaptureErrors.NoInterpreter(
                system.Image.Names is [var name, ..] ? name : system.Image.Manifest.ToString(),
                interpreter,
                system.Pythons
            );
        }
    }

    /// <summary>
    /// The packages behind what the environment sees of the system: all, or with --only those of the distributions that were chosen.
    /// </summary>
    private void FindSystemPackages(IReadOnlyList<InstalledDistribution> chosen, IReadOnlyList<string> systemSites)
    {
        foreach (var site in systemSites)
        {
            var paths =
                request.Only.Count == 0
                    ? tree.List(site).Select(name => $"{site}/{name}")
                    : chosen
                        .Select(distribution => distribution.Origin)
                        .Where(origin => origin.StartsWith(site + "/", StringComparison.Ordinal));
            foreach (var path in paths)
            {
                needs.Path(path, "the environment sees the system's packages");
            }
        }
    }

    /// <summary>An installation of Python that no package owns, such as those of uv and pyenv.</summary>
    private void AddPrefix(CapturedEnvironment environment, string interpreter, string version)
    {
        var prefix = interpreter[..Math.Max(0, interpreter.LastIndexOf("/bin/", StringComparison.Ordinal))];
        var shared = prefix is "" or "/usr" or "/usr/local";
        var roots = shared
            ? new[] { $"{prefix}/lib/python{version}", $"{prefix}/lib64/python{version}", $"{prefix}/include/python{version}" }
            : [prefix];
        foreach (var root in roots)
        {
            if (tree.Resolve(root) is not { } real || !tree.IsDirectory(real) || parts.Exists(part => part.Contains(real)))
            {
                continue;
            }

            var rules = new TreeRules(tree, new HashSet<string>(), request.Exclude, real);
            var entries = new TreeScan(tree).List(
                real,
                entry =>
                    entry.IsDirectory && entry.Path.EndsWith($"/python{version}/test", StringComparison.Ordinal)
                        ? "the interpreter's tests of itself"
                    : !environment.SystemSite && IsForeignSite(entry, version)
                        ? "packages of the interpreter that the environment does not see"
                    : rules.Refuse(entry),
                notes.LeftOut,
                cancellation
            );
            parts.Add(new EnvironmentPart(real, real, entries, 0) { Owners = new Dictionary<string, InstalledDistribution>() });
            notes.Added.Add(new Addition(real, $"the environment's interpreter, Python {environment.FullVersion}"));
        }
    }

    private static bool IsForeignSite(ScannedEntry entry, string version) =>
        entry.IsDirectory
        && (
            entry.Path.EndsWith($"/python{version}/site-packages", StringComparison.Ordinal)
            || entry.Path.EndsWith($"/python{version}/dist-packages", StringComparison.Ordinal)
        );

    /// <summary>Links that lead out of what is taken: programs and libraries come along, other things are named.</summary>
    private void FollowLinks()
    {
        foreach (var link in parts.SelectMany(part => part.Entries).Where(entry => entry.IsLink).ToList())
        {
            var real = tree.Resolve(link.Path);
            if (real is null)
            {
                notes.Warnings.Add($"{link.Path} is a link to {link.LinkTarget}, which does not exist");
            }
            else if (!parts.Exists(part => part.Contains(real)) && request.Base?.Tree.IsFile(real) != true)
            {
                if (DriverLibraries.IsDriver(real))
                {
                    notes.LeftOut.Add(new Omission(real, $"{link.Path} leads to it, and it belongs to the NVIDIA driver"));
                }
                else if (installed?.OwnersOf(real).Count > 0 || ElfImage.TryRead(tree.Place(real)) is not null)
                {
                    needs.Path(link.Path, $"{link.Path} leads to it");
                }
                else
                {
                    notes.LeftOut.Add(new Omission(real, $"{link.Path} leads to it, out of the environment; --include takes it"));
                }
            }
        }
    }

    private void AddUseful(CapturedEnvironment environment, IReadOnlyList<InstalledDistribution> chosen)
    {
        if (request.Base is not null)
        {
            return;
        }

        foreach (var (package, reason) in BaseSystem.Useful)
        {
            needs.Package(package, reason);
        }

        foreach (var package in request.Packages)
        {
            if (!needs.Package(package, "--package"))
            {
                throw CaptureErrors.NoSuchPackage(package, installed?.All.Select(other => other.Name) ?? []);
            }
        }

        if (environment.Version is { } version && chosen.Any(distribution => distribution.Name is "triton" or "pytorch-triton"))
        {
            var found = BaseSystem.Compilers(version).Count(package => needs.Package(package, "torch.compile and Triton compile with it"));
            if (found == 0 && environment.Kind != EnvironmentKind.Conda)
            {
                notes.Warnings.Add("this machine has no package of a C compiler, so the image has none: torch.compile and Triton need one");
            }
        }

        if (installed is not null)
        {
            return;
        }

        foreach (var program in BaseSystem.Programs)
        {
            foreach (var directory in new[] { "/usr/bin", "/bin", "/usr/sbin", "/sbin" })
            {
                if (tree.IsFile($"{directory}/{program}"))
                {
                    needs.Path($"{directory}/{program}", "part of a usable system");
                    break;
                }
            }
        }

        foreach (var data in BaseSystem.Data)
        {
            AddData(data);
        }
    }

    private void AddData(string path)
    {
        if (!tree.IsDirectory(path))
        {
            needs.Path(path, "part of a usable system");
            return;
        }

        foreach (var name in tree.List(path))
        {
            AddData($"{path}/{name}");
        }
    }

    private LibraryClosure FindLibraries()
    {
        var files = parts
            .SelectMany(part => part.Entries)
            .Where(entry => entry.IsFile && IsLikelyElf(entry))
            .Select(entry => entry.Path)
            .ToList();
        var own = parts
            .SelectMany(part => part.Entries)
            .Where(entry => !entry.IsDirectory)
            .Select(entry => ArchivePath.Name(entry.Path))
            .ToHashSet(StringComparer.Ordinal);
        var closure = new LibraryClosure(tree, path => parts.Exists(part => part.Contains(path)));
        closure.Add(files, own, cancellation);
        // What is taken by itself has no package whose Depends would name its libraries.
        for (var before = -1; before != needs.Loose.Count; )
        {
            before = needs.Loose.Count;
            foreach (var (path, file) in closure.Found.Where(pair => request.Base?.HasLibrary(ArchivePath.Name(pair.Key)) != true))
            {
                needs.Path(path, request.Base is null ? $"{file} needs it" : $"{file} needs it, and the base image has none");
            }

            closure.Add(
                [.. needs.Loose.Keys.Where(path => tree.TryStat(path, out var stat) && stat.Type == FileKind.Regular)],
                own,
                cancellation
            );
        }

        if (installed is null && request.Base is null)
        {
            foreach (var name in BaseSystem.LoadedByName)
            {
                foreach (var directory in new[] { "/lib64", "/usr/lib64", "/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu" })
                {
                    needs.Path($"{directory}/{name}", "glibc loads it at run time");
                }
            }
        }

        foreach (var path in needs.Loose.Keys)
        {
            notes.Added.Add(new Addition(path, needs.Loose[path]));
        }

        return closure;
    }

    private static bool IsLikelyElf(ScannedEntry entry) =>
        entry.Stat.Size > 64 && (entry.IsExecutable || ArchivePath.Name(entry.Path).Contains(".so", StringComparison.Ordinal));

    private List<HostPackage> ChoosePackages()
    {
        if (installed is null)
        {
            return [];
        }

        var seeds = needs.Packages.Keys.Concat(installed.All.Where(package => package.Essential || package.Required));
        notes.Added.AddRange(
            needs
                .Packages.OrderBy(pair => pair.Key.InfoName, StringComparer.Ordinal)
                .Select(pair => new Addition(pair.Key.Name, pair.Value))
        );
        return [.. installed.Closure(seeds).OrderBy(package => package.InfoName, StringComparer.Ordinal)];
    }
}
