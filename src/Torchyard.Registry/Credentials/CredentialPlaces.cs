using Torchyard.Platform.Files;

namespace Torchyard.Registry.Credentials;

/// <summary>Where logins are on this machine.</summary>
public sealed record CredentialPlaces
{
    /// <summary>Torchyard's own file, the only one that it writes.</summary>
    public required string Own { get; init; }

    /// <summary>Files of podman and docker, in the order in which they are asked after Torchyard's own.</summary>
    public required IReadOnlyList<string> Others { get; init; }

    /// <summary>Docker's settings, which may name a helper that keeps logins better than any file.</summary>
    public required string Docker { get; init; }

    /// <summary>The places of a user.</summary>
    /// <param name="variable">Looks up an environment variable.</param>
    /// <param name="home">Home directory.</param>
    /// <param name="directories">The directories of the user.</param>
    /// <param name="user">User id.</param>
    public static CredentialPlaces Of(Func<string, string?> variable, string home, BaseDirectories directories, uint user)
    {
        ArgumentNullException.ThrowIfNull(variable);
        ArgumentNullException.ThrowIfNull(directories);
        var settings = directories.Settings;
        var docker = Path.Combine(Named("DOCKER_CONFIG") ?? Path.Combine(home, ".docker"), "config.json");
        var running =
            directories.Runtime is { } session ? Path.Combine(session, "containers")
            : user == 0 ? "/run/containers/0"
            : null;
        return new CredentialPlaces
        {
            Own = Path.Combine(settings, "torchyard", "auth.json"),
            Docker = docker,
            Others =
            [
                .. Named("REGISTRY_AUTH_FILE") is { } file ? [file] : Array.Empty<string>(),
                .. running is null ? Array.Empty<string>() : [Path.Combine(running, "auth.json")],
                Path.Combine(settings, "containers", "auth.json"),
                docker,
            ],
        };

        // A relative path would be taken from wherever the command happens to be called.
        string? Named(string name) => variable(name) is { Length: > 0 } value && Path.IsPathRooted(value) ? value : null;
    }
}
