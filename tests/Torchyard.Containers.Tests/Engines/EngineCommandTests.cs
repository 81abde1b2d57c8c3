using Torchyard.Containers.Engines;
using Torchyard.Containers.Gpus;
using Torchyard.Containers.Launch;
using Torchyard.Containers.Requests;
using Torchyard.Images.Oci;
using Torchyard.Platform.Digests;

namespace Torchyard.Containers.Tests.Engines;

public class EngineCommandTests
{
    private static readonly RunRequest Request = new()
    {
        Image = new StoredImage
        {
            Manifest = Digest.Of("image"u8),
            Names = [],
            DiffIds = [],
            Layers = [],
            CompressedSize = 0,
            Created = 0,
            Config = new ImageConfig { User = "1000:1000", Env = ["PATH=/opt/venv/bin:/usr/bin"] },
        },
        Command = ["true"],
    };

    private static readonly EffectiveLimitsText Limits = new("1073741824", "1.5", "536870912", "100");

    [Fact]
    public void A_whole_line()
    {
        var request = Request with
        {
            Interactive = true,
            Remove = true,
            Network = NetworkMode.Private,
            Environment = ["A=it's"],
            Ports = [.. PortMapping.Parse("127.0.0.1:18080:80")],
            Ulimits = [new Ulimit("memlock", null, null)],
            Entrypoint = ["sh", "-c"],
            Command = ["exit 1"],
        };

        Assert.Equal(
            "run --rm --interactive --network bridge --memory 1073741824 --memory-swap 1073741824 --cpus 1.5 --shm-size 536870912 "
                + "--pids-limit 100 --stop-timeout 10 "
                + "--security-opt no-new-privileges --env 'A=it'\\''s' --ulimit memlock=-1:-1 --publish 127.0.0.1:18080:80/tcp "
                + "--entrypoint sh IMAGE -c 'exit 1'",
            EngineCommand.Quote(EngineCommand.Arguments(request, "IMAGE", Limits, detach: false))
        );
    }

    [Theory]
    [InlineData("-v /a:/b:ro,rslave", "--mount type=bind,source=/a,target=/b,bind-propagation=rslave,readonly")]
    [InlineData("-v /a,b:/c", "--mount type=bind,\"source=/a,b\",target=/c")]
    [InlineData("-v /say\"hello\":/c", "--mount type=bind,\"source=/say\"\"hello\"\"\",target=/c")]
    [InlineData("-v data:/data", "--mount type=volume,source=data,target=/data")]
    [InlineData("-v /data", "--mount type=volume,target=/data")]
    [InlineData("--tmpfs /t:size=1m,mode=1777,ro", "--tmpfs /t:exec,mode=1777,size=1048576,ro")]
    public void Mounts(string asked, string line)
    {
        var (option, value) = (asked.Split(' ')[0], asked.Split(' ')[1]);
        var request = Request with { Mounts = [option == "-v" ? MountSyntax.Volume(value, "/") : MountSyntax.Tmpfs(value)] };

        Assert.Contains(
            " " + line + " IMAGE",
            string.Join(' ', EngineCommand.Arguments(request, "IMAGE", Limits, detach: false)),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Gpus_become_devices_files_groups_and_a_longer_path()
    {
        var request = Request with
        {
            Gpus = new GpuInjection
            {
                Edits = new ContainerEdits
                {
                    Devices = [new EditedDevice("/dev/nvidia0", "/dev/nvidia0", 195, 0)],
                    Mounts =
                    [
                        new EditedMount("/usr/lib/libcuda.so.580", "/n/libcuda.so.1"),
                        new EditedMount("/run/nvidia-persistenced/socket", "/run/nvidia-persistenced/socket", IsSocket: true),
                    ],
                    Environment = ["NVIDIA_VISIBLE_DEVICES=void"],
                    AdditionalGids = [44],
                },
                ProgramDirectory = "/n/bin",
                LinkerCache = "/store/cache",
            },
        };

        Assert.Contains(
            "--group-add 44 --env NVIDIA_VISIBLE_DEVICES=void --env PATH=/opt/venv/bin:/usr/bin:/n/bin --device /dev/nvidia0:/dev/nvidia0 "
                + "--volume /usr/lib/libcuda.so.580:/n/libcuda.so.1:ro --volume "
                + "/run/nvidia-persistenced/socket:/run/nvidia-persistenced/socket "
                + "--volume /store/cache:/etc/ld.so.cache:ro IMAGE true",
            string.Join(' ', EngineCommand.Arguments(request, "IMAGE", Limits, detach: false)),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void What_root_may_raise_is_seen_in_the_bounding_set()
    {
        string[] ordinary = ["CapEff:\t0000000000000000", "CapBnd:\t000001ffffffffff"],
            nested = ["CapEff:\t0000000000000000", "CapBnd:\t000001fffeffffff"];

        Assert.False(ResourceLimits.MayRaise(ordinary));
        Assert.True(ResourceLimits.MayRaise(ordinary, "CapBnd"));
        Assert.False(ResourceLimits.MayRaise(nested, "CapBnd"));
    }

    [Fact]
    public void Docker_gets_the_limits_of_our_own_containers_as_far_as_its_daemon_may_set_them()
    {
        var hard = new Dictionary<string, ulong> { ["nofile"] = 20000, ["memlock"] = 8 << 20 };

        Assert.Equal(
            [new Ulimit("memlock", null, null), new Ulimit("nofile", 65536, 1048576)],
            DockerOptions.WithLimits(Request, daemonMayRaise: true, hard, Assert.Fail).Ulimits
        );
        Assert.Equal(
            [new Ulimit("memlock", 8 << 20, 8 << 20), new Ulimit("nofile", 20000, 20000)],
            DockerOptions.WithLimits(Request, daemonMayRaise: false, hard, Assert.Fail).Ulimits
        );
        Assert.Equal(
            [new Ulimit("memlock", null, null), new Ulimit("nofile", 512, 600)],
            DockerOptions
                .WithLimits(Request with { Ulimits = [new Ulimit("nofile", 512, 600)] }, daemonMayRaise: true, hard, Assert.Fail)
                .Ulimits
        );
    }
}
