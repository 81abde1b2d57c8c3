namespace Torchyard.Platform.Files;

/// <summary>
/// Where things are inside an environment's container, and who works there: what recipes may not cover, images contain, <c>up</c> mounts
/// and the supervisor uses (which gets the two directories of its own from the image's variables).
/// </summary>
public static class EnvironmentPlaces
{
    /// <summary>Name of the user and of its group.</summary>
    public const string User = "trainer";

    /// <summary>Id of the user and of its group.</summary>
    public const int UserId = 1000;

    /// <summary>Home directory of the user; kept for each project.</summary>
    public const string Home = "/home/trainer";

    /// <summary>The project's directory: where programs start.</summary>
    public const string Workspace = "/workspace";

    /// <summary>The virtual environment of what is installed into a running environment.</summary>
    public const string ProjectPython = "/opt/project";

    /// <summary>What the supervisor keeps: host key, certificate, token.</summary>
    public const string State = "/var/lib/torchyard";

    /// <summary>Logs of the services.</summary>
    public const string Logs = "/var/log/torchyard";
}
