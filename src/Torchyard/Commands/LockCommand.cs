using System.CommandLine;
using System.Text.Json.Serialization;
using Torchyard.Building;
using Torchyard.CommandLine;
using Torchyard.Platform.Text;
using Torchyard.Recipes;

namespace Torchyard.Commands;

/// <summary><c>torchyard lock</c>: answers a recipe with exact packages.</summary>
internal sealed partial class LockCommand : Verb
{
    private const int MostChangesShown = 40;

    private readonly Argument<string?> _recipe = RecipeArgument.Create();
    private readonly Option<bool> _check = new("--check") { Description = "Only say whether the lock fits the recipe; exit status 1 if not" };
    private readonly Option<bool> _upgrade = new("--upgrade") { Description = "Take the newest versions although the lock fits" };
    private readonly Option<string[]> _upgradePackages = new("--upgrade-package")
    {
        Description = "Take the newest version of this package and keep the others; may be repeated",
        HelpName = "NAME",
    };

    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Show what would change, and write nothing" };
    private readonly Option<bool> _offline = new("--offline") { Description = "Ask no archive and no index: what the store knows must do" };
    private readonly Option<string?> _torch = TorchOption.Create();
    private readonly Option<string?> _build = new("--build") { Description = "Build of PyTorch: cu126, cu128, cu130, ... (default: chosen)", HelpName = "BUILD" };
    private readonly Option<string[]> _gpus = new("--gpu")
    {
        Description = "GPU model that PyTorch must run on, such as h100; may be repeated (default: the recipe's, else this machine's)",
        HelpName = "MODEL",
    };

    private readonly Option<string?> _driver = new("--driver") { Description = "NVIDIA driver that PyTorch must run on (default: this machine's)", HelpName = "VERSION" };
    private readonly Option<string?> _glibc = new("--glibc") { Description = "Take only wheels that run on this glibc too (default: that of the base)", HelpName = "VERSION" };
    private readonly Option<string?> _fleet = new("--fleet") { Description = "TOML file with the machines that PyTorch must run on", HelpName = "FILE" };

    public LockCommand()
        : base("lock", VerbGroup.Make, "Resolve the recipe into exact packages (torchyard.lock)")
    {
        Arguments.Add(_recipe);
        foreach (var option in new Option[]
        {
            _check, _upgrade, _upgradePackages, _dryRun, _offline, _torch, _build, _gpus, _driver, _glibc, _fleet, GlobalOptions.Json,
        })
        {
            Options.Add(option);
        }

        Details = """
            The lock names every package with version, size, SHA-256 and where it comes from, and decides
            the digest of the image. Commit it beside the recipe. A lock that fits the recipe stays as it
            is; after a change of the recipe what it still allows keeps its version. --upgrade takes the
            newest of everything.

            PyTorch is chosen for the machines of the recipe's [fit], of the options, or this one, and the
            lock records by which rules. Machines that options name hold until others are named. Where no
            PyTorch fits all machines of a fleet, there is a lock for each part of it.

            Of a preset the lock is kept in the store.
            """;
        Examples =
        [
            new("torchyard lock", "the recipe of this directory"),
            new("torchyard lock --check", "for CI: fails when somebody changed the recipe and did not lock"),
            new("torchyard lock --upgrade", "take security updates and newer versions"),
            new("torchyard lock --upgrade-package numpy --dry-run", "what would one newer package change?"),
            new("torchyard lock --gpu h100 --driver 535.183.01", "for machines that are not this one"),
            new("torchyard lock --fleet machines.toml", "one lock for all machines, or as few as possible"),
        ];
    }

    public override async Task<int> RunAsync(Invocation invocation, CancellationToken cancellation)
    {
        var source = RecipeChoice.Find(invocation, invocation.Get(_recipe), TorchOption.Read(invocation, _torch));
        var before = LockPlace.Read(source, invocation.Store);
        var fits = before is not null && LockFit.Fits(before, source.Recipe, source.DigestDirectory);
        if (invocation.Get(_check))
        {
            return Check(invocation, source, before, fits);
        }

        var options = new LockOptions
        {
            Torch = source.Preset is null ? TorchOption.Read(invocation, _torch) : null,
            Build = invocation.Get(_build),
            Gpus = invocation.Get(_gpus) ?? [],
            Driver = invocation.Get(_driver),
            Glibc = invocation.Get(_glibc),
            Fleet = invocation.Get(_fleet) is { } fleet ? invocation.Caller.FullPath(fleet) : null,
            Upgrade = invocation.Get(_upgrade),
            UpgradePackages = invocation.Get(_upgradePackages) ?? [],
            Offline = invocation.Get(_offline),
            DryRun = invocation.Get(_dryRun),
        };
        var project = new ProjectImage(invocation);
        IReadOnlyList<PlacedLock> after = fits && !options.AsksAnew
            ? [new PlacedLock(LockPlace.Of(source, invocation.Store), options.DryRun ? before! : project.WithOwnTools(source, before!))]
            : await project.LockAsync(source, before, options, cancellation);
        var locks = after.Select(one => LockSummary.Of(one, before)).ToList();
        invocation.Answer(new Answer(options.DryRun, locks), LockJson.Default.Answer, found => Show(invocation, found, isNew: before is null));
        return ExitCode.Done;
    }

    private static int Check(Invocation invocation, RecipeSource source, RecipeLock? before, bool fits)
    {
        var variants = before is null ? LockPlace.Variants(source, invocation.Store).Select(LockReader.ReadFile).ToList() : [];
        fits |= variants.Count > 0 && variants.TrueForAll(variant => LockFit.Fits(variant, source.Recipe, source.DigestDirectory));
        before ??= variants.FirstOrDefault();
        IReadOnlyList<string> reasons = fits ? []
            : before is null ? ["there is no lock"]
            : LockFit.Differences(before, source.Recipe) is { Count: > 0 } differences ? differences
            : ["the recipe changed after the lock was written"];
        invocation.Answer(new CheckAnswer(LockPlace.Of(source, invocation.Store), fits, reasons), LockJson.Default.CheckAnswer, found =>
        {
            foreach (var reason in found.Reasons)
            {
                invocation.Screen.Line(reason);
            }

            if (found.Fits)
            {
                invocation.Screen.Line("the lock fits the recipe");
            }
            else
            {
                invocation.Screen.ErrorLine("run 'torchyard lock'");
            }
        });
        return fits ? ExitCode.Done : ExitCode.Failed;
    }

    private static void Show(Invocation invocation, Answer answer, bool isNew)
    {
        var screen = invocation.Screen;
        foreach (var one in answer.Locks)
        {
            if (!isNew)
            {
                foreach (var change in one.Changes.Take(MostChangesShown))
                {
                    screen.Line(change switch
                    {
                        { Before: null } => $"+ {change.Name} {change.After}",
                        { After: null } => $"- {change.Name} {change.Before}",
                        _ => $"  {change.Name} {change.Before} -> {change.After}",
                    });
                }

                if (one.Changes.Count > MostChangesShown)
                {
                    screen.Line($"  and {one.Changes.Count - MostChangesShown} more");
                }
            }

            if (one.Stack is { } stack)
            {
                screen.Line(stack);
            }

            if (one.Cudnn is { } cudnn)
            {
                screen.Line($"cuDNN {cudnn.Version} for CUDA {cudnn.Cuda} from NVIDIA, under its own licence: {cudnn.License}");
            }

            if (one.CudaCompat is { } compat)
            {
                screen.Line($"cuda-compat {compat.Version} for CUDA {compat.Cuda} from NVIDIA, under its own licence: {compat.License}");
            }

            var what = (isNew, answer.DryRun, one.Changes.Count) switch
            {
                (true, false, _) => "locked",
                (true, true, _) => "would lock",
                (_, _, 0) => "nothing changed:",
                (_, true, _) => "would lock again:",
                _ => "locked again:",
            };
            screen.Line($"{what} {one.Packages} packages, {ByteSize.Decimal(one.Bytes)}, in {one.Lock}");
        }

        if (answer.Locks.Count > 1)
        {
            screen.Line();
            screen.Line($"No PyTorch fits all machines; each lock is for some of them: torchyard build {Path.GetFileName(answer.Locks[0].Lock)}");
        }
    }

    /// <summary>A lock that was written, or would be.</summary>
    /// <param name="Lock">Its file.</param>
    /// <param name="Packages">Debian and Python packages.</param>
    /// <param name="Bytes">Their size in bytes, as fetched.</param>
    /// <param name="Torch">PyTorch release, or null when no fit was asked for.</param>
    /// <param name="Build">PyTorch build, or null.</param>
    /// <param name="Machines">Names of the machines that it serves.</param>
    /// <param name="Changes">What it has otherwise than the lock before.</param>
    internal sealed record LockSummary(
        string Lock, int Packages, long Bytes, string? Torch, string? Build, IReadOnlyList<string> Machines, IReadOnlyList<LockChange> Changes)
    {
        /// <summary>NVIDIA's cuDNN, or null.</summary>
        public CudnnSummary? Cudnn { get; private init; }

        /// <summary>NVIDIA's forward-compatibility libraries, or null.</summary>
        public CudaCompatSummary? CudaCompat { get; private init; }

        /// <summary>The stack as a line for people, or null.</summary>
        [JsonIgnore]
        public string? Stack { get; private init; }

        public static LockSummary Of(PlacedLock placed, RecipeLock? before)
        {
            var after = placed.Lock;
            return new LockSummary(
                placed.Path,
                after.Packages.Count + (after.Python?.Packages.Count ?? 0),
                after.Packages.Sum(package => package.Size) + (after.Python?.Packages.Sum(package => package.Size) ?? 0) + (after.Cudnn?.Size ?? 0) + (after.CudaCompat?.Size ?? 0),
                after.Fit?.Torch,
                after.Fit?.Build,
                [.. after.Fit?.Machines.Select(machine => machine.Name) ?? []],
                LockChanges.Between(before, after))
            {
                Cudnn = after.Cudnn is { } cudnn ? new CudnnSummary(cudnn.Version, cudnn.Cuda, cudnn.License) : null,
                CudaCompat = after.CudaCompat is { } compat ? new CudaCompatSummary(compat.Version, compat.Cuda, compat.License) : null,
                Stack = after.Fit is { } fit ? Line(fit) : null,
            };
        }

        private static string Line(LockedFit fit)
        {
            var parts = new[] { ("CUDA", fit.Cuda), ("cuDNN", fit.Cudnn), ("NCCL", fit.Nccl), ("Triton", fit.Triton) }
                .Where(pair => pair.Item2 is not null).Select(pair => $"{pair.Item1} {pair.Item2}");
            var machines = fit.Machines.Select(machine =>
                $"{(machine.Gpus.Count == 0 ? "no GPU" : string.Join(", ", machine.Gpus))}{(machine.Driver is { } driver ? $" with driver {driver}" : "")}").Distinct(StringComparer.Ordinal).ToList();
            return $"PyTorch {fit.Torch} {fit.Build} for {string.Join("; ", machines.Take(4))}{(machines.Count > 4 ? $" and {machines.Count - 4} more" : "")}"
                + (fit.Cuda is null ? "" : $" ({string.Join(", ", parts)})");
        }
    }

    /// <summary>The cuDNN of a lock.</summary>
    /// <param name="Version">Release.</param>
    /// <param name="Cuda">Major version of CUDA.</param>
    /// <param name="License">Address of the licence that the recipe accepts.</param>
    internal sealed record CudnnSummary(string Version, int Cuda, string License);

    /// <summary>The forward-compatibility libraries of a lock.</summary>
    /// <param name="Version">Driver that they come from.</param>
    /// <param name="Cuda">CUDA release that they bring.</param>
    /// <param name="License">Address of the licence that the recipe accepts.</param>
    internal sealed record CudaCompatSummary(string Version, string Cuda, string License);

    internal sealed record Answer(bool DryRun, IReadOnlyList<LockSummary> Locks);

    internal sealed record CheckAnswer(string Lock, bool Fits, IReadOnlyList<string> Reasons);

    [JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
    [JsonSerializable(typeof(Answer))]
    [JsonSerializable(typeof(CheckAnswer))]
    internal sealed partial class LockJson : JsonSerializerContext;
}
