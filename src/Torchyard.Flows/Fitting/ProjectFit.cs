using Torchyard.Fit.Answer;
using Torchyard.Fit.Data;
using Torchyard.Fit.Fleet;
using Torchyard.Fit.Packages;
using Torchyard.Flows.Hosts;
using Torchyard.Flows.Locks;
using Torchyard.Packages.Python.Markers;
using Torchyard.Packages.Python.Requirements;
using Torchyard.Packages.Python.Resolving;
using Torchyard.Packages.Python.Versions;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Sources;

namespace Torchyard.Flows.Fitting;

/// <summary>Chooses the PyTorch stack of a recipe for its machines, and holds what was resolved against it.</summary>
internal sealed class ProjectFit(Host host)
{
    private static readonly string[] TorchProjects = ["torch", "torchvision", "torchaudio"];

    // As the index said last; resolving asks it itself, and METADATA of what it answers counts more than either.
    private readonly FitTables _tables = new LiveBuilds(host, FitTables.Default).Kept().Tables;
    private readonly FitTargets _targets = new(
        new(() => MachineGpus.Read(host.Files, host.Gpus().ReadGpus(), FitTables.Default)),
        FitTables.Default
    );

    /// <summary>The GPUs and the driver of this machine.</summary>
    public MachineGpus Machine => _targets.Machine;

    /// <summary>The plan; null when nobody asks for a fit: no <c>[fit]</c>, no options, and no GPU here, or no torch.</summary>
    /// <param name="source">The recipe.</param>
    /// <param name="requirements">What <c>[python]</c> asks for.</param>
    /// <param name="interpreter">The image's interpreter.</param>
    /// <param name="before">The lock as it was, or null.</param>
    /// <param name="options">The command line.</param>
    /// <exception cref="TorchyardException">TY5201 to TY5205 for what was written; TY5208: nothing fits; TY5209: only with libraries whose
    /// licence the recipe does not accept; TY5210: no machine is named.</exception>
    public FitPlan? Plan(
        RecipeSource source,
        RequirementSet requirements,
        ImageInterpreter interpreter,
        RecipeLock? before,
        LockOptions options
    )
    {
        var settings = source.Recipe.Fit;
        var kept = before?.Fit;
        var torch = options.Torch ?? (before?.Recipe.Fit?.Torch == settings?.Torch ? kept?.AskedTorch : null);
        var build = options.Build ?? kept?.AskedBuild;
        var glibc = options.Glibc ?? kept?.AskedGlibc;
        if (_tables.DebianBuilds.FirstOrDefault(row => row.Build == build) is { } debian)
        {
            throw new TorchyardException(
                "TY5205",
                $"the build {build} is Debian's package {debian.Package}, and no index of Python has it",
                $"name the package in 'packages' and take torch out of [python], or start from the preset: torchyard init debian-cuda"
            )
            {
                IsUsage = true,
            };
        }

        if (
            settings is null
            && kept?.Origin is not FitOrigin.Options
            && !options.NamesMachines
            && torch is null
            && build is null
            && (!AsksForTorch(requirements) || Machine.Gpus.Count == 0)
        )
        {
            return null;
        }

        var architecture = source.Recipe.Base.Architecture == "arm64" ? "aarch64" : "x86_64";
        var (origin, targets) = _targets.Of(source, kept, options, architecture);
        var question = new FitQuestion
        {
            Torch = torch ?? settings?.Torch,
            Build = build ?? settings?.Build,
            Python = interpreter.Line,
            Glibc = Older(glibc, $"2.{interpreter.Target.GlibcMinor}"),
        };
        var (request, _) = question.Read(Machine, "this machine", architecture, targets, _tables);
        var (versions, local) = Together(request.Torch, requirements);
        request = request with
        {
            GlibcOrigin = glibc is null ? $"{source.Recipe.Base.Image ?? source.Recipe.Base.Suite}, the base of the image" : "as asked",
            Torch = versions,
            Build = request.Build ?? local,
        };
        var report = new FitEngine(_tables).Resolve(request, targets);
        return new FitPlan
        {
            Request = request,
            Stacks = Accepted(source, report, request, targets),
            Origin = origin,
            AskedTorch = torch,
            AskedBuild = build,
            AskedGlibc = glibc,
        };
    }

    /// <summary>Holds what was resolved against the stack; METADATA of the wheels counts more than the table that chose it.</summary>
    /// <returns>The fit for the lock; null when no torch came in.</returns>
    /// <exception cref="TorchyardException">TY5211: what was resolved does not work.</exception>
    public ProvenFit? Check(FitPlan plan, FleetStack stack, PythonResolution resolution, ImageInterpreter interpreter)
    {
        var gpus = stack.Machines.Any(machine => machine.Target.Gpus.Count > 0);
        var finding = new WheelSetCheck(_tables).Check(
            resolution.Metadata,
            MarkerEnvironment.CPythonOnLinux(interpreter.Python, interpreter.Target.Machine),
            gpus
        );
        Require(finding.Verdict);
        var torch = resolution.Locked.Packages.FirstOrDefault(package => package.Name == "torch");
        if (torch is null)
        {
            return null;
        }

        foreach (var difference in finding.Disagreements)
        {
            host.Progress.Note(
                $"{difference.What}: METADATA of torch {torch.Version} says {difference.Metadata}, the table {difference.Table}; "
                    + "METADATA counts"
            );
        }

        var row = finding.Build ?? stack.Candidate.Torch;
        var machines = stack
            .Machines.Select(machine =>
                new FitEngine(_tables).Judge(new StackCandidate(row, interpreter.Line), machine.Target, plan.Request)
            )
            .ToList();
        if (machines.Find(machine => !machine.Fits) is { } wrong)
        {
            Require(wrong.Verdict);
        }

        var fit = Locked(row, machines, interpreter, plan.Request, plan.Origin) with
        {
            AskedTorch = plan.AskedTorch,
            AskedBuild = plan.AskedBuild,
            AskedGlibc = plan.AskedGlibc,
        };
        return new ProvenFit(fit, machines);
    }

    /// <summary>
    /// Checks distributions of which only names and versions are known, such as those of a <c>pylock.toml</c>, for libraries that must not
    /// be there twice.
    /// </summary>
    /// <exception cref="TorchyardException">TY5211.</exception>
    public void CheckNames(LockedPython locked) =>
        Require(
            new WheelSetCheck(_tables)
                .Check(
                    [
                        .. locked
                            .Packages.Where(package => package.Name != "torch")
                            .Select(package => new Torchyard.Packages.Python.Wheels.WheelMetadata
                            {
                                Name = package.Name,
                                Version = package.Version,
                                RequiresDist = [],
                                RequiresPython = null,
                                Extras = [],
                            }),
                    ],
                    MarkerEnvironment.CPythonOnLinux(PythonVersion.Parse(locked.Interpreter)),
                    gpus: false
                )
                .Verdict
        );

    /// <summary>
    /// Judges the torch of a finished answer, such as a <c>pylock.toml</c>, for the recipe's machines; null when it has none that is known.
    /// </summary>
    /// <exception cref="TorchyardException">TY5211: it does not run on one of them.</exception>
    public ProvenFit? Judge(RecipeSource source, LockedPython locked, ImageInterpreter interpreter, RecipeLock? before, LockOptions options)
    {
        var torch = locked.Packages.FirstOrDefault(package => package.Name == "torch");
        var version = torch is not null && PythonVersion.TryParse(torch.Version, out var parsed) ? parsed : null;
        var row = version is null
            ? null
            : _tables.Builds.FirstOrDefault(build =>
                PythonVersion.Parse(build.Torch) == version.Public && (version.Local is { } local ? build.Build == local : build.Pypi)
            );
        if (
            row is null
            || (
                source.Recipe.Fit is null
                && before?.Fit?.Origin is not FitOrigin.Options
                && !options.NamesMachines
                && Machine.Gpus.Count == 0
            )
        )
        {
            return null;
        }

        var (proven, wrong) = JudgeRow(row, source, interpreter, before, options);
        if (wrong is not null)
        {
            Require(wrong.Verdict);
        }

        return proven;
    }

    /// <summary>
    /// Judges the PyTorch with CUDA among Debian's packages for the recipe's machines; null when there is none that is known, or no machine
    /// to judge it for.
    /// </summary>
    /// <exception cref="TorchyardException">TY5213: it does not run on one of them, or another PyTorch was asked for.</exception>
    public ProvenFit? JudgeDebian(RecipeSource source, RecipeLock locked, RecipeLock? before, LockOptions options)
    {
        // Versions such as 2.6.0+dfsg-7+b1.
        var row = _tables.DebianBuilds.FirstOrDefault(row =>
            locked.Packages.Any(package =>
                package.Name == row.Package && package.Version.StartsWith(row.Torch + "+", StringComparison.Ordinal)
            )
        );
        if (row is null)
        {
            return null;
        }

        const string Cure =
            "PyTorch's own wheels have other builds: 'torchyard fit' says which fits, and the presets a100, h100, h200 and cuda take them";
        if (
            (options.Torch ?? source.Recipe.Fit?.Torch) is { } torch
            && FitRequest.TryParseTorch(torch, out var versions)
            && !versions.Contains(PythonVersion.Parse(row.Torch))
        )
        {
            throw new TorchyardException("TY5213", $"PyTorch {torch} is asked for, and Debian's {row.Package} is {row.Torch}", Cure);
        }

        if ((options.Build ?? source.Recipe.Fit?.Build) is { } build && build != row.Build)
        {
            throw new TorchyardException("TY5213", $"the build {build} is asked for, and Debian's {row.Package} is {row.Build}", Cure);
        }

        if (source.Recipe.Fit is null && before?.Fit?.Origin is not FitOrigin.Options && !options.NamesMachines && Machine.Gpus.Count == 0)
        {
            return null;
        }

        var (proven, wrong) = JudgeRow(row, source, ImageInterpreter.Of(locked), before, options);
        return wrong is null
            ? proven with
            {
                Fit = proven.Fit with { Cudnn = locked.Cudnn?.Version ?? proven.Fit.Cudnn },
            }
            : throw new TorchyardException(
                "TY5213",
                $"Debian's PyTorch does not run on {wrong.Target.Name}:\n"
                    + string.Join('\n', VerdictText.Lines(wrong.Verdict, sources: false)),
                Cure
            );
    }

    private (ProvenFit Proven, StackVerdict? Wrong) JudgeRow(
        TorchBuild row,
        RecipeSource source,
        ImageInterpreter interpreter,
        RecipeLock? before,
        LockOptions options
    )
    {
        var (origin, targets) = _targets.Of(source, before?.Fit, options, interpreter.Target.Machine);
        var request = new FitRequest
        {
            Glibc = DottedVersion.Parse($"2.{interpreter.Target.GlibcMinor}"),
            GlibcOrigin = $"{source.Recipe.Base.Image ?? source.Recipe.Base.Suite}, the base of the image",
        };
        var machines = targets
            .Select(target => new FitEngine(_tables).Judge(new StackCandidate(row, interpreter.Line), target, request))
            .ToList();
        return (new ProvenFit(Locked(row, machines, interpreter, request, origin), machines), machines.Find(machine => !machine.Fits));
    }

    /// <summary>Whether the stack of a lock runs on this machine; null when it does, or when this machine has no GPUs.</summary>
    public TorchyardException? RefusalHere(RecipeLock locked)
    {
        if (
            locked.Fit is not { } fit
            || Machine.Gpus.Count == 0
            || _tables.Builds.Concat(_tables.DebianBuilds).FirstOrDefault(row => row.Torch == fit.Torch && row.Build == fit.Build)
                is not { } row
        )
        {
            return null;
        }

        var target = _targets.Here(fit.Machines.Count > 0 ? fit.Machines[0].Architecture : "x86_64");
        var verdict = new FitEngine(_tables).Judge(
            new StackCandidate(row, fit.Python),
            target,
            new FitRequest { Glibc = DottedVersion.Parse(fit.Glibc), GlibcOrigin = "as locked" }
        );
        var problem = verdict.Fits
            ? ForwardChoice.Problem(locked.CudaCompat, verdict, _tables)
            : string.Join('\n', VerdictText.Lines(verdict.Verdict, sources: false));
        return problem is null
            ? null
            : new TorchyardException(
                "TY5212",
                "the lock's PyTorch does not run on this machine:\n" + problem,
                "run 'torchyard lock --upgrade' here to choose for this machine, or build the lock for the machines it names"
            );
    }

    private LockedFit Locked(
        TorchBuild row,
        IReadOnlyList<StackVerdict> machines,
        ImageInterpreter interpreter,
        FitRequest request,
        FitOrigin origin
    ) =>
        new()
        {
            Torch = row.Torch,
            Build = row.Build,
            Python = interpreter.Line,
            Glibc = request.Glibc.ToString(),
            Cuda = row.Cuda?.ToString(),
            Cudnn = row.Cudnn,
            Nccl = row.Nccl,
            Nvshmem = row.Nvshmem,
            Triton = row.Triton,
            Origin = origin,
            Machines =
            [
                .. machines.Select(machine => new LockedMachine
                {
                    Name = machine.Target.Name,
                    Gpus = [.. machine.Target.Gpus.Select(Id).Distinct(StringComparer.Ordinal)],
                    Driver = machine.Target.Driver?.ToString(),
                    Architecture = machine.Target.Architecture,
                    Rules = [.. VerdictText.Rules(machine.Verdict)],
                }),
            ],
        };

    private static bool AsksForTorch(RequirementSet requirements) =>
        requirements.Requirements.Any(line => line.Requirement is { } requirement && TorchProjects.Contains(requirement.Name.Normal));

    private IReadOnlyList<FleetStack> Accepted(RecipeSource source, FitReport report, FitRequest request, IReadOnlyList<FitTarget> targets)
    {
        if (!report.ServesAll)
        {
            var answer = FitAnswer.Of(report, _tables);
            var nearest = answer.Nearest is { } stack
                ? $"the nearest stack that fits is PyTorch {stack.Torch} {stack.Build} with Python {stack.Python}: --torch {stack.Torch} "
                    + $"--build {stack.Build}"
                : null;
            var driver = string.Join(
                "; ",
                answer
                    .Drivers.Where(help => help.Driver is not null || help.LastBranch is not null)
                    .Select(help => $"{help.Machine}: {help.Advice}")
            );
            throw new TorchyardException(
                "TY5208",
                "no PyTorch build fits"
                    + (report.Refused.Count == 0 ? $": none is known for {request.Torch} {request.Build}".TrimEnd() : "\n")
                    + string.Join('\n', report.Refused.SelectMany(refused => VerdictText.Lines(refused.Verdict, sources: false))),
                string.Join("; ", new[] { nearest, driver, "'torchyard fit' tells all of it" }.Where(part => !string.IsNullOrEmpty(part)))
            );
        }

        foreach (var stack in report.Stacks)
        {
            ForwardConsent.Require(source, stack.Machines, () =>
                new FitEngine(_tables).NearestWithoutForward(request, targets) is { } other
                    ? $"or take the nearest stack that does without, {other}: --torch {other.Torch.Torch} --build {other.Torch.Build}"
                    : null
            );
        }

        return report.Stacks;
    }

    private static void Require(Verdict verdict)
    {
        if (verdict.Outcome == FitOutcome.Fail)
        {
            throw new TorchyardException(
                "TY5211",
                "the Python packages that were resolved do not work together:\n"
                    + string.Join('\n', VerdictText.Lines(verdict, sources: false)),
                "change the requirement that brings the wrong one; 'torchyard fit' says which stacks work"
            );
        }
    }

    /// <summary>What was asked for, and what the requirements say of torch; <c>torch==2.9.1+cu126</c> names the build too.</summary>
    private static (VersionSpecifierSet? Versions, string? Build) Together(VersionSpecifierSet? asked, RequirementSet requirements)
    {
        var clauses = requirements
            .Requirements.Concat(requirements.Constraints)
            .Select(line => line.Requirement)
            .Where(requirement => requirement?.Name.Normal == "torch")
            .SelectMany(requirement => requirement!.Versions.Clauses)
            .ToList();
        if (clauses.Count == 0)
        {
            return (asked, null);
        }

        var build = clauses.Select(clause => clause.Version?.Local).OfType<string>().FirstOrDefault();
        var own = clauses.Select(clause =>
            clause is { Operator: VersionOperator.Equal, Version.Local: not null } ? $"=={clause.Version.Public}" : clause.ToString()
        );
        return (
            VersionSpecifierSet.TryParse(string.Join(',', asked is null ? own : own.Append(asked.ToString())), out var set) ? set : asked,
            build
        );
    }

    private static string Older(string? asked, string image) =>
        asked is not null && DottedVersion.TryParse(asked, out var wanted) && wanted >= DottedVersion.Parse(image) ? image : asked ?? image;

    // What the lock names is read back as it is: by the model, else by the product name of the device list.
    private string Id(TargetGpu gpu) =>
        _tables.FindModel(gpu.Name) is { } model && model.Capability == gpu.Capability ? model.Id
        : FleetFile.Gpu(gpu.Name, _tables)?.Capability == gpu.Capability ? gpu.Name
        : $"sm_{gpu.Capability.Major}{gpu.Capability.Minor}";
}
