using Torchyard.Images.Capture.Host;
using Torchyard.Images.Capture.Plan;
using Torchyard.Images.Capture.Python;
using Torchyard.Images.Capture.Request;
using Torchyard.Images.Environments;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;
using Torchyard.Recipes.Settings;

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
    private const uint EnvironmentOwner = EnvironmentPlaces.UserId;

    // Where Debian's and Fedora's interpreters look for packages.
    private static readonly string[] SystemSitePatterns =
    [
        "/usr/local/lib/python{version}/dist-packages",
        "/usr/lib/python3/dist-packages",
        "/usr/lib64/python{version}/site-packages",
        "/usr/lib/python{version}/site-packages",
    ];

    private readonly CaptureNotes _notes = new();
    private readonly List<EnvironmentPart> _parts = [];

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
        var relocation = target == environment.Path ? null : new Relocation(tree, environment, target);
        var rewritten = relocation?.Rewrite(_parts[0], _notes.Warnings, cancellation) ?? new Dictionary<string, byte[]>();

        var needs = new HostNeeds(tree, _packages, path => _parts.Exists(part => part.Contains(path)));
        var (libraries, packages) = new EnvironmentNeeds(tree, request, _packages, _parts, needs, _notes, cancellation).Find(
            environment,
            chosen,
            _systemSites
        );
        var factory = new EntryFactory(tree);
        var assembly = new LayerAssembly();
        new BaseLayers(tree, request, _packages, _parts, factory, _notes).Add(assembly, packages, needs);
        var layers = new EnvironmentLayers(tree, request, _parts, factory, relocation, rewritten).Build(assembly, environment, target);
        return new CapturePlan
        {
            Request = request,
            Tree = tree,
            Environment = environment,
            Target = target,
            Layers = layers,
            Accounts = request.Base?.Accounts ?? Accounts(layers),
            Services = Services(assembly, target, request.Base),
            Packages = packages,
            Distributions = chosen,
            Software = [.. chosen.Where(distribution => _parts.Exists(part => part.Contains(distribution.Origin))), .. _linked],
            ModuleRoots = ModuleRoots(environment, target),
            Added = _notes.Added,
            LeftOut = _notes.LeftOut,
            Missing = libraries.Missing,
            Drivers = libraries.Drivers,
            Warnings = _notes.Warnings,
            System = SystemName(),
            Created = factory.Newest,
        };
    }

    private void RefuseTooMuch(string path, string real)
    {
        if (
            real
            is "/"
                or "/usr"
                or "/etc"
                or "/var"
                or "/opt"
                or "/home"
                or "/root"
                or "/lib"
                or "/bin"
                or "/proc"
                or "/sys"
                or "/dev"
                or "/run"
                or "/tmp"
                or "/mnt"
                or "/srv"
        )
        {
            throw CaptureErrors.Refused(path, "a directory of the whole system");
        }

        if (IsHome(real))
        {
            throw CaptureErrors.Refused(path, "somebody's home directory");
        }
    }

    private bool IsHome(string path) =>
        (tree.ReadText("/etc/passwd") ?? "")
            .Split('\n')
            .Any(line =>
                line.Split(':') is { Length: >= 7 } fields
                && uint.TryParse(fields[2], out var id)
                && (id == 0 || id >= 1000)
                && fields[5].TrimEnd('/') == path
            );

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
                installed,
                request.Only.Concat(request.Include.Where(item => !item.StartsWith('/'))),
                environment.FullVersion ?? "3",
                Machine()
            );
            chosen = [.. installed.Where(distribution => names.Contains(distribution.Name))];
            // Packages of a conda prefix that hold its interpreter together are needed by every distribution.
            _notes.LeftOut.AddRange(
                installed
                    .Except(chosen)
                    .Select(distribution => new Omission($"{distribution.Name} {distribution.Version}", "not needed by what --only names"))
            );
        }

        var excluded = installed
            .Where(distribution => request.Exclude.Contains(distribution.Name, StringComparer.OrdinalIgnoreCase))
            .ToList();
        foreach (var distribution in excluded)
        {
            _notes.LeftOut.Add(new Omission($"{distribution.Name} {distribution.Version}", "--exclude"));
            foreach (var other in chosen.Except(excluded).Where(other => DistributionSelection.Names(other).Contains(distribution.Name)))
            {
                _notes.Warnings.Add($"{other.Name} needs {distribution.Name}, which --exclude leaves out");
            }
        }

        return [.. chosen.Except(excluded)];
    }

    /// <summary>Lists a directory, without what belongs to distributions that are not chosen.</summary>
    private EnvironmentPart Scan(
        string root,
        string target,
        IReadOnlyList<InstalledDistribution> installed,
        IReadOnlyList<InstalledDistribution> chosen,
        uint owner,
        CapturedEnvironment? partOf
    )
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
        var patterns = request
            .Exclude.Where(item => !installed.Any(distribution => distribution.Name.Equals(item, StringComparison.OrdinalIgnoreCase)))
            .ToList();
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
            _notes.LeftOut,
            cancellation
        );
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
                return !name.Contains('/', StringComparison.Ordinal)
                    && (name.EndsWith(".pth", StringComparison.Ordinal) || name.EndsWith(".py", StringComparison.Ordinal));
            }
        }

        var inside = path[(environment.Real.Length + 1)..];
        return !inside.StartsWith("bin/", StringComparison.Ordinal)
            || inside.StartsWith("bin/python", StringComparison.Ordinal)
            || inside.StartsWith("bin/activate", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Directories that the environment imports from, and those that the user names.</summary>
    private void AddLinked(CapturedEnvironment environment, List<InstalledDistribution> chosen)
    {
        var wanted = new LinkedDirectories(tree)
            .Find(environment.Sites, chosen)
            .Select(pair => new Addition(pair.Key, pair.Value))
            .ToList();
        if (environment.SystemSite)
        {
            wanted.AddRange(
                SystemSites(environment)
                    .Select(site => new Addition(site, "the environment sees the system's packages (include-system-site-packages)"))
            );
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

            if (stat.Type == FileKind.Directory && IsSystemDirectory(addition.Path))
            {
                _systemSites.Add(addition.Path);
            }
            else if (addition.Path == "/" || IsHome(addition.Path))
            {
                _notes.LeftOut.Add(new Omission(addition.Path, $"{addition.Reason}, but a home directory is not captured as a whole"));
            }
            else
            {
                var installed = new DistributionReader(tree).ReadSite(addition.Path);
                _parts.Add(Scan(addition.Path, addition.Path, installed, installed, EnvironmentOwner, null));
                _linked.AddRange(installed);
                _notes.Added.Add(addition);
            }
        }
    }

    private readonly List<InstalledDistribution> _linked = [];

    // Directories of Python packages that dpkg's packages share, such as /usr/lib/python3/dist-packages.
    private readonly List<string> _systemSites = [];

    // Debian's Python lists its directory for the administrator's own packages too, which no package has anything in.
    private bool IsSystemDirectory(string path) =>
        !path.StartsWith("/usr/local/", StringComparison.Ordinal) && _packages?.OwnersOf(path).Count > 0;

    private IEnumerable<string> SystemSites(CapturedEnvironment environment) =>
        SystemSitePatterns
            .Select(pattern => pattern.Replace("{version}", environment.Version, StringComparison.Ordinal))
            .Select(site => tree.Resolve(site))
            .OfType<string>();

    private AccountFiles Accounts(IReadOnlyList<PlannedLayer> layers)
    {
        var entries = layers.SelectMany(layer => layer.Entries).ToList();
        return new SystemFiles(tree).Accounts(
            entries.Select(entry => entry.Entry.User).ToHashSet(),
            entries.Select(entry => entry.Entry.Group).ToHashSet()
        );
    }

    private static ServiceSettings Services(LayerAssembly assembly, string target, CaptureBase? system)
    {
        return new ServiceSettings
        {
            Jupyter =
                Has($"{target}/bin/jupyter-lab")
                || Has($"{target}/bin/jupyter-notebook")
                || Has("/usr/bin/jupyter-lab")
                || Has("/usr/bin/jupyter-notebook")
                    ? new JupyterSettings()
                    : null,
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
        var name = (tree.ReadText("/etc/os-release") ?? "")
            .Split('\n')
            .FirstOrDefault(line => line.StartsWith("PRETTY_NAME=", StringComparison.Ordinal));
        return name is null ? "Linux" : name["PRETTY_NAME=".Length..].Trim('"', ' ', '\r');
    }

    private static string Machine() =>
        System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.Arm64
            ? "aarch64"
            : "x86_64";
}
