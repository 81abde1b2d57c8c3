using Torchyard.Flows.Fitting;
using Torchyard.Flows.Hosts;
using Torchyard.Flows.Locks;
using Torchyard.Flows.Trust;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Locks;

namespace Torchyard.Flows.Locking;

/// <summary>Answers a recipe with exact packages.</summary>
internal sealed class LockFlow(Host host)
{
    /// <summary>Locks; a lock that fits its recipe stays as it is where nothing else is asked for.</summary>
    /// <exception cref="TorchyardException">As
    /// <see cref="RecipeGate.OpenAsync(Torchyard.Recipes.Sources.RecipeSource, CancellationToken)"/> and
    /// <see cref="ProjectLock.LockAsync"/>.</exception>
    public async Task<LockOutcome> RunAsync(LockRequest request, CancellationToken cancellation)
    {
        var source = RecipeChoice.Find(host, request.Recipe, request.Options.Torch);
        var (before, damage) = LockPlace.Salvage(source, host.Store);
        source = await new RecipeGate(host, request.Trust).OpenAsync(source, before, cancellation);
        // Of a preset the line of PyTorch is part of the recipe.
        var options = request.Options with
        {
            Torch = source.Preset is null ? request.Options.Torch : null,
            IsSalvage = damage is not null,
        };
        if (damage is not null)
        {
            host.Progress.Warn(
                $"{Path.GetFileName(LockPlace.Of(source, host.Store))} cannot be used, so it is written anew ({damage}); "
                    + (
                        before is null || options.Upgrade
                            ? "nothing of it is kept"
                            : "the state of its archives and its versions of Python packages are kept"
                    )
            );
        }

        var project = new ProjectLock(host, source.Files);
        var stays = before is not null && damage is null && !options.AsksAnew ? before : null;
        var place = LockPlace.Of(source, host.Store);
        var after =
            stays is not null && LockFit.Fits(stays, source)
                ? [new PlacedLock(place, options.DryRun ? stays : project.WithOwnTools(source, stays))]
            : stays is not null && project.WithNewSteps(source, stays, options.DryRun) is { } renewed ? [renewed]
            : await project.LockAsync(source, before, options, cancellation);
        new ProjectBase(host).TellMoved(after[0].Lock);
        return new LockOutcome(options.DryRun, [.. after.Select(one => LockSummary.Of(one, before))]) { IsNew = before is null };
    }

    /// <summary>Says whether the lock fits the recipe, and changes nothing.</summary>
    public async Task<LockCheck> CheckAsync(LockRequest request, CancellationToken cancellation)
    {
        var source = RecipeChoice.Find(host, request.Recipe, request.Options.Torch);
        var before = LockPlace.Read(source, host.Store);
        source = await new RecipeGate(host, request.Trust).OpenAsync(source, before, cancellation);
        var variants = before is null ? LockPlace.Variants(source, host.Store).Select(LockReader.ReadFile).ToList() : [];
        var fits =
            (before is not null && LockFit.Fits(before, source))
            || (variants.Count > 0 && variants.TrueForAll(variant => LockFit.Fits(variant, source)));
        before ??= variants.FirstOrDefault();
        var reasons =
            fits ? []
            : before is null ? ["there is no lock"]
            : LockFit.Differences(before, source) is { Count: > 0 } differences ? differences
            : ["the recipe changed after the lock was written"];
        return new LockCheck(LockPlace.Of(source, host.Store), fits, reasons);
    }
}
