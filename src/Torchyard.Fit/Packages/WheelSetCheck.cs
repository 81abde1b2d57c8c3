using Torchyard.Fit.Data;
using Torchyard.Packages.Python.Markers;
using Torchyard.Packages.Python.Versions;
using Torchyard.Packages.Python.Wheels;
using Torchyard.Platform.Text;

namespace Torchyard.Fit.Packages;

/// <summary>A difference between what a wheel says and what the build table says.</summary>
/// <param name="What">What differs, e.g. <c>cudnn</c>.</param>
/// <param name="Metadata">The wheel's METADATA, which counts.</param>
/// <param name="Table">The table.</param>
public sealed record TableDisagreement(string What, string Metadata, string Table);

/// <summary>What was found in a set of installed or locked distributions.</summary>
/// <param name="Verdict">The reasoning.</param>
/// <param name="Build">Row of the table that the set's torch belongs to, as METADATA corrects it; null when there is no torch or no
/// row.</param>
/// <param name="Disagreements">Where METADATA and table differ.</param>
public sealed record WheelSetFinding(Verdict Verdict, TorchBuild? Build, IReadOnlyList<TableDisagreement> Disagreements);

/// <summary>
/// Checks the METADATA of a whole set of distributions: torch with CUDA or without, the NVIDIA libraries that it pins
/// (<c>cuda-toolkit[...]</c> expanded), libraries that are there twice, and the build table against METADATA.
/// </summary>
public sealed class WheelSetCheck(FitTables tables)
{
    // Libraries of which one process can load only one: the distributions of different CUDA families own the same files.
    private static readonly (string Library, string Rule, string Why, string[] Sources)[] Single =
    [
        ("cudnn", "cudnn", "two cuDNNs: whichever is found first is mixed with the other (SUBLIBRARY_VERSION_MISMATCH)", ["cudnn-mix"]),
        ("nccl", "nccl", "both own nvidia/nccl/lib/libnccl.so.2: the one installed last wins", ["nccl-path"]),
        ("nvshmem", "nvshmem", "both own nvidia/nvshmem/lib: the one installed last wins", ["nccl-path"]),
        ("cusparselt", "cusparselt", "both own nvidia/cusparselt/lib: the one installed last wins", ["nccl-path"]),
    ];

    /// <summary>Checks a set.</summary>
    /// <param name="distributions">METADATA of every distribution.</param>
    /// <param name="environment">Interpreter that the markers are judged for.</param>
    /// <param name="gpus">True when the machine has NVIDIA GPUs, so that torch must have CUDA.</param>
    public WheelSetFinding Check(IReadOnlyList<WheelMetadata> distributions, MarkerEnvironment environment, bool gpus)
    {
        var byName = new Dictionary<string, WheelMetadata>(StringComparer.Ordinal);
        foreach (var distribution in distributions)
        {
            if (ProjectName.TryParse(distribution.Name, out var name))
            {
                byName.TryAdd(name.Normal, distribution);
            }
        }

        var parts = new List<Verdict>();
        foreach (var (library, rule, why, sources) in Single)
        {
            var owners = byName.Keys.Where(key => IsLibrary(key, library)).Order(StringComparer.Ordinal).ToArray();
            if (owners.Length > 1)
            {
                parts.Add(Verdict.Of(rule, FitOutcome.Fail, $"{string.Join(" and ", owners)} are both in the set: {why}", sources));
            }
        }

        if (!byName.TryGetValue("torch", out var torch))
        {
            return new WheelSetFinding(Verdict.Combine("wheels", "the set has no torch", parts), null, []);
        }

        var requirements = Expand(torch, byName, environment, parts);
        var pins = Pins(requirements);
        parts.Add(CudaVerdict(torch, pins, gpus));
        parts.AddRange(InstalledVerdicts(requirements, byName));
        var (row, disagreements) = Compare(torch, pins);
        if (row is not null)
        {
            parts.Add(
                disagreements.Count == 0
                    ? Verdict.Of("metadata", FitOutcome.Pass, $"METADATA of torch {torch.Version} agrees with the table", row.Source)
                    : Verdict.Of(
                        "metadata",
                        FitOutcome.Limited,
                        $"METADATA of torch {torch.Version} differs from the table, and counts: "
                            + string.Join(", ", disagreements.Select(d => $"{d.What} {d.Metadata} (table: {d.Table})")),
                        row.Source
                    )
            );
        }

        return new WheelSetFinding(
            Verdict.Combine("wheels", $"torch {torch.Version} and {byName.Count - 1} other distributions", parts),
            row,
            disagreements
        );
    }

    private static bool IsLibrary(string name, string library) =>
        name == $"nvidia-{library}"
        || (
            name.StartsWith($"nvidia-{library}-cu", StringComparison.Ordinal)
            && name.AsSpan($"nvidia-{library}-cu".Length).IndexOfAnyExceptInRange('0', '9') < 0
        );

    /// <summary>
    /// torch's requirements for the interpreter, with <c>cuda-toolkit[extras]</c> replaced by what its own METADATA says for these extras.
    /// </summary>
    private static List<Requirement> Expand(
        WheelMetadata torch,
        Dictionary<string, WheelMetadata> byName,
        MarkerEnvironment environment,
        List<Verdict> parts
    )
    {
        var expanded = new List<Requirement>();
        foreach (var requirement in Applicable(torch, environment, [], parts))
        {
            expanded.Add(requirement);
            if (requirement.Name.Normal != "cuda-toolkit" || requirement.Extras.Count == 0)
            {
                continue;
            }

            if (!byName.TryGetValue("cuda-toolkit", out var toolkit))
            {
                parts.Add(
                    Verdict.Of(
                        "toolkit-extras",
                        FitOutcome.Fail,
                        $"torch needs {requirement.Name}[{string.Join(',', requirement.Extras)}], which is not in the set"
                    )
                );
                continue;
            }

            var missing = requirement
                .Extras.Where(extra => !toolkit.Extras.Any(known => ProjectName.TryParse(known, out var name) && name.Normal == extra))
                .ToArray();
            var from = Applicable(toolkit, environment, requirement.Extras, parts).ToArray();
            expanded.AddRange(from);
            parts.Add(
                missing.Length == 0
                    ? Verdict.Of(
                        "toolkit-extras",
                        FitOutcome.Pass,
                        $"cuda-toolkit {toolkit.Version} brings {Count.Of(from.Length, "library")} for "
                            + $"{Count.Of(requirement.Extras.Count, "extra")}"
                    )
                    : Verdict.Of(
                        "toolkit-extras",
                        FitOutcome.Fail,
                        $"cuda-toolkit {toolkit.Version} has no extra {string.Join(", ", missing)}"
                    )
            );
        }

        return expanded;
    }

    private static IEnumerable<Requirement> Applicable(
        WheelMetadata distribution,
        MarkerEnvironment environment,
        IReadOnlyCollection<string> extras,
        List<Verdict> parts
    )
    {
        foreach (var line in distribution.RequiresDist)
        {
            if (!Requirement.TryParse(line, out var requirement, out var error))
            {
                parts.Add(
                    Verdict.Of(
                        "metadata",
                        FitOutcome.Fail,
                        $"METADATA of {distribution.Name} {distribution.Version} has a wrong Requires-Dist: {error}"
                    )
                );
            }
            else if (requirement.Applies(environment, extras))
            {
                yield return requirement;
            }
        }
    }

    private static Dictionary<string, string> Pins(IEnumerable<Requirement> requirements)
    {
        var pins = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var requirement in requirements)
        {
            if (requirement.Versions.Clauses is [{ Operator: VersionOperator.Equal, Version: { } version }])
            {
                pins[requirement.Name.Normal] = version.ToString();
            }
        }

        return pins;
    }

    private static Verdict CudaVerdict(WheelMetadata torch, Dictionary<string, string> pins, bool gpus)
    {
        var cuda = pins.Keys.Any(name => name is "cuda-toolkit" || name.StartsWith("nvidia-", StringComparison.Ordinal));
        if (cuda)
        {
            return Verdict.Of(
                "build",
                FitOutcome.Pass,
                $"torch {torch.Version} requires NVIDIA's libraries: it is a build with CUDA",
                "metadata-2.11-cu130"
            );
        }

        var local = PythonVersion.TryParse(torch.Version, out var version) ? version.Local : null;
        if (!gpus || local?.StartsWith("cu", StringComparison.Ordinal) == true)
        {
            return Verdict.Of("build", FitOutcome.Pass, $"torch {torch.Version} requires none of NVIDIA's libraries");
        }

        return Verdict.Of(
            "build",
            FitOutcome.Fail,
            $"torch {torch.Version} is a build without CUDA and the machine has GPUs: an index without CUDA builds was picked silently",
            "wheel-tags"
        );
    }

    private static IEnumerable<Verdict> InstalledVerdicts(IEnumerable<Requirement> requirements, Dictionary<string, WheelMetadata> byName)
    {
        foreach (var requirement in requirements)
        {
            var name = requirement.Name.Normal;
            if (!name.StartsWith("nvidia-", StringComparison.Ordinal) && name is not ("triton" or "cuda-toolkit" or "cuda-bindings"))
            {
                continue;
            }

            if (!byName.TryGetValue(name, out var installed))
            {
                yield return Verdict.Of(
                    "pins",
                    FitOutcome.Fail,
                    $"torch needs {requirement.Name}{requirement.Versions}, which is not in the set"
                );
            }
            else if (
                PythonVersion.TryParse(installed.Version, out var version) && !requirement.Versions.Contains(version, preReleases: true)
            )
            {
                yield return Verdict.Of(
                    "pins",
                    FitOutcome.Fail,
                    $"torch needs {requirement.Name}{requirement.Versions}, the set has {installed.Version}"
                );
            }
        }
    }

    private (TorchBuild? Row, IReadOnlyList<TableDisagreement> Disagreements) Compare(WheelMetadata torch, Dictionary<string, string> pins)
    {
        if (!PythonVersion.TryParse(torch.Version, out var version))
        {
            return (null, []);
        }

        var rows = tables.Builds.Where(row => PythonVersion.Parse(row.Torch) == version.Public).ToArray();
        var row = version.Local is { } local
            ? rows.FirstOrDefault(candidate => candidate.Build == local)
            : rows.Where(candidate =>
                    candidate.Cuda is null
                    == !pins.Keys.Any(key => key is "cuda-toolkit" || key.StartsWith("nvidia-", StringComparison.Ordinal))
                )
                .MaxBy(candidate => Likeness(candidate, pins));
        if (row is null)
        {
            return (null, []);
        }

        var disagreements = new List<TableDisagreement>();
        Note("cudnn", Pin("nvidia-cudnn"), row.Cudnn);
        Note("nccl", Pin("nvidia-nccl"), row.Nccl);
        Note("nvshmem", Pin("nvidia-nvshmem"), row.Nvshmem);
        Note("cusparselt", Pin("nvidia-cusparselt"), row.Cusparselt);
        Note("triton", pins.GetValueOrDefault("triton"), row.Triton);
        Note("cuda-toolkit", pins.GetValueOrDefault("cuda-toolkit"), row.ToolkitExtras);
        var corrected = row with
        {
            Cudnn = Pin("nvidia-cudnn") ?? row.Cudnn,
            Nccl = Pin("nvidia-nccl") ?? row.Nccl,
            Nvshmem = Pin("nvidia-nvshmem") ?? row.Nvshmem,
            Cusparselt = Pin("nvidia-cusparselt") ?? row.Cusparselt,
            Triton = pins.GetValueOrDefault("triton") ?? row.Triton,
            ToolkitExtras = pins.GetValueOrDefault("cuda-toolkit") ?? row.ToolkitExtras,
        };
        return (corrected, disagreements);

        string? Pin(string prefix) => pins.FirstOrDefault(pin => IsLibrary(pin.Key, prefix["nvidia-".Length..])).Value;

        void Note(string what, string? metadata, string? table)
        {
            if (metadata is not null && table is not null && PythonVersion.Parse(metadata) != PythonVersion.Parse(table))
            {
                disagreements.Add(new TableDisagreement(what, metadata, table));
            }
        }
    }

    /// <summary>PyPI's wheels have no local version; the pins tell which build they are.</summary>
    private static int Likeness(TorchBuild row, Dictionary<string, string> pins)
    {
        var family = row.Cuda is { } cuda ? $"cu{cuda.Major}" : "";
        var score = row.Pypi ? 1 : 0;
        score += pins.TryGetValue($"nvidia-cudnn-{family}", out var cudnn) ? (cudnn == row.Cudnn ? 4 : 2) : 0;
        score += pins.TryGetValue($"nvidia-nccl-{family}", out var nccl) && nccl == row.Nccl ? 4 : 0;
        score += pins.TryGetValue("cuda-toolkit", out var toolkit) && toolkit == row.ToolkitExtras ? 8 : 0;
        score +=
            row.Cuda is { } release
            && pins.TryGetValue($"nvidia-cuda-runtime-{family}", out var runtime)
            && runtime.StartsWith($"{release.Major}.{release.Minor}.", StringComparison.Ordinal)
                ? 8
                : 0;
        return score;
    }
}
