using System.Text;
using Torchyard.Containers.Cgroups;
using Torchyard.Containers.Gpus;
using Torchyard.Containers.Launch;
using Torchyard.Containers.Namespaces;
using Torchyard.Containers.Oci;
using Torchyard.Containers.Requests;
using Torchyard.Containers.State;
using Torchyard.Images.Oci;
using Torchyard.Platform.Digests;
using Torchyard.Testing.Golden;

namespace Torchyard.Containers.Tests.Launch;

/// <summary>The whole <c>config.json</c> that a runtime reads, but for the filter of system calls, which has tests of its own.</summary>
public sealed class ConfigurationBuilderTests
{
    private static readonly ConfigurationInput Plain = new()
    {
        Request = new RunRequest
        {
            Image = new StoredImage
            {
                Manifest = Digest.Of("image"u8),
                Names = [],
                DiffIds = [],
                Layers = [],
                CompressedSize = 0,
                Created = 0,
                Config = new ImageConfig
                {
                    User = "1000:1000",
                    Env = ["PATH=/opt/venv/bin:/usr/bin", "A=image"],
                    Entrypoint = ["/usr/lib/torchyard/supervisor", "--"],
                    Cmd = ["python3"],
                    WorkingDir = "/workspace",
                },
            },
            Environment = ["A=user", "B=2"],
        },
        Directory = new ContainerDirectory("/store/containers/c1"),
        Name = "c1",
        HostName = "gpu-node",
        User = User(1000, "/home/trainer", "trainer", 27),
        Limits = new EffectiveLimits
        {
            Memory = 1L << 30,
            Cpus = 1.5,
            SharedMemory = 512L << 20,
            Processes = 100,
        },
        ResourceLimits = [],
        Mounts = [],
        Rootless = false,
        Ids = null,
        RootPath = "/store/containers/c1/root",
        CgroupsPath = "/torchyard/c1",
        Version2 = true,
    };

    private static IdMapping Own =>
        new([new IdRange(0, 200_000, 65_536)], [new IdRange(0, 200_000, 44), new IdRange(44, 44, 1)], Full: true);

    [Fact]
    public void An_image_on_the_network_of_the_host() => Compare("host-network", Plain);

    [Fact]
    public void Gpus_and_ids_of_its_own() =>
        Compare(
            "gpus",
            Plain with
            {
                Request = Plain.Request with
                {
                    Network = NetworkMode.Private,
                    Terminal = true,
                    Gpus = new GpuInjection
                    {
                        Gpus = [new GrantedGpu(3, "GPU-3", "3")],
                        Edits = new ContainerEdits
                        {
                            // Not what these paths are on the machine that the test runs on, if they are there at all.
                            Devices =
                            [
                                new EditedDevice("/dev/null", "/dev/nvidiactl", 195, 255),
                                new EditedDevice("/dev/absent", "/dev/nvidia3", 195, 7),
                            ],
                            Mounts =
                            [
                                new EditedMount("/usr/lib/libcuda.so.580", "/usr/local/nvidia/lib64/libcuda.so.1"),
                                new EditedMount("/run/nvidia-persistenced/socket", "/run/nvidia-persistenced/socket", IsSocket: true),
                            ],
                            Environment = ["NVIDIA_VISIBLE_DEVICES=void"],
                            AdditionalGids = [44],
                        },
                        OwnDirectory = "/usr/local/nvidia",
                        ProgramDirectory = "/usr/local/nvidia/bin",
                        LinkerCache = "/store/gpus/linker-caches/a",
                    },
                },
                Ids = Own,
            }
        );

    [Fact]
    public void A_root_program_with_a_directory_of_the_machine() =>
        Compare(
            "root-and-mount",
            Plain with
            {
                Request = Plain.Request with
                {
                    Command = ["make"],
                    WorkingDirectory = "/",
                    ReadOnlyRoot = true,
                    Network = NetworkMode.None,
                    Hostname = "box",
                    Mounts = [MountSyntax.Volume("/srv/data:/data", "/")],
                },
                User = User(0, "/root", "root"),
                Mounts =
                [
                    new MountConfig
                    {
                        Destination = "/data",
                        Type = "bind",
                        Source = "/srv/data",
                        Options = ["rbind", "nosuid", "nodev"],
                    },
                ],
                Limits = Plain.Limits with { CpusetCpus = "0-1" },
                ResourceLimits = [new ResourceLimit("RLIMIT_NOFILE", 1024, 2048)],
                Version2 = false,
            }
        );

    [Fact]
    public void An_ordinary_user_whose_machine_lets_nobody_set_limits() =>
        Compare(
            "ordinary-user",
            Plain with
            {
                Rootless = true,
                HasTerminalGroup = false,
                KeepsGroups = true,
                Ids = new IdMapping([new IdRange(0, 1001, 1)], [new IdRange(0, 1001, 1)], Full: false),
                User = User(0, "/root", "root"),
                CgroupsPath = null,
            }
        );

    private static ContainerUser User(uint id, string home, string name, params uint[] groups) =>
        new()
        {
            Uid = id,
            Gid = id,
            Groups = groups,
            Home = home,
            Name = name,
        };

    private static void Compare(string name, ConfigurationInput input)
    {
        var configuration = ConfigurationBuilder.Build(input);
        Assert.NotNull(configuration.Linux.Seccomp);
        var text = Encoding.UTF8.GetString(OciJson.Serialize(configuration with { Linux = configuration.Linux with { Seccomp = null } }));
        GoldenFile.Compare($"tests/Torchyard.Containers.Tests/Golden/Configuration/{name}.json", text + "\n");
    }
}
