using Torchyard.Flows.Hosts;
using Torchyard.Registry.Mirrors;

namespace Torchyard.Flows.Mirroring;

/// <summary>Where things of mirrors are on this machine.</summary>
internal static class MirrorPlaces
{
    /// <summary>Settings of the whole machine.</summary>
    public const string Machine = "/etc";

    /// <summary>The systemd unit that 'mirror install' writes.</summary>
    public const string Unit = "/etc/systemd/system/torchyard-mirror.service";

    /// <summary>Directory of a mirror that nobody names.</summary>
    public static string Root(Caller caller) =>
        caller.IsRoot ? "/var/lib/torchyard-mirror" : Path.Combine(caller.OwnDirectories.Data, "torchyard-mirror");

    /// <summary>The mirror that the caller's images come through; null for none. A user's own goes before the machine's.</summary>
    public static JoinedMirror? Joined(Caller caller) =>
        JoinedMirror.Find([JoinedMirror.FileIn(caller.OwnDirectories.Settings), JoinedMirror.FileIn(Machine)]);
}
