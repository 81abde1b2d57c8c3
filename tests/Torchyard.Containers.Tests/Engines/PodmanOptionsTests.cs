using Torchyard.Containers.Engines;
using Torchyard.Containers.Requests;
using Torchyard.Images.Oci;
using Torchyard.Machine.Kernel;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;

namespace Torchyard.Containers.Tests.Engines;

public class PodmanOptionsTests
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
            Config = new ImageConfig { User = "1000:1000" },
        },
    };

    private static readonly Dictionary<string, ulong> Hard = new()
    {
        ["nofile"] = 20000,
        ["nproc"] = 96365,
        ["memlock"] = 8 << 20,
    };

    [Fact]
    public void Limits_stay_within_what_the_caller_may_set()
    {
        var limits = PodmanOptions.WithinLimits(Request, Hard, mayRaise: false, _ => { }).Ulimits;

        Assert.Equal(
            [new Ulimit("memlock", 8 << 20, 8 << 20), new Ulimit("nofile", 20000, 20000), new Ulimit("nproc", 32768, 32768)],
            limits
        );
    }

    [Fact]
    public void A_limit_that_was_asked_for_and_cannot_be_set_is_refused_and_with_best_effort_lowered()
    {
        var asked = Request with { Ulimits = [new Ulimit("nofile", 50000, 50000)] };
        var warnings = new List<string>();

        Assert.Equal("TY4021", Assert.Throws<TorchyardException>(() => PodmanOptions.WithinLimits(asked, Hard, false, warnings.Add)).Code);
        var limits = PodmanOptions.WithinLimits(asked with { BestEffort = true }, Hard, false, warnings.Add).Ulimits;

        Assert.Contains(new Ulimit("nofile", 20000, 20000), limits);
        Assert.Single(warnings);
    }

    [Theory]
    [InlineData("1000:100", "--userns keep-id:uid=1000,gid=100")]
    [InlineData("1000", "--userns keep-id:uid=1000,gid=1000")]
    [InlineData("trainer", "")]
    [InlineData(null, "")]
    public void Without_root_the_caller_is_the_user_inside(string? user, string options) =>
        Assert.Equal(options, string.Join(' ', PodmanOptions.UserMapping(user)));

    [Fact]
    public void A_mount_of_another_owner_is_found()
    {
        var request = Request with
        {
            Mounts = [MountSyntax.Volume("/:/host", "/"), MountSyntax.Volume("/etc:/etc-of-host:ro", "/"), MountSyntax.Tmpfs("/mem")],
        };

        Assert.Equal([("/", 0u)], PodmanOptions.ForeignMounts(request, "1000:1000"));
        Assert.Empty(PodmanOptions.ForeignMounts(request, "0:0"));
    }

    [Fact]
    public void The_runtime_that_was_asked_for_wins() => Assert.Equal("crun", PodmanOptions.Runtime("crun", CgroupMode.Hybrid));

    [Fact]
    public void With_one_kind_of_cgroups_podman_chooses() => Assert.Null(PodmanOptions.Runtime(null, CgroupMode.Unified));
}
