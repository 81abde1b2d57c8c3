using System.Text;
using Torchyard.Images.Environments;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Files;

namespace Torchyard.Flows.Projects;

/// <summary>
/// A project is a directory: what <c>up</c> is called in, what the container sees as <c>/workspace</c>, and what finds the container again.
/// </summary>
/// <param name="Directory">Absolute path, links resolved.</param>
/// <param name="Id">Twelve hexadecimal digits of the path's hash: name of the project's state in the store.</param>
/// <param name="State">Directory for what outlives the project's containers: host keys, certificates, logs.</param>
internal sealed record Project(string Directory, string Id, string State)
{
    /// <summary>
    /// Home directory of the environment's user: packages that users install for themselves stay when the container goes.
    /// </summary>
    public string Home => Path.Combine(State, "home");

    /// <summary>What pip installs inside: one directory for each Python, since compiled modules fit one only.</summary>
    /// <param name="python">The image's Python.</param>
    public string Python(ProjectPython python) => Path.Combine(State, "python" + python.Version);

    /// <summary>SSH host keys, authorized keys and certificates.</summary>
    public UntrustedDirectory ServiceState => UntrustedDirectory.At(Path.Combine(State, "services"));

    /// <summary>Logs of the services.</summary>
    public UntrustedDirectory ServiceLogs => UntrustedDirectory.At(Path.Combine(State, "logs"));

    /// <summary>The project of a directory.</summary>
    public static Project Of(string directory, StorePaths store)
    {
        // As getcwd(3) says it to whoever is there, by whatever links it was reached.
        var resolved = RealPath.Of(directory);
        var id = Digest.Of(Encoding.UTF8.GetBytes(resolved)).Hex[..12];
        return new Project(resolved, id, Path.Combine(store.Projects, id));
    }
}
