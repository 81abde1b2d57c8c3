using System.Globalization;
using System.Text;
using Torchyard.Containers.Starting;
using Torchyard.Flows.Access;
using Torchyard.Platform.Files;

namespace Torchyard.Flows.Starting;

/// <summary>
/// An environment as an entry of ssh_config(5). It has a name and a file of host keys of its own, so that neither the port nor another
/// environment on the same port can look like an attack, and a wrong host is always refused.
/// </summary>
internal sealed record SshHostEntry
{
    /// <summary>Name of the container; its host key is known by it.</summary>
    public required string Name { get; init; }

    /// <summary>Where its server listens.</summary>
    public required ServiceAddress Address { get; init; }

    /// <summary>File with the host key, which Torchyard wrote.</summary>
    public required string KnownHosts { get; init; }

    /// <summary>Key to log in with, or null for the user's own.</summary>
    public required string? PrivateKey { get; init; }

    /// <summary>The project's directory, or null for a container of <c>run</c>.</summary>
    public required string? Project { get; init; }

    /// <summary>Environments end with it, so that none can take the name of another host of the user's.</summary>
    private const string Domain = ".torchyard";

    /// <summary>What is typed: <c>ssh vision.torchyard</c>.</summary>
    public string Host => Name + Domain;

    /// <summary>The entry.</summary>
    public string Text
    {
        get
        {
            var text = new StringBuilder();
            text.Append(CultureInfo.InvariantCulture, $"# {(Project is null ? $"container {Name}" : Visible(Project))}, by Torchyard\n");
            text.Append(CultureInfo.InvariantCulture, $"Host {Host}\n");
            text.Append(CultureInfo.InvariantCulture, $"  HostName {Address.Connect}\n");
            text.Append(CultureInfo.InvariantCulture, $"  Port {Address.Port}\n");
            text.Append(CultureInfo.InvariantCulture, $"  User {EnvironmentPlaces.User}\n");
            foreach (var (key, value) in SshLogin.HostKeyOptions(Name, KnownHosts))
            {
                text.Append(CultureInfo.InvariantCulture, $"  {key} {value}\n");
            }

            foreach (var (key, value) in SshLogin.KeyOptions(PrivateKey))
            {
                text.Append(CultureInfo.InvariantCulture, $"  {key} {value}\n");
            }

            return text.ToString();
        }
    }

    /// <summary>The entry of a running container; its host keys are written where no program inside can change them.</summary>
    /// <param name="session">The container.</param>
    /// <param name="state">Host directory that it has as /var/lib/torchyard.</param>
    /// <param name="address">Where its server listens.</param>
    /// <param name="project">The project's directory, or null.</param>
    /// <param name="keys">Who may log in.</param>
    /// <exception cref="Torchyard.Platform.Errors.TorchyardException">TY4108: there is no host key yet.</exception>
    public static SshHostEntry Make(
        ContainerSession session,
        UntrustedDirectory state,
        ServiceAddress address,
        string? project,
        AccessKeys keys
    )
    {
        var knownHosts = Path.Combine(session.OwnDirectory, "known_hosts");
        AtomicFile.WriteText(knownHosts, SshLogin.KnownHosts(state, session.Record.Name));
        return new SshHostEntry
        {
            Name = session.Record.Name,
            Address = address,
            KnownHosts = knownHosts,
            PrivateKey = keys.PrivateKey,
            Project = project,
        };
    }

    /// <summary>Writes the entry into the container's own directory, where the line of <see cref="SshClientSettings"/> finds it.</summary>
    /// <param name="link">A shorter path to it, which a project keeps when its container is another one; null for none.</param>
    /// <returns>The file, or the link.</returns>
    public string Write(string? link = null)
    {
        var file = Path.Combine(Path.GetDirectoryName(KnownHosts)!, SshClientSettings.EntryName);
        AtomicFile.WriteText(file, Text);
        if (link is null)
        {
            return file;
        }

        // As the entry itself it appears at once; without the container it leads nowhere, and ssh says so.
        var fresh = link + ".new";
        File.Delete(fresh);
        File.CreateSymbolicLink(fresh, file);
        File.Move(fresh, link, overwrite: true);
        return link;
    }

    // A comment ends with its line.
    private static string Visible(string path) => Torchyard.Platform.Text.VisibleText.Of(path);
}
