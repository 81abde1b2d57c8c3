using System.Diagnostics;
using System.Globalization;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Processes;

namespace Torchyard.Containers.Network;

/// <summary>A private network's way out: slirp4netns, a user-mode network stack, needs no privilege but /dev/net/tun.</summary>
internal static class OutgoingNetwork
{
    /// <summary>The program, when it is there and this user may open the tun device.</summary>
    public static HostProgram? Find() => HostProgram.Find("slirp4netns") is { } path && StatusCalls.MayWrite("/dev/net/tun") ? path : null;

    /// <summary>
    /// Starts it for a container whose program has not started yet. The host's own loopback stays out of reach
    /// (<c>--disable-host-loopback</c>), so a container cannot talk to services that trust local callers. It ends when its standard input
    /// is closed (<c>--exit-fd</c>), which the kernel does when this process dies in whatever way.
    /// </summary>
    /// <param name="program">slirp4netns.</param>
    /// <param name="init">The container's first process.</param>
    /// <param name="rootless">True when it is in a user namespace.</param>
    public static Process Start(HostProgram program, int init, bool rootless)
    {
        var id = init.ToString(CultureInfo.InvariantCulture);
        var start = HostProcess.Prepare(
            program,
            "/",
            [
                "--configure",
                "--mtu=65520",
                "--disable-host-loopback",
                "--exit-fd=0",
                .. rootless ? (string[])[$"--userns-path=/proc/{id}/ns/user"] : [],
                id,
                "tap0",
            ]
        );
        start.RedirectStandardError = true;
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        return HostProcess.Start(start);
    }
}
