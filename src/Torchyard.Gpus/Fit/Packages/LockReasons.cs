using Torchyard.Packages.Python.Markers;
using Torchyard.Packages.Python.Versions;
using Torchyard.Recipes;

namespace Torchyard.Gpus.Fit.Packages;

/// <summary>Why a package is in a lock.</summary>
/// <param name="Package">Name and version.</param>
/// <param name="Kind"><c>debian</c>, <c>python</c>, or <c>nvidia</c> for what comes from NVIDIA's redistributable indexes.</param>
/// <param name="Chains">Shortest chains of requirements, each from what the recipe named down to the package.</param>
/// <param name="Facts">What else decided, one sentence each.</param>
public sealed record LockReason(string Package, string Kind, IReadOnlyList<IReadOnlyList<string>> Chains, IReadOnlyList<string> Facts);

/// <summary>Finds the reasons in a lock.</summary>
public static class LockReasons
{
    private const int MostChains = 8;

    /// <summary>The reason for a package; null when the lock has none of that name.</summary>
    public static LockReason? Find(RecipeLock locked, string package, FitTables tables)
    {
        ArgumentNullException.ThrowIfNull(locked);
        if (ProjectName.TryParse(package, out var name) && locked.Python is { } python
            && python.Packages.FirstOrDefault(found => found.Name == name.Normal) is { } distribution)
        {
            return new LockReason(
                $"{distribution.Name} {distribution.Version}", "python", Chains(python.Packages, distribution.Name), PythonFacts(python, distribution, tables));
        }

        if (name.Normal.Length > 0 && locked.Python?.BuildPackages.FirstOrDefault(found => found.Name == name.Normal) is { } tool)
        {
            var users = locked.Python.Packages.Concat(locked.Python.BuildPackages).Where(user => user.Source?.BuiltWith.Contains(tool.Filename) == true).Select(user => user.Name);
            return new LockReason(
                $"{tool.Name} {tool.Version}", "python", [], [$"wheels are built with it, of {string.Join(", ", users)}; it is not in the image", $"{tool.Filename}, resolved by {locked.Python.Resolver}"]);
        }

        if (locked.BuildPackages.FirstOrDefault(found => found.Name == package) is { } builder)
            return new LockReason($"{builder.Name} {builder.Version}", "debian", [], ["build-packages of [python], or a Git repository in it, asks for it or for what needs it: it is there while wheels are built, and not in the image"]);
        if (locked.Packages.FirstOrDefault(found => found.Name == package) is not { } debian)
            return Nvidia(locked, package);
        var facts = new List<string>();
        if (debian.Requested)
            facts.Add("the recipe names it");
        if (debian.Essential)
            facts.Add("it is part of every Debian system (essential, or needed by what is)");
        if (!debian.Requested && !debian.Essential)
            facts.Add("it came as a dependency of the packages that the recipe names");
        facts.Add($"version {debian.Version} is what {debian.Archive} had when the lock was made");
        return new LockReason($"{debian.Name} {debian.Version}", "debian", [], facts);
    }

    private static LockReason? Nvidia(RecipeLock locked, string package) => (package, locked) switch
    {
        ("cudnn", { Cudnn: { } cudnn }) => new LockReason(
            $"cudnn {cudnn.Version}", "nvidia", [], ["Debian's nvidia-cudnn installs it, and packages of the lock are linked against it", $"{cudnn.FileName}, under the licence {cudnn.License}"]),
        ("cuda-compat", { CudaCompat: { } compat }) => new LockReason(
            $"cuda-compat {compat.Version}", "nvidia", [],
            [
                .. (locked.Fit?.Machines ?? []).Where(machine => machine.Rules.Any(rule => rule.Contains("driver.forward", StringComparison.Ordinal)))
                    .Select(machine => $"{machine.Name} with driver {machine.Driver} runs CUDA {locked.Fit!.Cuda} by forward compatibility only"),
                $"{compat.FileName}, which brings CUDA {compat.Cuda}, under the licence {compat.License}",
            ]),
        _ => null,
    };

    /// <summary>The reason as lines for people.</summary>
    public static IEnumerable<string> Lines(LockReason reason)
    {
        yield return $"{reason.Package} ({(reason.Kind switch { "python" => "Python", "nvidia" => "NVIDIA", _ => "Debian" })})";
        foreach (var chain in reason.Chains)
            yield return chain.Count == 1 ? "├─ the recipe names it" : $"├─ {string.Join(" → ", chain)}";
        for (var i = 0; i < reason.Facts.Count; i++)
            yield return $"{(i == reason.Facts.Count - 1 ? "└─" : "├─")} {reason.Facts[i]}";
    }

    // Breadth first from the package upwards, so that the first chains found are the shortest; a cycle is never walked twice.
    private static List<IReadOnlyList<string>> Chains(IReadOnlyList<LockedPythonPackage> packages, string target)
    {
        var parents = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        foreach (var package in packages)
        {
            foreach (var child in package.Requires)
                (parents.TryGetValue(child, out var list) ? list : parents[child] = []).Add(package.Name);
        }

        var requested = packages.Where(package => package.Requested).Select(package => package.Name).ToHashSet(StringComparer.Ordinal);
        var next = new Dictionary<string, string?>(StringComparer.Ordinal) { [target] = null };
        var queue = new Queue<string>([target]);
        var chains = new List<IReadOnlyList<string>>();
        while (queue.TryDequeue(out var name) && chains.Count < MostChains)
        {
            if (requested.Contains(name))
            {
                var chain = new List<string>();
                for (var at = name; at is not null; at = next[at])
                    chain.Add(at);
                chains.Add(chain);
                continue;
            }

            foreach (var parent in parents.GetValueOrDefault(name, []).Order(StringComparer.Ordinal))
            {
                if (next.TryAdd(parent, name))
                    queue.Enqueue(parent);
            }
        }

        return chains;
    }

    private static List<string> PythonFacts(LockedPython python, LockedPythonPackage package, FitTables tables)
    {
        var facts = new List<string>();
        if (python.Packages.FirstOrDefault(found => found.Name == "torch") is { } torch && Row(torch, tables) is { } row)
        {
            var pin = package.Name switch
            {
                "torch" => row.Torch,
                "triton" => row.Triton,
                _ when package.Name.StartsWith("nvidia-cudnn-", StringComparison.Ordinal) => row.Cudnn,
                _ when package.Name.StartsWith("nvidia-nccl-", StringComparison.Ordinal) => row.Nccl,
                _ when package.Name.StartsWith("nvidia-nvshmem-", StringComparison.Ordinal) => row.Nvshmem,
                _ when package.Name.StartsWith("nvidia-cusparselt-", StringComparison.Ordinal) => row.Cusparselt,
                "torchvision" => row.Torchvision,
                "torchaudio" => row.Torchaudio,
                _ => null,
            };
            if (pin is not null)
            {
                var same = PythonVersion.TryParse(package.Version, out var version) && version.Public == PythonVersion.Parse(pin);
                facts.Add(same
                    ? $"{row.LocalVersion} goes with {pin} [{string.Join(", ", row.Source)}]"
                    : $"the table has {pin} for {row.LocalVersion}; the wheel's METADATA asked for {package.Version}, and counts [{string.Join(", ", row.Source)}]");
            }
        }

        var index = python.Indexes.FirstOrDefault(found => found.Id == package.Index);
        if (index is not null && python.Indexes.Count > 1)
            facts.Add($"{index.Url} is the first of the recipe's indexes that has {package.Name}");
        if (package.Source is { } source)
        {
            var with = source.BuiltWith.Count == 0 ? "with nothing but Python" : $"with {string.Join(", ", source.BuiltWith.Select(Tool))}";
            facts.Add(source.IsGit
                ? $"built from commit {source.Commit} of {source.Url}{(source.Revision is null ? "" : $", which was {source.Revision}")}, {with}"
                : $"built from {source.Filename}, {with}");
        }

        facts.Add($"{package.Filename} from {index?.Url ?? package.Source?.Url ?? package.Url ?? package.Source?.Path ?? package.Path ?? "the recipe"}, resolved by {python.Resolver} for CPython {python.Interpreter}");
        return facts;
    }

    // setuptools-80.9.0-py3-none-any.whl
    private static string Tool(string filename) => string.Join(' ', filename.Split('-').Take(2));

    private static TorchBuild? Row(LockedPythonPackage torch, FitTables tables)
    {
        if (!PythonVersion.TryParse(torch.Version, out var version))
            return null;
        var rows = tables.Builds.Where(row => PythonVersion.Parse(row.Torch) == version.Public).ToArray();
        return version.Local is { } local ? rows.FirstOrDefault(row => row.Build == local) : rows.FirstOrDefault(row => row.Pypi);
    }
}
