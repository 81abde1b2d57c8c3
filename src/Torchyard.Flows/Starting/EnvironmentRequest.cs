using System.Globalization;
using System.Net;
using Torchyard.Containers.Requests;
using Torchyard.Containers.State;
using Torchyard.Flows.Projects;
using Torchyard.Images.Environments;
using Torchyard.Images.Oci;
using Torchyard.Machine.Kernel;
using Torchyard.Platform.Files;
using Torchyard.Recipes.Settings;
using Torchyard.Recipes.Sources;
using Torchyard.Recipes.Wishes;

namespace Torchyard.Flows.Starting;

/// <summary>Turns a recipe into the request for its container: mounts, limits, ports, what the services must know.</summary>
internal static class EnvironmentRequest
{
    /// <summary>Targets that are the environment's own, whatever the recipe says.</summary>
    public static IReadOnlyList<string> OwnTargets { get; } =
    [EnvironmentPlaces.Workspace, EnvironmentPlaces.Home, ProjectPython.Root, EnvironmentPlaces.State, EnvironmentPlaces.Logs];

    /// <summary>The request that <c>up</c> starts.</summary>
    /// <param name="source">The recipe.</param>
    /// <param name="home">The user's home directory.</param>
    /// <param name="store">Where the shared caches are.</param>
    /// <param name="project">The project.</param>
    /// <param name="image">The built image.</param>
    /// <param name="imageName">Its name in the store.</param>
    /// <param name="name">Name for the container.</param>
    /// <param name="python">The image's own Python; null without one.</param>
    /// <param name="ports">Holds the ports of the services.</param>
    /// <param name="variables">Variables of the recipe, the command line and the machine.</param>
    /// <param name="bestEffort">Limits that cannot be enforced are warnings.</param>
    public static RunRequest For(
        RecipeSource source,
        string home,
        StorePaths store,
        Project project,
        StoredImage image,
        string imageName,
        string name,
        ProjectPython? python,
        ServicePorts ports,
        RunTimeVariables variables,
        bool bestEffort
    )
    {
        var recipe = source.Recipe;
        var services = Services(recipe, ports);
        return new RunRequest
        {
            Image = image,
            ImageName = imageName,
            Name = name,
            // Without a service the supervisor would have nothing to do and end; the environment stays for exec until it is stopped.
            Command = recipe.Services.IsEmpty ? ["sleep", "infinity"] : [],
            // What the services must know comes last: a port that was chosen is the one that is used.
            Environment = [.. variables.For(image.Config.Env), .. services.SelectMany(Variables)],
            Labels = new Dictionary<string, string>([
                .. variables.Labels,
                .. services.Select(service => ServiceAddress.Label(service.Name, service.Listen, service.Port)),
                .. services
                    .Where(service => service.Wanted != 0 && service.Wanted != service.Port)
                    .Select(service => PlacedServices.Moved(service.Name, service.Wanted)),
            ])
            {
                [ContainerLabels.Project] = project.Directory,
            },
            Mounts = [.. Mounts(source, home, project, python), .. CacheMounts(recipe, store)],
            OpenToContainers = [project.Directory, project.State, store.Caches],
            Limits = Limits(recipe, MachineResources.Detect()),
            BestEffort = bestEffort,
        };
    }

    /// <summary>The limits that a recipe asks for, shares turned into bytes.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="machine">What the shares are of.</param>
    public static ContainerLimits Limits(Recipe recipe, MachineResources machine)
    {
        var limits = recipe.Limits;
        var memory = limits.MemoryShare is { } share ? (long)(share * machine.Memory) : limits.Memory;
        return new ContainerLimits
        {
            Memory = memory,
            Cpus = limits.Cpus,
            SharedMemory = limits.SharedMemoryShare is { } part ? (long)(part * (memory ?? machine.DefaultMemory)) : limits.SharedMemory,
            Processes = limits.Processes,
        };
    }

    /// <summary>The mounts that a recipe asks for.</summary>
    /// <param name="source">The recipe.</param>
    /// <param name="home">The user's home directory.</param>
    public static IEnumerable<MountRequest> RecipeMounts(RecipeSource source, string home)
    {
        foreach (var mount in source.Recipe.Mounts)
        {
            // What was looked at, and allowed where it is outside, is what is mounted: the path has no link any more that could lead
            // elsewhere.
            var real = source.Files.RealOf(mount.HostPath(source.Directory, home));
            if (
                !RealPath.IsWithin(real, source.Files.RealDirectory)
                && !source.Files.IsGranted(Wish.Mount(real, mount.ReadOnly, mount.Target))
            )
            {
                source.Files.Require(real);
            }

            yield return Bind(real, mount.Target) with
            {
                ReadOnly = mount.ReadOnly,
                CreateSource = true,
            };
        }
    }

    /// <summary>The shared caches that a recipe asks for, and was allowed.</summary>
    public static IEnumerable<MountRequest> CacheMounts(Recipe recipe, StorePaths store) =>
        recipe.Caches.Select(cache => Bind(Path.Combine(store.Caches, cache.Name), cache.Target));

    private static IEnumerable<MountRequest> Mounts(RecipeSource source, string home, Project project, ProjectPython? python)
    {
        yield return Bind(project.Directory, EnvironmentPlaces.Workspace);
        foreach (var mount in RecipeMounts(source, home))
        {
            yield return mount;
        }

        yield return Bind(project.Home, EnvironmentPlaces.Home);
        if (python is not null)
        {
            yield return Bind(project.Python(python), ProjectPython.Root);
        }

        yield return Bind(project.ServiceState.Path, EnvironmentPlaces.State);
        yield return Bind(project.ServiceLogs.Path, EnvironmentPlaces.Logs);
    }

    private static MountRequest Bind(string source, string target) =>
        new()
        {
            Kind = MountKind.Bind,
            Source = source,
            Target = target,
        };

    private static List<ChosenPort> Services(Recipe recipe, ServicePorts ports) =>
        [
            .. recipe
                .Services.Ports.Where(service => service.Port is not null)
                .Select(service => Choose(service.Name, service.Listen, service.Port!.Value, ports)),
        ];

    // On loopback a port that is in use moves, and that is said. What other machines reach has the port that was allowed, or none.
    private static ChosenPort Choose(string service, string listen, int wanted, ServicePorts ports)
    {
        var address = IPAddress.Parse(listen);
        return new ChosenPort(service, listen, ports.Take(service, address, wanted, chosenByUser: !IPAddress.IsLoopback(address)), wanted);
    }

    private sealed record ChosenPort(string Name, string Listen, int Port, int Wanted);

    // The address too: that which was looked at is the one that is used, whatever the image says.
    private static IEnumerable<string> Variables(ChosenPort service)
    {
        var stem = "TORCHYARD_" + service.Name.ToUpperInvariant().Replace('-', '_');
        yield return string.Create(CultureInfo.InvariantCulture, $"{stem}_PORT={service.Port}");
        yield return $"{stem}_LISTEN={service.Listen}";
    }
}
