using System.Globalization;
using System.Net;
using Torchyard.Containers.Requests;
using Torchyard.Containers.State;
using Torchyard.Images;
using Torchyard.Recipes;

namespace Torchyard.Up;

/// <summary>Turns a recipe into the request for its container: mounts, limits, ports, what the services must know.</summary>
internal static class EnvironmentRequest
{
    /// <summary>Where the home directory of the environment's user is mounted, so that what is installed there outlives the container.</summary>
    public const string HomePath = "/home/trainer";

    /// <summary>The request that <c>up</c> starts.</summary>
    /// <param name="source">The recipe.</param>
    /// <param name="project">The project.</param>
    /// <param name="image">The built image.</param>
    /// <param name="imageName">Its name in the store.</param>
    /// <param name="name">Name for the container.</param>
    /// <param name="bestEffort">Limits that cannot be enforced are warnings.</param>
    public static RunRequest For(RecipeSource source, Project project, StoredImage image, string imageName, string name, bool bestEffort)
    {
        var recipe = source.Recipe;
        return new RunRequest
        {
            Image = image,
            ImageName = imageName,
            Name = name,
            // Without a service the supervisor would have nothing to do and end; the environment stays for exec until it is stopped.
            Command = recipe.Services is { Jupyter: null, Ssh: null } ? ["sleep", "infinity"] : [],
            Environment = [.. PortVariables(recipe)],
            Labels = new Dictionary<string, string> { [ContainerLabels.Project] = project.Directory },
            Mounts = [.. Mounts(source, project)],
            Limits = new ContainerLimits
            {
                Memory = recipe.Limits.Memory,
                Cpus = recipe.Limits.Cpus,
                SharedMemory = recipe.Limits.SharedMemory,
                Processes = recipe.Limits.Processes,
            },
            BestEffort = bestEffort,
        };
    }

    private static IEnumerable<MountRequest> Mounts(RecipeSource source, Project project)
    {
        yield return Bind(project.Directory, "/workspace");
        foreach (var mount in source.Recipe.Mounts)
        {
            yield return Bind(Path.GetFullPath(mount.Source, source.Directory), mount.Target) with { ReadOnly = mount.ReadOnly, CreateSource = true };
        }

        yield return Bind(project.Home, HomePath);
        yield return Bind(project.ServiceState, "/var/lib/torchyard");
        yield return Bind(project.ServiceLogs, "/var/log/torchyard");
    }

    private static MountRequest Bind(string source, string target) => new() { Kind = MountKind.Bind, Source = source, Target = target };

    private static IEnumerable<string> PortVariables(Recipe recipe)
    {
        var taken = new HashSet<int>();
        if (recipe.Services.Jupyter is { } jupyter)
        {
            yield return Variable("JUPYTER", Choose("jupyter", jupyter.Listen, jupyter.Port, new JupyterSettings().Port, taken));
        }

        if (recipe.Services.Ssh is { } ssh)
        {
            yield return Variable("SSH", Choose("ssh", ssh.Listen, ssh.Port, new SshSettings().Port, taken));
        }
    }

    // The usual port may move when another environment has it; a port of the user's own choice may not.
    private static int Choose(string service, string listen, int wanted, int usual, HashSet<int> taken)
    {
        var port = ServicePort.Choose(service, IPAddress.Parse(listen), wanted, chosenByUser: wanted != usual, taken);
        taken.Add(port);
        return port;
    }

    private static string Variable(string service, int port) => string.Create(CultureInfo.InvariantCulture, $"TORCHYARD_{service}_PORT={port}");
}
