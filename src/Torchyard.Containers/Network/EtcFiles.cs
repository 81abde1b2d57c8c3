using Torchyard.Containers.Requests;
using Torchyard.Containers.State;

namespace Torchyard.Containers.Network;

/// <summary>Writes the container's hosts, hostname and resolv.conf, which are bound over the image's.</summary>
internal static class EtcFiles
{
    /// <summary>Resolver of slirp4netns inside the container (slirp4netns(1)).</summary>
    private const string SlirpResolver = "10.0.2.3";

    public static void Write(ContainerDirectory directory, NetworkMode network, string hostName, bool rootless)
    {
        var hosts = network == NetworkMode.Host ? ReadOr("/etc/hosts", "") : "";
        hosts = hosts.Length > 0 ? hosts : "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n";
        if (!hosts.Split([' ', '\t', '\n'], StringSplitOptions.RemoveEmptyEntries).Contains(hostName))
        {
            hosts = hosts.TrimEnd('\n') + $"\n127.0.1.1\t{hostName}\n";
        }

        Put(Path.Combine(directory.Etc, "hosts"), hosts);
        Put(Path.Combine(directory.Etc, "hostname"), hostName + "\n");
        Put(Path.Combine(directory.Etc, "resolv.conf"), network switch
        {
            NetworkMode.Host => ReadOr("/etc/resolv.conf", ""),
            NetworkMode.Private when rootless || OutgoingNetwork.Find() is not null => $"nameserver {SlirpResolver}\n",
            _ => "",
        });
    }

    private static void Put(string path, string text)
    {
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
    }

    private static string ReadOr(string path, string otherwise)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return otherwise;
        }
    }
}
