using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Requests;
using Torchyard.Containers.State;
using Torchyard.Platform.Linux;

namespace Torchyard.Containers.Network;

/// <summary>Writes the container's hosts, hostname and resolv.conf, which are bound over the image's.</summary>
internal static class EtcFiles
{
    /// <summary>Resolver of slirp4netns inside the container (slirp4netns(1)).</summary>
    private const string SlirpResolver = "10.0.2.3";

    public static void Write(ContainerDirectory directory, NetworkMode network, string hostName, bool rootless, IdMapping? ids)
    {
        var hosts = network == NetworkMode.Host ? ReadOr("/etc/hosts", "") : "";
        hosts = hosts.Length > 0 ? hosts : "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n";
        if (!hosts.Split([' ', '\t', '\n'], StringSplitOptions.RemoveEmptyEntries).Contains(hostName))
        {
            hosts = hosts.TrimEnd('\n') + $"\n127.0.1.1\t{hostName}\n";
        }

        Put("hosts", hosts);
        Put("hostname", hostName + "\n");
        Put(
            "resolv.conf",
            network switch
            {
                NetworkMode.Host => ReadOr("/etc/resolv.conf", ""),
                NetworkMode.Private when rootless || OutgoingNetwork.Find() is not null => $"nameserver {SlirpResolver}\n",
                _ => "",
            }
        );

        void Put(string name, string text)
        {
            var path = Path.Combine(directory.Etc, name);
            File.WriteAllText(path, text);
            File.SetUnixFileMode(path, (UnixFileMode)FileModes.Readable);
            // Root inside may edit them, as under docker.
            if (
                ids is not null
                && (IdMapping.ToOutside(ids.Uids, 0), IdMapping.ToOutside(ids.Gids, 0)) is ({ } uid, { } gid)
                && OwnerCalls.Set(path, uid, gid) != 0
            )
            {
                throw new IOException($"cannot give {path} to uid {uid}: {Errno.Text(Errno.Last)}");
            }
        }
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
