using Torchyard.Images.Capture.Elf;
using Torchyard.Images.Capture.Host;
using Torchyard.Images.Capture.Plan;
using Torchyard.Images.Capture.Python;
using Torchyard.Images.Environments;
using Torchyard.Images.Files;
using Torchyard.Platform;
using Torchyard.Recipes;

namespace Torchyard.Images.Capture;

/// <summary>
/// Decides what goes into a captured image: reads the environment and the machine, runs nothing, writes nothing. The plan is a function of
/// the machine's files and the request.
/// </summary>
/// <param name="tree">The machine.</param>
/// <param name="request">What is asked for.</param>
/// <param name="cancellation">Ends the work.</param>
internal sealed class CapturePlanner(HostTree tree, CaptureRequest request, CancellationToken cancellation)
{
    private const uint EnvironmentOwner = TrainerAccount.Id;

    // Debian divides the standard library among packages; these modules name those that a complete Python has.
    private static readonly string[] StandardModules =
        ["os.py", "json/__init__.py", "sqlite3/__init__.py", "venv/__init__.py", "ensurepip/__init__.py", "distutils/core.py"];

    // Where Debian's and Fedora's interpreters look for packages.
    private static readonly string[] SystemSitePatterns =
    [
        "/usr/local/lib/python{version}/dist-packages", "/usr/lib/python3/dist-packages",
        "/usr/lib64/python{version}/site-packages", "/usr/lib/python{version}/site-packages",
    ];

    private readonly List<Omission> _leftOut = [];
    private readonly List<Addition> _added = [];
    private readonly List<string> _warnings = [];
    private readonly List<EnvironmentPart> _parts = [];
    private readonly EntryFactory _factory = new(tree);
    private Relocation? _relocation;
    private IReadOnlyDictionary<string, byte[]> _rewritten = new Dictionary<string, byte[]>();
    // Another base system has packages of its own.
    private readonly HostPackages? _packages = request.Base is null ? HostPackages.Read(tree) : null;

    /// <summary>Makes the plan.</summary>
    /// <exception cref="TorchyardException">TY3030 to TY3033.</exception>
    public CapturePlan Plan()
    {
        var path = request.Directory.Length > 1 ? request.Directory.TrimEnd('/') : request.Directory;
        var environment = CapturedEnvironment.Inspect(tree, path);
        RefuseTooMuch(environment.Path, environment.Real);
        var target = request.At?.TrimEnd('/') ?? environment.Path;
        var installed = Installed(environment);
        var chosen = Choose(installed, environment);
        _parts.Add(Scan(environment.Real, target, installed, chosen, EnvironmentOwner, request.Only.Count > 0 ? environment : null));
        AddLinked(environment, chosen);
        if (target != environment.Path)
        {
            _relocation = new Relocation(tree, environment, target);
            _rewritten = _relocation.Rewrite(_parts[0], _warnings, cancellation);
        }

        var needs = new HostNeeds(tree, _packages, path => _parts.Exists(part => part.Contains(path)));
        FindInterpreter(environment, needs);
        FindSystemPackages(chosen, needs);
        FollowLinks(needs);
        AddUseful(environment, chosen, needs);
        var libraries = FindLibraries(needs);
        var packages = ChoosePackages(needs);
        var assembly = new LayerAssembly();
        AddBase(assembly, packages, needs);
        var layers = AddEnvironment(assembly, environment, target);
        return new CapturePlan
        {
            Request = request,
            Environment = environment,
            Target = target,
            Layers = layers,
            Accounts = request.Base?.Accounts ?? Accounts(layers),
            Services = Services(assembly, target, request.Base),
            Packages = packages,
            Distributions = chosen,
            ModuleRoots = ModuleRoots(environment, target),
            Added = _added,
            LeftOut = _leftOut,
            Missing = libraries.Missing,
            Drivers = libraries.Drivers,
            Warnings = _warnings,
            System = SystemName(),
            Created = _factory.Newest,
        };
    }

    private void RefuseTooMuch(string path, string real)
    {
        if (real is "/" or "/usr" or "/etc" or "/var" or "/opt" or "/home" or "/root" or "/lib" or "/bin" or "/proc" or "/sys" or "/dev" or "/run" or "/tmp" or "/mnt" or "/srv")
        {
            throw CaptureErrors.Refused(path, "a directory of the whole system");
        }

        if (IsHome(real))
        {
            throw CaptureErrors.Refused(path, "somebody's home directory");
        }
    }

    private bool IsHome(string path) => (tree.ReadText("/etc/passwd") ?? "").Split('\n')
        .Any(line => line.Split(':') is { Length: >= 7 } fields && uint.TryParse(fields[2], out var id) && (id == 0 || id >= 1000) && fields[5].TrimEnd('/') == path);

    private List<InstalledDistribution> Installed(CapturedEnvironment environment)
    {
        var reader = new DistributionReader(tree);
        var conda = environment.Kind == EnvironmentKind.Conda ? reader.ReadConda(environment.Real) : [];
        var listed = conda.SelectMany(package => package.Files).ToHashSet(StringComparer.Ordinal);
        // Of a conda package that has a dist-info, conda's own list is the one that counts.
        var wheels = environment.Sites.SelectMany(reader.ReadSite).Where(wheel => !listed.Contains(wheel.Origin + "/METADATA"));
        var system = environment.SystemSite ? SystemSites(environment).Where(IsSystemDirectory).SelectMany(reader.ReadSite) : [];
        return [.. conda.Concat(wheels).Concat(system).OrderBy(distribution => distribution.Name, StringComparer.Ordinal)];
    }

    private List<InstalledDistribution> Choose(List<InstalledDistribution> installed, CapturedEnvironment environment)
    {
        var chosen = installed;
        if (request.Only.Count > 0)
        {
            var names = DistributionSelection.Closure(
                installed, request.Only.Concat(request.Include.Where(item => !item.StartsWith('/'))), environment.FullVersion ?? "3", Machine());
            chosen = [.. installed.Where(distribution => names.Contains(distribution.Name))];
            // Packages of a conda prefix that hold its interpreter together are needed by every distribution.
            _leftOut.AddRange(installed.Except(chosen).Select(distribution => new Omission($"{distribution.Name} {distribution.Version}", "not needed by what --only names")));
        }

        var excluded = installed.Where(distribution => request.Exclude.Contains(distribution.Name, StringComparer.OrdinalIgnoreCase)).ToList();
        foreach (var distribution in excluded)
        {
            _leftOut.Add(new Omission($"{distribution.Name} {distribution.Version}", "--exclude"));
            foreach (var other in chosen.Except(excluded).Where(other => DistributionSelection.Names(other).Contains(distribution.Name)))
            {
                _warnings.Add($"{other.Name} needs {distribution.Name}, which --exclude leaves out");
            }
        }

        return [.. chosen.Except(excluded)];
    }

    /// <summary>Lists a directory, without what belongs to distributions that are not chosen.</summary>
    private EnvironmentPart Scan(
        string root, string target, IReadOnlyList<InstalledDistribution> installed, IReadOnlyList<InstalledDistribution> chosen, uint owner, CapturedEnvironment? partOf)
    {
        var owners = new Dictionary<string, InstalledDistribution>(StringComparer.Ordinal);
        foreach (var distribution in installed)
        {
            foreach (var file in distribution.Files)
            {
                owners.TryAdd(file, distribution);
            }
        }

        var taken = chosen.ToHashSet();
        var patterns = request.Exclude.Where(item => !installed.Any(distribution => distribution.Name.Equals(item, StringComparison.OrdinalIgnoreCase))).ToList();
        var rules = new TreeRules(tree, owners.Keys.ToHashSet(StringComparer.Ordinal), patterns, root);
        var entries = new TreeScan(tree).List(
            root,
            entry =>
            {
                if (rules.Refuse(entry) is { } reason)
                {
                    return reason;
                }

                if (owners.TryGetValue(entry.Path, out var distribution))
                {
                    return taken.Contains(distribution) ? null : "";
                }

                return partOf is not null && !entry.IsDirectory && !IsSkeleton(entry.Path, partOf) ? "" : null;
            },
            _leftOut,
            cancellation);
        return new EnvironmentPart(root, target, entries, owner) { Owners = owners };
    }

    /// <summary>What makes an environment work whichever distributions are in it: interpreter, activation, path configuration.</summary>
    private static bool IsSkeleton(string path, CapturedEnvironment environment)
    {
        foreach (var site in environment.Sites)
        {
            if (path.StartsWith(site + "/", StringComparison.Ordinal))
            {
                var name = path[(site.Length + 1)..];
                return !name.Contains('/', StringComparison.Ordinal) && (name.EndsWith(".pth", StringComparison.Ordinal) || name.EndsWith(".py", StringComparison.Ordinal));
            }
        }

        var inside = path[(environment.Real.Length + 1)..];
        return !inside.StartsWith("bin/", StringComparison.Ordinal)
            || inside.StartsWith("bin/python", StringComparison.Ordinal) || inside.StartsWith("bin/activate", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Directories that the environment imports from, and those that the user names.</summary>
    private void AddLinked(CapturedEnvironment environment, List<InstalledDistribution> chosen)
    {
        var wanted = new LinkedDirectories(tree).Find(environment.Sites, chosen).Select(pair => new Addition(pair.Key, pair.Value)).ToList();
        if (environment.SystemSite)
        {
            wanted.AddRange(SystemSites(environment).Select(site => new Addition(site, "the environment sees the system's packages (include-system-site-packages)")));
        }

        foreach (var include in request.Include.Where(item => item.StartsWith('/')))
        {
            wanted.Add(new Addition(tree.Resolve(include) ?? throw CaptureErrors.NoDirectory(include), "--include"));
        }

        foreach (var addition in wanted)
        {
            if (_parts.Exists(part => part.Contains(addition.Path)) || !tree.TryStat(addition.Path, out var stat))
            {
                continue;
            }

            if (stat.Type == Posix.TypeDirectory && IsSystemDirectory(addition.Path))
            {
                _systemSites.Add(addition.Path);
            }
            else if (addition.Path == "/" || IsHome(addition.Path))
            {
                _leftOut.Add(new Omission(addition.Path, $"{addition.Reason}, but a home directory is not captured as a whole"));
            }
            else
            {
                var installed = new DistributionReader(tree).ReadSite(addition.Path);
                _parts.Add(Scan(addition.Path, addition.Path, installed, installed, EnvironmentOwner, null));
                _added.Add(addition);
            }
        }
    }

    // Directories of Python packages that dpkg's packages share, such as /usr/lib/python3/dist-packages.
    private readonly List<string> _systemSites = [];

    // Debian's Python lists its directory for the administrator's own packages too, which no package has anything in.
    private bool IsSystemDirectory(string path) => !path.StartsWith("/usr/local/", StringComparison.Ordinal) && _packages?.OwnersOf(path).Count > 0;

    private IEnumerable<string> SystemSites(CapturedEnvironment environment) =>
        SystemSitePatterns.Select(pattern => pattern.Replace("{version}", environment.Version, StringComparison.Ordinal)).Select(site => tree.Resolve(site)).OfType<string>();

    private void FindInterpreter(CapturedEnvironment environment, HostNeeds needs)
    {
        if (environment is not { RealInterpreter: { } interpreter, Version: { } version })
        {
            return;
        }

        if (request.Base is { } system && !_parts.Exists(part => part.Contains(interpreter)) && interpreter.StartsWith("/usr/bin/", StringComparison.Ordinal))
        {
            RequireInterpreter(system, environment, interpreter);
            return;
        }

        if (_packages?.OwnersOf(interpreter).Count > 0)
        {
            foreach (var module in StandardModules)
            {
                needs.Path($"/usr/lib/python{version}/{module}", "the standard library");
            }

            needs.Package("python" + version, "the environment's interpreter");
            needs.Package("python3", "the environment's interpreter");
        }
        else if (!_parts.Exists(part => part.Contains(interpreter)))
        {
            AddPrefix(environment, interpreter, version);
        }

        needs.Path(environment.Interpreter!, "the environment's interpreter");
        if (environment.Home is { } home)
        {
            // The interpreter looks for its library beside the program that "home" has.
            foreach (var name in new[] { "python3", "python", "python" + version }.Where(name => tree.IsFile($"{home}/{name}")))
            {
                needs.Path($"{home}/{name}", "the environment's interpreter");
            }
        }

    }

    /// <summary>The interpreter's path must lead to the same version in the base image, also from where the environment enters it.</summary>
    private void RequireInterpreter(CaptureBase system, CapturedEnvironment environment, string interpreter)
    {
        var links = new List<string>();
        _ = tree.Resolve(environment.Interpreter!, links);
        var entry = links.FirstOrDefault(link => !_parts.Exists(part => part.Contains(link))) ?? interpreter;
        if (!system.Tree.IsFile(interpreter) || system.Tree.Resolve(entry) != interpreter)
        {
            throw CaptureErrors.NoInterpreter(system.Image.Names is [var name, ..] ? name : system.Image.Manifest.ToString(), interpreter, system.Pythons);
        }
    }

    /// <summary>The packages behind what the environment sees of the system: all, or with --only those of the distributions that were chosen.</summary>
    private void FindSystemPackages(IReadOnlyList<InstalledDistribution> chosen, HostNeeds needs)
    {
        foreach (var site in _systemSites)
        {
            var paths = request.Only.Count == 0
                ? tree.List(site).Select(name => $"{site}/{name}")
                : chosen.Select(distribution => distribution.Origin).Where(origin => origin.StartsWith(site + "/", StringComparison.Ordinal));
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
            if (tree.Resolve(root) is not { } real || !tree.IsDirectory(real) || _parts.Exists(part => part.Contains(real)))
            {
                continue;
            }

            var rules = new TreeRules(tree, new HashSet<string>(), request.Exclude, real);
            var entries = new TreeScan(tree).List(
                real,
                entry => entry.IsDirectory && entry.Path.EndsWith($"/python{version}/test", StringComparison.Ordinal)
                    ? "the interpreter's tests of itself"
                    : !environment.SystemSite && IsForeignSite(entry, version)
                        ? "packages of the interpreter that the environment does not see"
                        : rules.Refuse(entry),
                _leftOut, cancellation);
            _parts.Add(new EnvironmentPart(real, real, entries, 0) { Owners = new Dictionary<string, InstalledDistribution>() });
            _added.Add(new Addition(real, $"the environment's interpreter, Python {environment.FullVersion}"));
        }
    }

    private static bool IsForeignSite(ScannedEntry entry, string version) =>
        entry.IsDirectory && (entry.Path.EndsWith($"/python{version}/site-packages", StringComparison.Ordinal)
            || entry.Path.EndsWith($"/python{version}/dist-packages", StringComparison.Ordinal));

    /// <summary>Links that lead out of what is taken: programs and libraries come along, other things are named.</summary>
    private void FollowLinks(HostNeeds needs)
    {
        foreach (var link in _parts.SelectMany(part => part.Entries).Where(entry => entry.IsLink).ToList())
        {
            var real = tree.Resolve(link.Path);
            if (real is null)
            {
                _warnings.Add($"{link.Path} is a link to {link.LinkTarget}, which does not exist");
            }
            else if (!_parts.Exists(part => part.Contains(real)) && request.Base?.Tree.IsFile(real) != true)
            {
                if (DriverLibraries.IsDriver(real))
                {
                    _leftOut.Add(new Omission(real, $"{link.Path} leads to it, and it belongs to the NVIDIA driver"));
                }
                else if (_packages?.OwnersOf(real).Count > 0 || ElfImage.TryRead(tree.Place(real)) is not null)
                {
                    needs.Path(link.Path, $"{link.Path} leads to it");
                }
                else
                {
                    _leftOut.Add(new Omission(real, $"{link.Path} leads to it, out of the environment; --include takes it"));
                }
            }
        }
    }

    private void AddUseful(CapturedEnvironment environment, List<InstalledDistribution> chosen, HostNeeds needs)
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
                throw CaptureErrors.NoSuchPackage(package, _packages?.All.Select(other => other.Name) ?? []);
            }
        }

        if (environment.Version is { } version && chosen.Exists(distribution => distribution.Name is "triton" or "pytorch-triton"))
        {
            var found = BaseSystem.Compilers(version).Count(package => needs.Package(package, "torch.compile and Triton compile with it"));
            if (found == 0 && environment.Kind != EnvironmentKind.Conda)
            {
                _warnings.Add("this machine has no package of a C compiler, so the image has none: torch.compile and Triton need one");
            }
        }

        if (_packages is not null)
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
            AddData(data, needs);
        }
    }

    private void AddData(string path, HostNeeds needs)
    {
        if (!tree.IsDirectory(path))
        {
            needs.Path(path, "part of a usable system");
            return;
        }

        foreach (var name in tree.List(path))
        {
            AddData($"{path}/{name}", needs);
        }
    }

    private LibraryClosure FindLibraries(HostNeeds needs)
    {
        var files = _parts.SelectMany(part => part.Entries).Where(entry => entry.IsFile && IsLikelyElf(entry)).Select(entry => entry.Path).ToList();
        var own = _parts.SelectMany(part => part.Entries).Where(entry => !entry.IsDirectory).Select(entry => ArchivePath.Name(entry.Path)).ToHashSet(StringComparer.Ordinal);
        var closure = new LibraryClosure(tree, path => _parts.Exists(part => part.Contains(path)));
        closure.Add(files, own, cancellation);
        // What is taken by itself has no package whose Depends would name its libraries.
        for (var before = -1; before != needs.Loose.Count;)
        {
            before = needs.Loose.Count;
            foreach (var (path, file) in closure.Found.Where(pair => request.Base?.HasLibrary(ArchivePath.Name(pair.Key)) != true))
            {
                needs.Path(path, request.Base is null ? $"{file} needs it" : $"{file} needs it, and the base image has none");
            }

            closure.Add([.. needs.Loose.Keys.Where(path => tree.TryStat(path, out var stat) && stat.Type == Posix.TypeFile)], own, cancellation);
        }

        if (_packages is null && request.Base is null)
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
            _added.Add(new Addition(path, needs.Loose[path]));
        }

        return closure;
    }

    private static bool IsLikelyElf(ScannedEntry entry) =>
        entry.Stat.Size > 64 && (entry.IsExecutable || ArchivePath.Name(entry.Path).Contains(".so", StringComparison.Ordinal));

    private List<HostPackage> ChoosePackages(HostNeeds needs)
    {
        if (_packages is null)
        {
            return [];
        }

        var seeds = needs.Packages.Keys.Concat(_packages.All.Where(package => package.Essential || package.Required));
        _added.AddRange(needs.Packages.OrderBy(pair => pair.Key.InfoName, StringComparer.Ordinal).Select(pair => new Addition(pair.Key.Name, pair.Value)));
        return [.. _packages.Closure(seeds).OrderBy(package => package.InfoName, StringComparer.Ordinal)];
    }

    private void AddBase(LayerAssembly assembly, List<HostPackage> packages, HostNeeds needs)
    {
        var system = new SystemFiles(tree);
        var info = packages.Count > 0 ? system.InfoFiles() : Array.Empty<string>().ToLookup(_ => "");
        foreach (var (title, group) in PackageGrouping.Group(packages))
        {
            var entries = new List<CaptureEntry>();
            foreach (var path in group.SelectMany(package => _packages!.FilesOf(package).Concat(info[package.InfoName])))
            {
                if (DriverLibraries.IsDriver(path) || _parts.Exists(part => part.Contains(path)))
                {
                    continue;
                }

                var (entry, reason) = _factory.OfPackage(path);
                // Of what changes while the machine runs, the directories are the package's and the content is the machine's.
                if (BaseSystem.IsOfTheMachine(path) && entry?.Entry.Kind != Tar.TarKind.Directory)
                {
                    continue;
                }

                if (entry is not null)
                {
                    entries.Add(entry);
                }
                else if (reason.Length > 0)
                {
                    _leftOut.Add(new Omission(path, reason));
                }
            }

            assembly.Add(title, entries);
        }

        var settings = new List<CaptureEntry>();
        foreach (var path in needs.Loose.Keys.Where(path => !BaseSystem.IsOfTheMachine(path) || path.StartsWith("/root/", StringComparison.Ordinal) || path.StartsWith("/home/", StringComparison.Ordinal)))
        {
            Take(path, settings);
        }

        if (request.Base is not null)
        {
            assembly.Add("libraries of this machine that the base image lacks", settings);
            Traverse(assembly);
            return;
        }

        bool Has(string path) => assembly.Paths.Contains(path) || settings.Exists(entry => entry.Entry.Name == path);

        if (packages.Any(package => package.Name == "ca-certificates"))
        {
            foreach (var path in system.Certificates())
            {
                Take(path, settings);
            }
        }

        settings.AddRange(system.Skeleton(Has));
        if (packages.Count > 0)
        {
            settings.AddRange(system.ChosenAlternatives(Has));
            settings.AddRange(system.PackageDatabase(packages));
        }

        if (system.LoaderCache(Has) is { } cache)
        {
            settings.Add(cache);
        }

        assembly.Add(packages.Count > 0 ? "base system: settings" : "base system", settings);
        Traverse(assembly);
    }

    private void Take(string path, List<CaptureEntry> into)
    {
        var (entry, reason) = _factory.Loose(path);
        if (entry is not null)
        {
            into.Add(entry);
        }
        else if (reason.Length > 0)
        {
            _leftOut.Add(new Omission(path, reason));
        }
    }

    /// <summary>Lets the image's user pass through root's home when something that was captured lies in it.</summary>
    private void Traverse(LayerAssembly assembly)
    {
        if (_parts.Exists(part => part.Target.StartsWith("/root/", StringComparison.Ordinal)) || assembly.Paths.Any(path => path.StartsWith("root/", StringComparison.Ordinal)))
        {
            assembly.Redescribe(CaptureEntry.Directory("root", 0x1C9));
        }
    }

    private IReadOnlyList<PlannedLayer> AddEnvironment(LayerAssembly assembly, CapturedEnvironment environment, string target)
    {
        foreach (var part in _parts)
        {
            foreach (var directory in part.Entries.Where(entry => entry.IsDirectory))
            {
                assembly.Describe(CaptureEntry.Directory(part.InImage(directory.Path), user: part.Owner, group: part.Owner));
            }
        }

        foreach (var part in _parts.Where(part => part.Owner == 0))
        {
            assembly.Add($"python at {part.Root}", Entries(part, _ => true));
        }

        foreach (var (title, names) in DistributionGrouping.Group(_parts, request.Image.LayerBudget))
        {
            assembly.Add(title, _parts.SelectMany(part => Entries(part, entry => part.Owners.TryGetValue(entry.Path, out var owner) && names.Contains(owner))));
        }

        foreach (var part in _parts.Where(part => part.Owner != 0).Skip(1))
        {
            assembly.Add($"linked {part.Root}", Entries(part, entry => !part.Owners.ContainsKey(entry.Path)));
        }

        var rest = Entries(_parts[0], entry => !_parts[0].Owners.ContainsKey(entry.Path)).ToList();
        // Empty directories too: some programs expect theirs.
        var filled = _parts[0].Entries.Select(entry => ArchivePath.Parent(entry.Path)).ToHashSet(StringComparer.Ordinal);
        rest.AddRange(_parts[0].Entries.Where(entry => entry.IsDirectory && !filled.Contains(entry.Path) && IsKeptEmpty(entry.Path, environment))
            .Select(entry => CaptureEntry.Directory(_parts[0].InImage(entry.Path), user: EnvironmentOwner, group: EnvironmentOwner)));
        if (environment.Real != environment.Path && request.At is null && tree.ResolveParent(environment.Path) is not null)
        {
            // Some of its files name the place that the link leads to.
            rest.Add(CaptureEntry.Link(environment.Real[1..], environment.Path));
        }

        assembly.Add($"environment {target}", rest);
        return assembly.Build();
    }

    /// <summary>
    /// Not a directory whose content was left out: Python takes what is left of a package for a namespace, and a program that asks whether
    /// the package can be imported hears yes.
    /// </summary>
    private bool IsKeptEmpty(string path, CapturedEnvironment environment) =>
        tree.List(path).Count == 0
        && (request.Only.Count == 0 || !environment.Sites.Any(site => path.StartsWith(site + "/", StringComparison.Ordinal)));

    private IEnumerable<CaptureEntry> Entries(EnvironmentPart part, Func<ScannedEntry, bool> wanted)
    {
        foreach (var entry in part.Entries)
        {
            if (!entry.IsDirectory && wanted(entry) && _factory.OfEnvironment(entry, part.InImage(entry.Path), part.Owner) is { } made)
            {
                yield return ReferenceEquals(part, _parts[0]) ? Relocated(entry, made) : made;
            }
        }
    }

    private CaptureEntry Relocated(ScannedEntry entry, CaptureEntry made)
    {
        if (_relocation is null)
        {
            return made;
        }

        return _rewritten.TryGetValue(entry.Path, out var content)
            ? new CaptureEntry(made.Entry with { Size = content.Length }) { Content = content }
            : entry.IsLink ? new CaptureEntry(made.Entry with { LinkTarget = _relocation.Retarget(made.Entry.LinkTarget) }) : made;
    }

    private AccountFiles Accounts(IReadOnlyList<PlannedLayer> layers)
    {
        var entries = layers.SelectMany(layer => layer.Entries).ToList();
        return new SystemFiles(tree).Accounts(entries.Select(entry => entry.Entry.User).ToHashSet(), entries.Select(entry => entry.Entry.Group).ToHashSet());
    }

    private static ServiceSettings Services(LayerAssembly assembly, string target, CaptureBase? system)
    {
        return new ServiceSettings
        {
            Jupyter = Has($"{target}/bin/jupyter-lab") || Has($"{target}/bin/jupyter-notebook") || Has("/usr/bin/jupyter-lab") || Has("/usr/bin/jupyter-notebook")
                ? new JupyterSettings() : null,
            Ssh = Has("/usr/sbin/sshd") ? new SshSettings() : null,
        };

        bool Has(string path) => assembly.Paths.Contains(path[1..]) || system?.Tree.IsFile(path) == true;
    }

    private List<string> ModuleRoots(CapturedEnvironment environment, string target)
    {
        if (environment.Version is not { } version)
        {
            return [];
        }

        var roots = _parts.Select((part, index) => index == 0 ? $"{target[1..]}/lib/python{version}/" : part.Target[1..] + "/").ToList();
        roots.Add($"usr/lib/python{version}/");
        roots.Add("usr/lib/python3/dist-packages/");
        return roots;
    }

    private string SystemName()
    {
        var name = (tree.ReadText("/etc/os-release") ?? "").Split('\n').FirstOrDefault(line => line.StartsWith("PRETTY_NAME=", StringComparison.Ordinal));
        return name is null ? "Linux" : name["PRETTY_NAME=".Length..].Trim('"', ' ', '\r');
    }

    private static string Machine() => System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? "aarch64" : "x86_64";
}
