using Torchyard.Platform.Files;

namespace Torchyard.Recipes.Settings;

/// <summary>Where in an image a recipe puts no files of its own.</summary>
public static class ImagePlaces
{
    /// <summary>What to do instead.</summary>
    public const string Cure = "choose a target such as /etc/app, /opt/app or /usr/local/bin";

    private const string Kernel = "is the kernel's, and no part of an image";
    private const string Emptied = "is empty when a container starts";
    private const string Packages = "belongs to the package manager";
    private const string Own = "belongs to the environment itself";
    private const string Hidden = "is mounted over in every environment, so nobody would see the file";

    private static readonly (string Path, string Why)[] Reserved =
    [
        ("/proc", Kernel),
        ("/sys", Kernel),
        ("/dev", Kernel),
        ("/run", Emptied),
        ("/tmp", Emptied),
        ("/var/tmp", Emptied),
        ("/var/run", Emptied),
        ("/var/lib/dpkg", Packages),
        ("/var/lib/apt", Packages),
        ("/var/cache/apt", Packages),
        ("/usr/lib/torchyard", Own),
        ("/etc/torchyard", Own),
        (EnvironmentPlaces.State, Own),
        (EnvironmentPlaces.Logs, Own),
        (SharedCache.Root, Own),
        (EnvironmentPlaces.Workspace, Hidden),
        (EnvironmentPlaces.Home, Hidden),
        (EnvironmentPlaces.ProjectPython, Hidden),
    ];

    /// <summary>Why a file cannot be at a place, as the end of a sentence; null where it can.</summary>
    /// <param name="path">Absolute, without <c>.</c>, <c>..</c> and a slash at its end.</param>
    public static string? WhyNot(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return Reserved
            .Where(place => path == place.Path || path.StartsWith(place.Path + "/", StringComparison.Ordinal))
            .Select(place => place.Why)
            .FirstOrDefault();
    }
}
