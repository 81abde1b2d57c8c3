using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Network;
using Torchyard.Containers.State;
using Torchyard.Machine.Kernel;
using Torchyard.Platform.Processes;

namespace Torchyard.Fuzz.Targets.Containers;

/// <summary>Files of /proc and /etc: programs inside choose names of commands, mount points and sockets.</summary>
internal sealed class KernelTextsTarget : TextTarget
{
    public override string Name => "proc";

    public override string Input => "mountinfo, stat, status, net/tcp, uid_map, subuid and nsswitch.conf";

    public override IReadOnlyList<string> Words =>
        [
            "36 35 98:0 /a /b rw,noatime master:1 - ext3 /dev/root rw\n",
            "cgroup2 ",
            "\\040",
            "\\134",
            "1 (a) b) S 1 1 1 0 -1 4194560 1 1 1 1 1 1 1 1 20 0 1 0 12345 1 1\n",
            "Groups:\t4 24 27\n",
            "  0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 12345 1\n",
            "me:100000:65536\n",
            "passwd: files sss\n",
            "         0          0 4294967295\n",
            "         0       1000          1\n",
        ];

    protected override object? Parse(string text)
    {
        var lines = text.Split('\n');
        return (
            CgroupLayout.Parse(lines),
            lines.SelectMany(line => line.Split(' ')).Select(MountTable.Decode).ToList(),
            ProcessIdentity.Parse(text),
            CallerGroups.Parse(lines, 0).Order().ToList(),
            SocketHolder.Inode(lines, 8080),
            SubordinateIds.Find(lines, "me", 1000),
            TakenIds.Of([], lines, lines, []).Contains(100000, 10),
            IdentityMap.Parse(text)
        );
    }
}
