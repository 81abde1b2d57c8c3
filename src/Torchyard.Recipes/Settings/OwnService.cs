using Torchyard.Platform.Files;

namespace Torchyard.Recipes.Settings;

/// <summary>How a service of the user's shows that it works.</summary>
public enum ServiceReady
{
    /// <summary>It runs.</summary>
    Running,

    /// <summary>Its port accepts a connection.</summary>
    Tcp,

    /// <summary>Its port answers a request.</summary>
    Http,
}

/// <summary>When a service that ended is started again.</summary>
public enum ServiceRestart
{
    /// <summary>Always.</summary>
    Always,

    /// <summary>When it failed.</summary>
    OnFailure,

    /// <summary>Never.</summary>
    Never,
}

/// <summary>A service of the user's own, <c>[services.NAME]</c>.</summary>
public sealed record OwnService
{
    /// <summary>Lower-case letters, digits and <c>-</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Program and arguments; <c>${port}</c> and <c>${listen}</c> are filled in.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>Programs of which the first that exists is started in the place of the command's first word; empty for none.</summary>
    public IReadOnlyList<string> Programs { get; init; } = [];

    /// <summary>TCP port; 0 picks a free one at each start; null for none.</summary>
    public int? Port { get; init; }

    /// <summary>Address to listen on.</summary>
    public string Listen { get; init; } = "127.0.0.1";

    /// <summary>Working directory inside.</summary>
    public string Directory { get; init; } = EnvironmentPlaces.Workspace;

    /// <summary>Variables of the service.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>How it shows that it works.</summary>
    public ServiceReady Ready { get; init; }

    /// <summary>Request path of <see cref="ServiceReady.Http"/>.</summary>
    public string ReadyPath { get; init; } = "/";

    /// <summary>When it is started again.</summary>
    public ServiceRestart Restart { get; init; }
}

/// <summary>TensorBoard, a service that Torchyard knows by name.</summary>
/// <param name="Port">TCP port; 0 picks a free one at each start.</param>
/// <param name="Listen">Address to listen on.</param>
/// <param name="Logdir">Directory of the runs, from <c>/workspace</c> on.</param>
public sealed record TensorBoardSettings(int Port = 6006, string Listen = "127.0.0.1", string Logdir = "./runs")
{
    /// <summary>Its name.</summary>
    public const string Name = "tensorboard";

    /// <summary>What is started.</summary>
    public OwnService Service =>
        new()
        {
            Name = Name,
            Command = [Name, "--logdir=" + Path.GetFullPath(Logdir, EnvironmentPlaces.Workspace), "--host=${listen}", "--port=${port}"],
            // By pip in the environment, by the recipe, from Debian or a captured environment.
            Programs =
            [
                EnvironmentPlaces.ProjectPython + "/bin/tensorboard",
                "/opt/venv/bin/tensorboard",
                "/usr/local/bin/tensorboard",
                "/usr/bin/tensorboard",
            ],
            Port = Port,
            Listen = Listen,
            Ready = ServiceReady.Http,
        };
}
