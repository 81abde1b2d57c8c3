using Torchyard.Platform.Processes;

namespace Torchyard.Containers.Tests;

/// <summary>A scratch directory with a root file system of one static busybox; removed at the end of the test.</summary>
internal sealed class BusyboxRoot : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory;

    private BusyboxRoot(string? parent) => _directory = new TemporaryDirectory(parent);

    public string Directory => _directory.Path;

    public string Layer => Path.Combine(Directory, "layer");

    public static bool IsRoot => Requires.IsRoot;

    public static BusyboxRoot Create(string? parent = null)
    {
        var busybox = new[] { "/bin/busybox", "/usr/bin/busybox" }.FirstOrDefault(File.Exists);
        Assert.SkipWhen(busybox is null, "needs busybox-static");
        Assert.SkipUnless(new[] { "/usr/bin/crun", "/usr/sbin/runc", "/usr/bin/runc" }.Any(File.Exists), "needs crun or runc");
        var root = new BusyboxRoot(parent);
        // Other users run programs of it.
        File.SetUnixFileMode(root.Directory, (UnixFileMode)0b111_101_101);
        foreach (var directory in new[] { "bin", "etc", "proc", "dev", "sys", "tmp", "root", "home/trainer", "run", "var" })
        {
            System.IO.Directory.CreateDirectory(Path.Combine(root.Layer, directory));
        }

        File.SetUnixFileMode(Path.Combine(root.Layer, "tmp"), (UnixFileMode)0x3FF);
        File.Copy(busybox, Path.Combine(root.Layer, "bin/busybox"));
        foreach (
            var applet in new[]
            {
                "sh",
                "cat",
                "echo",
                "id",
                "ls",
                "sleep",
                "true",
                "false",
                "chown",
                "touch",
                "stat",
                "mount",
                "ip",
                "nc",
                "dd",
                "stty",
                "env",
                "mkdir",
                "rm",
                "kill",
                "pwd",
                "hostname",
                "ps",
                "df",
                "wc",
                "head",
                "tail",
                "grep",
                "mknod",
                "chmod",
                "seq",
                "nproc",
                "test",
                "ln",
                "cp",
                "mv",
                "mkfifo",
                "setsid",
            }
        )
        {
            File.CreateSymbolicLink(Path.Combine(root.Layer, "bin", applet), "busybox");
        }

        File.WriteAllText(
            Path.Combine(root.Layer, "etc/passwd"),
            "root:x:0:0:root:/root:/bin/sh\ntrainer:x:1000:1000::/home/trainer:/bin/sh\nguest:x:7:8::/tmp:/bin/sh\n"
        );
        File.WriteAllText(
            Path.Combine(root.Layer, "etc/group"),
            "root:x:0:\ntrainer:x:1000:\nguest:x:8:\nvideo:x:44:trainer,guest\nrender:x:105:trainer\n"
        );
        return root;
    }

    public string MakeDirectory(string name) => System.IO.Directory.CreateDirectory(Path.Combine(Directory, name)).FullName;

    public async ValueTask DisposeAsync() => await HostCommand.RunAsync(HostProgram.Require("rm"), ["-rf", "--one-file-system", Directory]);
}
