using System.Globalization;
using Torchyard.Images.Oci;
using Torchyard.Platform.Files;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;

namespace Torchyard.Images.Environments;

/// <summary>The <c>config</c> object of an image that Torchyard makes: how any engine starts it.</summary>
internal static class ImageDefaults
{
    /// <summary>Search path of Debian's login(1) for root, which has the administration programs that sshd and others are among.</summary>
    public const string SearchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>
    /// Gives user, entry point, environment, ports and volumes for a recipe. Labels are only those that the recipe names.
    /// </summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="programs">Directory that comes first in the search path, for images whose Python environment the recipe does not
    /// make.</param>
    /// <param name="python">The project's Python; null without one.</param>
    /// <param name="under">The image that it is built on; null for none.</param>
    public static ImageConfig For(Recipe recipe, string? programs = null, ProjectPython? python = null, LockedBase? under = null)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        return new ImageConfig
        {
            User = string.Create(CultureInfo.InvariantCulture, $"{EnvironmentPlaces.UserId}:{EnvironmentPlaces.UserId}"),
            Env = [.. Variables(recipe, programs, python, under).Select(variable => $"{variable.Key}={variable.Value}")],
            Entrypoint = [EnvironmentFiles.SupervisorPath],
            WorkingDir = EnvironmentPlaces.Workspace,
            ExposedPorts =
            [
                .. Ports(recipe)
                    .Where(port => port > 0)
                    .Select(port => string.Create(CultureInfo.InvariantCulture, $"{port}/tcp"))
                    .Union(under?.Ports ?? [], StringComparer.Ordinal),
            ],
            Volumes =
            [
                .. recipe
                    .Mounts.Select(mount => mount.Target)
                    .Append(EnvironmentPlaces.State)
                    .Union(under?.Volumes ?? [], StringComparer.Ordinal)
                    .Order(StringComparer.Ordinal),
            ],
            Labels = recipe.Image.Labels,
            StopSignal = "SIGTERM",
        };
    }

    /// <summary>The environment of every program in the image, by name.</summary>
    internal static SortedDictionary<string, string> Variables(
        Recipe recipe,
        string? programs,
        ProjectPython? python,
        LockedBase? under = null
    )
    {
        var environment = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["LANG"] = "C.UTF-8",
            // The contract of NVIDIA's container toolkit; without a GPU it does nothing.
            ["NVIDIA_DRIVER_CAPABILITIES"] = "compute,utility",
            ["NVIDIA_VISIBLE_DEVICES"] = "all",
            ["PATH"] = SearchPath,
        };
        // What the image below says counts before what is usual, and the recipe before both.
        foreach (var variable in under?.Environment ?? [])
        {
            var equals = variable.IndexOf('=', StringComparison.Ordinal);
            environment[variable[..equals]] = variable[(equals + 1)..];
        }

        // Where that is an image of Torchyard, its project's Python is there already.
        environment["PATH"] = environment["PATH"].Replace(ProjectPython.Programs + ":", "", StringComparison.Ordinal);
        if (recipe.Python is not null)
        {
            // What activating the virtual environment does.
            environment["PATH"] = LockedPython.VenvPath + "/bin:" + environment["PATH"];
            environment["VIRTUAL_ENV"] = LockedPython.VenvPath;
        }

        if (programs is not null)
        {
            environment["PATH"] = $"{programs}:{SearchPath}";
        }

        if (python is not null)
        {
            ProjectPython.Activate(environment, environment["PATH"], recipe.Services.Jupyter is not null);
        }

        foreach (var (name, value) in recipe.Image.Environment)
        {
            environment[name] = value;
        }

        return environment;
    }

    private static IEnumerable<int> Ports(Recipe recipe)
    {
        if (recipe.Services.Ssh is { } ssh)
        {
            yield return ssh.Port;
        }

        if (recipe.Services.Jupyter is { } jupyter)
        {
            yield return jupyter.Port;
        }

        foreach (var service in recipe.Services.Commands)
        {
            if (service.Port is { } port)
            {
                yield return port;
            }
        }
    }
}
