using Torchyard.Images.Debian.Configure;
using Torchyard.Images.Layers;
using Torchyard.Images.Sbom;
using Torchyard.Images.Sources;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Environments;

/// <summary>What every image has on top: user, services, supervisor.</summary>
/// <param name="supervisor">The program that the image starts with; null when nothing is built.</param>
internal sealed class EnvironmentSource(SupervisorProgram? supervisor) : ILayerSource
{
    private SupervisorProgram Supervisor => supervisor ?? throw new InvalidOperationException("a build needs the supervisor");

    /// <inheritdoc />
    public LayerOrder Order => LayerOrder.Environment;

    /// <inheritdoc />
    public bool IsIn(RecipeLock locked) => true;

    /// <inheritdoc />
    /// <exception cref="TorchyardException">TY4803: the lock was made with another supervisor.</exception>
    public void Require(RecipeLock locked) => Supervisor.Require(locked.Tools.Supervisor);

    /// <inheritdoc />
    public Task<IReadOnlyList<LayerPlan>> PlanAsync(LayerContext context) =>
        Task.FromResult<IReadOnlyList<LayerPlan>>([new LayerPlan(below => Task.FromResult(Place(below, context)))]);

    /// <inheritdoc />
    public SourceSoftware Software(RecipeLock locked) => new([SpdxPackage.Supervisor(locked.Tools.Supervisor)]);

    private PlacedLayer Place(LayerStack below, LayerContext context)
    {
        var upper = context.NewDirectory("environment");
        Directory.CreateDirectory(upper);
        // The accounts come from the layers below, so the key is known only when the files are written. Directories on the way are as they
        // are below, too, where a step of the recipe may have changed them.
        var key = BuildKey.Of(
            "environment",
            [.. EnvironmentLayer.Write(upper, below.Roots, context.Locked, Supervisor, below.Epoch), .. below.Keys]
        );
        if (FirstStart.Of(context.Locked.Packages.Select(package => package.Name)) is { Count: > 0 } steps)
        {
            context.Progress.Note(
                "not in the image, made when a container of it starts first as root: "
                    + string.Join(", ", steps.Select(step => $"{step.Makes} of {step.Package} ({step.Why})"))
            );
        }

        return MadeLayer.Find(context.Cache, key, EnvironmentLayer.History) is { } cached
            ? context.Place(cached)
            : context.PlaceUpper(key, upper, below.Epoch, EnvironmentLayer.History);
    }
}
