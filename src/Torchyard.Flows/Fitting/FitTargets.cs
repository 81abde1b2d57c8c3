using Torchyard.Fit.Answer;
using Torchyard.Fit.Data;
using Torchyard.Fit.Fleet;
using Torchyard.Flows.Locks;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Sources;

namespace Torchyard.Flows.Fitting;

/// <summary>The machines that a recipe's PyTorch must run on.</summary>
/// <param name="machine">Reads this machine, once it is asked for.</param>
/// <param name="tables">What is known of GPUs.</param>
internal sealed class FitTargets(Lazy<MachineGpus> machine, FitTables tables)
{
    /// <summary>The GPUs and the driver of this machine.</summary>
    public MachineGpus Machine => machine.Value;

    /// <summary>The machines, and who named them: options, an earlier lock that had options, the recipe, or nobody.</summary>
    /// <param name="source">The recipe.</param>
    /// <param name="kept">The fit of the lock as it was, or null.</param>
    /// <param name="options">The command line.</param>
    /// <param name="architecture">Architecture of the image, as Linux names it.</param>
    /// <exception cref="TorchyardException">TY5201 to TY5204 for what was written; TY5210: no machine is named.</exception>
    public (FitOrigin Origin, IReadOnlyList<FitTarget> Targets) Of(
        RecipeSource source,
        LockedFit? kept,
        LockOptions options,
        string architecture
    )
    {
        var settings = source.Recipe.Fit;
        if (options.Fleet is { } file)
        {
            if (options.Gpus.Count > 0 || options.Driver is not null)
            {
                throw new TorchyardException(
                    "TY5204",
                    "a fleet file names the machines with their GPUs and drivers, and so do --gpu and --driver",
                    "leave out either; what is to be added can be a [[machine]] of the file"
                )
                {
                    IsUsage = true,
                };
            }

            return (FitOrigin.Options, Fleet(FleetFile.ReadFile(file, file, tables), file, architecture));
        }

        if (options.NamesMachines)
        {
            return (FitOrigin.Options, Asked(options.Gpus.Count > 0 ? options.Gpus : settings?.Gpus ?? [], options.Driver, architecture));
        }

        if (kept is { Origin: FitOrigin.Options, Machines.Count: > 0 })
        {
            return (
                FitOrigin.Options,
                [
                    .. kept.Machines.Select(machine => new FitTarget
                    {
                        Name = machine.Name,
                        Gpus = [.. machine.Gpus.Select(gpu => FleetFile.Gpu(gpu, tables)).OfType<TargetGpu>()],
                        Driver = machine.Driver is { } text && DriverText.TryParse(text, tables, out var driver, out _) ? driver : null,
                        Architecture = machine.Architecture,
                    }),
                ]
            );
        }

        if (settings?.Fleet is { } named)
        {
            return (
                FitOrigin.Recipe,
                Fleet(FleetFile.ReadFile(() => source.Files.Read(named, FleetFile.MaxBytes), named, tables), named, architecture)
            );
        }

        if (settings is { Gpus.Count: > 0 } or { Driver: not null })
        {
            var asked = Asked(settings.Gpus, settings.Driver, architecture);
            return (
                FitOrigin.Recipe,
                settings.Driver is null && IsLikeThis(asked[0]) ? [asked[0] with { Driver = Machine.Driver }] : asked
            );
        }

        // A version or build without machines is for whatever is here, be it without a GPU.
        return Machine.Gpus.Count > 0 || settings is null
            ? (FitOrigin.Machine, [Here(architecture)])
            : throw new TorchyardException(
                "TY5210",
                "[fit] names no GPUs, and this machine has none to go by",
                "name them: gpus = [\"h100\"] below [fit], or torchyard lock --gpu h100 --driver 535.183.01"
            )
            {
                IsUsage = true,
            };
    }

    /// <summary>A recipe for the very GPUs of this machine is checked against its driver too.</summary>
    private bool IsLikeThis(FitTarget asked) =>
        Machine.Gpus.Count > 0 && Machine.Gpus.All(gpu => asked.Gpus.Any(other => other.Capability == gpu.Capability));

    /// <summary>This machine.</summary>
    public FitTarget Here(string architecture) =>
        new()
        {
            Name = "this machine",
            Gpus = Machine.Gpus,
            Driver = Machine.Driver,
            Architecture = architecture,
        };

    private IReadOnlyList<FitTarget> Asked(IReadOnlyList<string> gpus, string? driver, string architecture)
    {
        var targets = new FitQuestion { Gpus = gpus, Driver = driver }
            .Read(Machine, "this machine", architecture, null, tables)
            .Targets;
        return targets.FirstOrDefault(target => target.Architecture != architecture) is { } other
            ? throw new TorchyardException(
                "TY5204",
                $"{string.Join(", ", other.Gpus.Select(gpu => gpu.Name))} is in {other.Architecture} machines only, and the recipe's base "
                    + $"is {architecture}",
                "set architecture of [base] in the recipe: amd64 or arm64"
            )
            {
                IsUsage = true,
            }
            : targets;
    }

    private static IReadOnlyList<FitTarget> Fleet(IReadOnlyList<FitTarget> machines, string shown, string architecture)
    {
        return machines.FirstOrDefault(machine => machine.Architecture != architecture) is { } other
            ? throw new TorchyardException(
                "TY5204",
                $"{shown}: {other.Name} is {other.Architecture}, the recipe's base is {architecture}",
                "give each architecture a recipe and a fleet file of its own; base.architecture of the recipe is amd64 or arm64"
            )
            {
                IsUsage = true,
            }
            : machines;
    }
}
