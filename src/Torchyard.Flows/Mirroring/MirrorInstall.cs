using System.Runtime.CompilerServices;
using Torchyard.Flows.Hosts;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Processes;
using Torchyard.Registry.Mirrors;

namespace Torchyard.Flows.Mirroring;

/// <summary>Writes and removes the systemd unit of a mirror.</summary>
internal static class MirrorInstall
{
    private const string Mark = "# Written by 'torchyard mirror install'";

    /// <summary>The unit for this program.</summary>
    public static string Text(MirrorOptions options) =>
        MirrorUnit.Text(HostProgram.Self.Path, options, isNative: !RuntimeFeature.IsDynamicCodeSupported);

    /// <summary>Writes it.</summary>
    /// <exception cref="TorchyardException">TY6046: it cannot be written.</exception>
    public static void Write(Host host, MirrorOptions options)
    {
        Require(host);
        AtomicFile.WriteText(MirrorPlaces.Unit, Text(options));
    }

    /// <summary>Removes it.</summary>
    /// <returns>False when there was none.</returns>
    /// <exception cref="TorchyardException">TY6046: it cannot be removed.</exception>
    public static bool Remove(Host host)
    {
        Require(host);
        var was = File.Exists(MirrorPlaces.Unit);
        File.Delete(MirrorPlaces.Unit);
        return was;
    }

    private static void Require(Host host)
    {
        if (!host.Caller.IsRoot)
        {
            throw new TorchyardException(
                "TY6046",
                "a unit of the whole machine is root's to write",
                "run it by sudo; as yourself, 'torchyard mirror serve' does the same while it runs"
            );
        }

        if (!Directory.Exists(Path.GetDirectoryName(MirrorPlaces.Unit)))
        {
            throw new TorchyardException(
                "TY6046",
                "there is no systemd on this machine",
                "let its own init start 'torchyard mirror serve'; --print shows the unit"
            );
        }

        if (RegularFile.TryReadText(MirrorPlaces.Unit, 1 << 20) is { } there && !there.StartsWith(Mark, StringComparison.Ordinal))
        {
            throw new TorchyardException(
                "TY6046",
                $"somebody else wrote {MirrorPlaces.Unit}",
                "move it away; --print shows the unit that would be written"
            );
        }
    }
}
