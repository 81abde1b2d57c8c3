namespace Torchyard.Images.Capture.Plan;

/// <summary>What makes a base system that people can work in, beside what the environment itself needs.</summary>
internal static class BaseSystem
{
    /// <summary>Packages that are taken when the machine has them, each with its reason.</summary>
    public static IReadOnlyList<(string Package, string Reason)> Useful { get; } =
    [
        // debootstrap's "minbase" is the required packages and apt.
        ("apt", "installs further packages"),
        ("ca-certificates", "pip and model hubs are reached by https"),
        ("netbase", "names of protocols and services"),
        ("openssh-server", "logins by ssh"),
        ("openssl", "Jupyter's certificate"),
        ("procps", "ps and top"),
        ("tzdata", "time zones"),
    ];

    /// <summary>Packages that torch.compile and Triton call at run time: they compile C and C++ against Python's headers.</summary>
    public static IReadOnlyList<string> Compilers(string version) => ["gcc", "g++", $"libpython{version}-dev", $"python{version}-dev"];

    /// <summary>Programs that are taken by themselves where no package database says what a system needs.</summary>
    public static IReadOnlyList<string> Programs { get; } =
    [
        "sh",
        "bash",
        "env",
        "ls",
        "cat",
        "cp",
        "mv",
        "rm",
        "mkdir",
        "rmdir",
        "ln",
        "chmod",
        "chown",
        "touch",
        "stat",
        "readlink",
        "realpath",
        "basename",
        "dirname",
        "head",
        "tail",
        "sort",
        "uniq",
        "wc",
        "cut",
        "tr",
        "tee",
        "seq",
        "sleep",
        "date",
        "true",
        "false",
        "test",
        "[",
        "expr",
        "echo",
        "printf",
        "pwd",
        "id",
        "whoami",
        "uname",
        "nproc",
        "df",
        "du",
        "dd",
        "sync",
        "mktemp",
        "timeout",
        "nohup",
        "kill",
        "ps",
        "top",
        "free",
        "grep",
        "egrep",
        "fgrep",
        "sed",
        "awk",
        "find",
        "xargs",
        "tar",
        "gzip",
        "gunzip",
        "xz",
        "zstd",
        "less",
        "more",
        "diff",
        "hostname",
        "getent",
        "ldd",
        "ldconfig",
        "which",
        "clear",
        "tput",
        "stty",
        "md5sum",
        "sha256sum",
        "base64",
        "openssl",
        "ssh-keygen",
    ];

    /// <summary>Data that those programs read, as files and directories.</summary>
    public static IReadOnlyList<string> Data { get; } =
    [
        "/etc/os-release",
        "/usr/lib/os-release",
        "/etc/services",
        "/etc/protocols",
        "/etc/nsswitch.conf",
        "/etc/ld.so.conf",
        "/etc/ssl/openssl.cnf",
        "/etc/ssl/certs",
        "/etc/pki/tls/certs",
        "/etc/pki/ca-trust/extracted",
        "/etc/pki/tls/openssl.cnf",
        "/usr/share/zoneinfo/UTC",
        "/usr/lib/locale/C.utf8",
        "/usr/share/terminfo/x",
        "/lib/terminfo/x",
        "/usr/share/terminfo/l/linux",
        "/lib/terminfo/l/linux",
    ];

    /// <summary>Libraries that programs load by name at run time, so that no ELF header tells of them.</summary>
    public static IReadOnlyList<string> LoadedByName { get; } = ["libnss_files.so.2", "libnss_dns.so.2", "libresolv.so.2", "libgcc_s.so.1"];

    /// <summary>
    /// Paths that belong to the machine and not to its packages' copies, even if a package lists them: identity, accounts, keys, mounts,
    /// what changes while it runs.
    /// </summary>
    public static bool IsOfTheMachine(string path) =>
        Exact.Contains(path)
        || Below.Any(directory => path.StartsWith(directory, StringComparison.Ordinal))
        || path.StartsWith("/etc/ssh/ssh_host_", StringComparison.Ordinal);

    private static readonly HashSet<string> Exact = new(StringComparer.Ordinal)
    {
        "/etc/passwd",
        "/etc/group",
        "/etc/shadow",
        "/etc/gshadow",
        "/etc/passwd-",
        "/etc/group-",
        "/etc/shadow-",
        "/etc/gshadow-",
        "/etc/subuid",
        "/etc/subgid",
        "/etc/machine-id",
        "/etc/hostname",
        "/etc/hosts",
        "/etc/resolv.conf",
        "/etc/fstab",
        "/etc/mtab",
        "/etc/localtime",
        "/etc/timezone",
        "/etc/sudoers",
        "/etc/ld.so.cache",
        "/etc/apt/auth.conf",
    };

    private static readonly string[] Below =
    [
        "/root/",
        "/home/",
        "/tmp/",
        "/var/tmp/",
        "/run/",
        "/proc/",
        "/sys/",
        "/dev/",
        "/var/log/",
        "/var/cache/",
        "/var/lib/apt/lists/",
        "/etc/sudoers.d/",
        "/etc/ssl/private/",
        "/etc/apt/auth.conf.d/",
        "/boot/",
        "/lost+found/",
    ];
}
