using Torchyard.Containers.Launch;
using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Oci;

namespace Torchyard.Containers.Tests.Launch;

/// <summary>Which mounts a runtime gets, and which are made before it starts.</summary>
public sealed class StagedMountsTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Files_of_the_driver_are_mounted_before_the_runtime_starts_unless_another_mount_covers_their_place()
    {
        var (library, socket, folder) = (
            Source("library"),
            Source("socket"),
            Directory.CreateDirectory(Path.Combine(_directory.Path, "folder")).FullName
        );
        var configuration = new RuntimeConfig
        {
            Process = new ProcessConfig
            {
                User = new UserConfig(),
                Args = ["true"],
                Env = [],
                Cwd = "/",
            },
            Root = new RootConfig("/stage/rootfs", Readonly: false),
            Linux = new LinuxConfig { Namespaces = [] },
            Mounts =
            [
                new MountConfig
                {
                    Destination = "/run",
                    Type = "tmpfs",
                    Source = "tmpfs",
                },
                RuntimeDefaults.Bind(library, "/usr/local/nvidia/lib64/libcuda.so.1", readOnly: true),
                RuntimeDefaults.Bind(library, "/usr/local/nvidia/lib64/libcuda.so", readOnly: true),
                RuntimeDefaults.Bind(library, "/usr/local/nvidia/bin/libcuda.so", readOnly: true),
                RuntimeDefaults.Bind(socket, "/run/nvidia/socket", readOnly: false),
                RuntimeDefaults.Bind(folder, "/usr/share/nvidia", readOnly: true),
                RuntimeDefaults.Bind(library, "/workspace/own", readOnly: false),
            ],
        };

        var (staged, trees, links) = StagedMounts.Stage(
            configuration,
            "/stage",
            new Dictionary<string, IdMapping>(),
            [
                "/usr/local/nvidia/lib64/libcuda.so.1",
                "/usr/local/nvidia/lib64/libcuda.so",
                "/usr/local/nvidia/bin/libcuda.so",
                "/run/nvidia/socket",
                "/usr/share/nvidia",
            ]
        );

        var inside = trees.Where(tree => tree.Inside is not null).ToList();
        Assert.Equal(["/usr/local/nvidia/lib64/libcuda.so.1", "/usr/local/nvidia/bin/libcuda.so"], inside.Select(tree => tree.Inside));
        Assert.All(inside, tree => Assert.Equal((true, false), (tree.ReadOnly, tree.Devices)));
        Assert.Equal([new LinkPlan("/usr/local/nvidia/lib64/libcuda.so", "libcuda.so.1")], links);
        Assert.Equal(
            ["/run", "/run/nvidia/socket", "/usr/share/nvidia", "/workspace/own"],
            staged.Mounts.Select(mount => mount.Destination)
        );
        Assert.All(staged.Mounts.Where(mount => mount.Type == "bind"), mount =>
            Assert.StartsWith("/stage/", mount.Source, StringComparison.Ordinal)
        );

        var shown = StagedMounts.Unstage(staged, new NamespacePlan { Stage = "/stage", Trees = trees });
        Assert.Equal(
            configuration
                .Mounts.Where(mount => mount.Destination != "/usr/local/nvidia/lib64/libcuda.so")
                .Select(mount => (mount.Source, mount.Destination))
                .Order(),
            shown.Mounts.Select(mount => (mount.Source, mount.Destination)).Order()
        );
    }

    private string Source(string name)
    {
        var path = Path.Combine(_directory.Path, name);
        File.WriteAllText(path, "");
        return path;
    }
}
