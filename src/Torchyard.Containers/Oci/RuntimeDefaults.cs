namespace Torchyard.Containers.Oci;

/// <summary>
/// What every container has unless it asks for something else; the same lists as Docker's (moby, daemon/pkg/oci/defaults.go).
/// </summary>
internal static class RuntimeDefaults
{
    /// <summary>
    /// Capabilities of a root program inside (moby, daemon/pkg/oci/caps/defaults.go), without CAP_MKNOD: a device node that is made is
    /// never one that the container may use.
    /// </summary>
    public static IReadOnlyList<string> Capabilities { get; } =
    [
        "CAP_CHOWN",
        "CAP_DAC_OVERRIDE",
        "CAP_FSETID",
        "CAP_FOWNER",
        "CAP_NET_RAW",
        "CAP_SETGID",
        "CAP_SETUID",
        "CAP_SETFCAP",
        "CAP_SETPCAP",
        "CAP_NET_BIND_SERVICE",
        "CAP_SYS_CHROOT",
        "CAP_KILL",
        "CAP_AUDIT_WRITE",
    ];

    /// <summary>Paths that tell about or reach into the host.</summary>
    public static IReadOnlyList<string> MaskedPaths { get; } =
    [
        "/proc/asound",
        "/proc/acpi",
        "/proc/interrupts",
        "/proc/kcore",
        "/proc/keys",
        "/proc/latency_stats",
        "/proc/timer_list",
        "/proc/timer_stats",
        "/proc/sched_debug",
        "/proc/scsi",
        "/sys/firmware",
        "/sys/devices/virtual/powercap",
    ];

    /// <summary>Paths that a program may read but not write.</summary>
    public static IReadOnlyList<string> ReadonlyPaths { get; } = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

    /// <summary>/proc, /dev, /dev/pts, /dev/shm and /dev/mqueue.</summary>
    /// <param name="sharedMemory">Size of /dev/shm in bytes.</param>
    /// <param name="hasTerminalGroup">
    /// New terminals belong to group <c>tty</c>, 5 in every distribution's base-passwd. An sshd that is not root insists on that group and
    /// may not set it itself (pty_setowner in OpenSSH's sshpty.c). A namespace without this group refuses such a mount (EINVAL).
    /// </param>
    public static IEnumerable<MountConfig> BaseMounts(long sharedMemory, bool hasTerminalGroup)
    {
        yield return new MountConfig
        {
            Destination = "/proc",
            Type = "proc",
            Source = "proc",
            Options = ["nosuid", "noexec", "nodev"],
        };
        yield return new MountConfig
        {
            Destination = "/dev",
            Type = "tmpfs",
            Source = "tmpfs",
            Options = ["nosuid", "strictatime", "mode=755", "size=65536k"],
        };
        yield return new MountConfig
        {
            Destination = "/dev/pts",
            Type = "devpts",
            Source = "devpts",
            Options = ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", .. hasTerminalGroup ? (string[])["gid=5"] : []],
        };
        yield return new MountConfig
        {
            Destination = "/dev/shm",
            Type = "tmpfs",
            Source = "shm",
            Options = ["nosuid", "noexec", "nodev", "mode=1777", FormattableString.Invariant($"size={sharedMemory}")],
        };
        yield return new MountConfig
        {
            Destination = "/dev/mqueue",
            Type = "mqueue",
            Source = "mqueue",
            Options = ["nosuid", "noexec", "nodev"],
        };
    }

    /// <summary>A bind mount.</summary>
    public static MountConfig Bind(string source, string destination, bool readOnly) =>
        new()
        {
            Destination = destination,
            Type = "bind",
            Source = source,
            Options = readOnly ? ["rbind", "rprivate", "nosuid", "nodev", "ro"] : ["rbind", "rprivate", "nosuid", "nodev"],
        };
}
