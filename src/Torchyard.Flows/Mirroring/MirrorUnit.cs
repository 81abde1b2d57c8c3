using System.Text;
using Torchyard.Registry.Mirrors;

namespace Torchyard.Flows.Mirroring;

/// <summary>The systemd unit of a mirror: a user of its own, and no more of the machine than it serves.</summary>
internal static class MirrorUnit
{
    private const string State = "/var/lib/";

    /// <summary>Writes it.</summary>
    /// <param name="program">Absolute path of torchyard.</param>
    /// <param name="options">How it serves.</param>
    /// <param name="isNative">False for a program that compiles itself as it runs, which needs memory to write code into.</param>
    public static string Text(string program, MirrorOptions options, bool isNative)
    {
        var text = new StringBuilder(
            """
            # Written by 'torchyard mirror install'; 'torchyard mirror install --uninstall' removes it.
            [Unit]
            Description=Torchyard mirror, a registry for the LAN
            Documentation=man:torchyard-mirror(1)
            After=network-online.target
            Wants=network-online.target

            [Service]

            """
        );
        text.Append("ExecStart=")
            .AppendJoin(' ', new[] { program, "mirror", "serve" }.Concat(options.ToArguments()).Select(Quote))
            .Append('\n');
        var isState =
            options.Root.StartsWith(State, StringComparison.Ordinal)
            && options.Root[State.Length..].IndexOf('/', StringComparison.Ordinal) < 0;
        text.Append(
            isState
                ? $"DynamicUser=yes\nStateDirectory={Quote(options.Root[State.Length..])}\nStateDirectoryMode=0700\n"
                : $"ReadWritePaths={Quote(options.Root)}\n"
        );
        if (options.Listen.Port is > 0 and < 1024)
        {
            text.Append("AmbientCapabilities=CAP_NET_BIND_SERVICE\nCapabilityBoundingSet=CAP_NET_BIND_SERVICE\n");
        }
        else
        {
            text.Append("CapabilityBoundingSet=\n");
        }

        text.Append(
            """
            Restart=on-failure
            RestartSec=2
            LimitNOFILE=65536
            UMask=0077
            NoNewPrivileges=yes
            ProtectSystem=strict
            ProtectHome=read-only
            PrivateTmp=yes
            PrivateDevices=yes
            ProtectClock=yes
            ProtectControlGroups=yes
            ProtectHostname=yes
            ProtectKernelLogs=yes
            ProtectKernelModules=yes
            ProtectKernelTunables=yes
            ProtectProc=invisible
            RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
            RestrictNamespaces=yes
            RestrictRealtime=yes
            RestrictSUIDSGID=yes
            LockPersonality=yes
            SystemCallArchitectures=native
            SystemCallFilter=@system-service
            SystemCallErrorNumber=EPERM

            [Install]
            WantedBy=multi-user.target

            """
        );
        return isNative
            ? text.ToString()
                .Replace("LockPersonality=yes\n", "LockPersonality=yes\nMemoryDenyWriteExecute=yes\n", StringComparison.Ordinal)
            : text.ToString();
    }

    /// <summary>A word of ExecStart (systemd.service(5), "Command lines"): nothing in it is a variable, a specifier or an escape.</summary>
    internal static string Quote(string word)
    {
        var escaped = word.Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("\"", "\\\"", StringComparison.Ordinal)
            .Replace("%", "%%", StringComparison.Ordinal)
            .Replace("$", "$$", StringComparison.Ordinal);
        return
            escaped.Length > 0
            && escaped.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '/' or '.' or ':' or '_' or '[' or ']')
            ? escaped
            : $"\"{escaped}\"";
    }
}
