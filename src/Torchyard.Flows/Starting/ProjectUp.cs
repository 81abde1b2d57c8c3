using Torchyard.Containers.Starting;
using Torchyard.Flows.Access;
using Torchyard.Flows.Assembling;
using Torchyard.Flows.Fitting;
using Torchyard.Flows.Hosts;
using Torchyard.Flows.Locking;
using Torchyard.Flows.Locks;
using Torchyard.Flows.Projects;
using Torchyard.Flows.Repair;
using Torchyard.Flows.Runtimes;
using Torchyard.Flows.Trust;
using Torchyard.Images.Store;
using Torchyard.Recipes.Reading;
using Torchyard.Recipes.Settings;
using Torchyard.Recipes.Sources;

namespace Torchyard.Flows.Starting;

/// <summary>
/// Brings a project up: chooses its recipe, asks for what that wants, and hands it to <see cref="UpFlow"/> with the stages put together for
/// this machine.
/// </summary>
internal sealed class ProjectUp(Host host)
{
    /// <summary>Ends with a running environment.</summary>
    public async Task<EnvironmentReport> RunAsync(UpOptions options, CancellationToken cancellation)
    {
        // Before anything is held that others wait for.
        var idleRelease = options.IdleRelease is { } time ? IdleTime.Require(time) : (TimeSpan?)null;
        var given = RunTimeVariables.Read(host, options.EnvironmentFiles, options.Variables);
        var named = FindSource(options);
        var isUp = (await ProjectContainers.InAsync(host, named.Directory, cancellation)).Count > 0;
        await ProjectPlace.RequireAsync(host, named.Directory, options.Trust || isUp, cancellation);
        var recipe = await new RecipeGate(host, options.Trust).OpenAsync(named, cancellation);
        // Held until the container has its layers, so that a prune does not take them away in between.
        using var use = await new ImageStore(host.Store).BeginUseAsync(host.Progress, cancellation);
        var containers = host.Containers();
        var layers = new RepairingLayers(host);
        var flow = new UpFlow(
            host.Store,
            host.Caller,
            containers,
            new ContainerLauncher(containers, layers, host.Runtimes(), host.Self, host.Progress),
            async (source, token) =>
            {
                host.Policy().RequireLocal(source.Recipe.Name);
                var locked = await new ProjectLock(host, source.Files).EnsureAsync(
                    source,
                    new LockOptions { Torch = source.Preset is null ? options.Torch : null },
                    token
                );
                return await new ProjectImage(host, layers, source.Files).BuildAsync(locked, token);
            },
            (request, built, name, token) => UpGpus.ForAsync(host, request, options.Wait, name, built, token),
            layers,
            host.Self,
            new SshClientSettings(host),
            host.Progress
        );
        return await flow.RunAsync(
            new UpRequest
            {
                Source = recipe,
                Recreate = options.Recreate,
                BestEffort = options.BestEffort,
                Gpus = options.Gpus,
                IdleRelease = idleRelease,
                Variables = given,
            },
            cancellation
        );
    }

    private RecipeSource FindSource(UpOptions options)
    {
        if (options.Recipe is { } named)
        {
            return RecipeChoice.Find(host, named, options.Torch);
        }

        if (File.Exists(Path.Combine(host.Caller.WorkingDirectory, RecipeReader.FileName)))
        {
            return RecipeChoice.Find(host, named: null, options.Torch);
        }

        var choice = RecipeChoice.ForThisMachine(host);
        host.Progress.Note(
            $"No {RecipeReader.FileName} here: using the preset '{choice.Preset}', as {choice.Reason}; 'torchyard init' writes it down "
                + "to be changed"
        );
        if (choice.Warning is { } warning)
        {
            host.Progress.Warn(warning);
        }

        return RecipeChoice.Find(host, choice.Preset, options.Torch);
    }
}
