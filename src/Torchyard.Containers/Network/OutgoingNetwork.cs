using System.Diagnostics;
using System.Globalization;
using Torchyard.Containers.Namespaces;

namespace Torchyard.Containers.Network;

/// <summary>A private network's way out: slirp4netns, a user-mode network stack, needs no privilege but /dev/net/tun.</summary>
internal static class OutgoingNetwork
{
    /// <summary>The program, when it is there and this user may open the tun device.</summary>
    public static string? Find() =>
        ProgramSearch.Find("slirp4netns") is { } path && Native.Libc.Access("/dev/net/tun", Native.Libc.WriteAccess) == 0 ? path : null;

    /// <summary>
    /// Starts it for a container whose program has not started yet. The host's own loopback stays out of reach
    /// (<c>--disable-host-loopback</c>), so a container cannot talk to services that trust local callers.
    /// </summary>
    /// <param name="program">Path of slirp4netns.</param>
    /// <param name="init">The container's first process.</param>
    /// <param name="rootless">True when it is in a user namespace.</param>
    public static Process Start(string program, int init, bool rootless)
    {
        var id = init.ToString(CultureInfo.InvariantCulture);
        var start = new ProcessStartInfo(program) { RedirectStandardError = true, RedirectStandardInput = true, RedirectStandardOutput = true, WorkingDirectory = "/" };
        foreach (var argument in (string[])["--configure", "--mtu=65520", "--disable-host-loopback", .. rootless ? (string[])[$"--userns-path=/proc/{id}/ns/user"] : [], id, "tap0"])
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start) ?? throw new InvalidOperationException("slirp4netns did not start");
    }
}
