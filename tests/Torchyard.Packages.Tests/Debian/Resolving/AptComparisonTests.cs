using Torchyard.Packages.Debian.Resolving;
using Torchyard.Platform.Errors;

namespace Torchyard.Packages.Tests.Debian.Resolving;

/// <summary>
/// Our set of packages against apt's own, over the same indexes, from an empty machine. apt is given the base system by name, which is
/// what a bootstrap does.
/// </summary>
public sealed class AptComparisonTests(AptRoot apt) : IClassFixture<AptRoot>
{
    public static TheoryData<string> Sets =>
        [
            "bash",
            "python3-torch",
            "jupyterlab",
            "jupyter-notebook",
            "openssh-server",
            "python3-torch jupyter-notebook openssh-server python3-pip",
            "python3-torch-cuda",
            "nvidia-cuda-toolkit",
            "texlive-full",
            "libreoffice",
            "default-jdk",
            "nginx",
            "apache2",
            "postgresql",
            "mariadb-server",
            "gcc",
            "g++ cmake ninja-build",
            "clang lldb",
            "systemd",
            "sysvinit-core",
            "kde-standard",
            "gnome-core",
            "task-desktop",
            "emacs",
            "python3-numpy python3-scipy python3-pandas python3-matplotlib",
            "python3-venv",
            "git git-lfs",
            "ffmpeg",
            "r-base",
            "julia",
            "rustc cargo",
            "nodejs npm",
            "ruby-full",
            "docker.io",
            "podman",
            "slurm-client",
            "openmpi-bin libopenmpi-dev",
            "exim4",
            "default-mta",
            "mail-transport-agent",
            "linux-image-amd64",
            "network-manager",
            "chromium",
            "wine",
            "qemu-system-x86",
            "sudo tmux htop rsync curl wget ca-certificates",
            "awk",
            "cloud-init",
            "samba",
            "libopenblas-dev",
            "nvidia-driver",
        ];

    /// <summary>Run when TORCHYARD_TEST_LONG is set; apt takes seconds for each.</summary>
    public static TheoryData<string> MoreSets =>
        [
            "python3-pip",
            "python3-torch-cuda jupyterlab openssh-server",
            "python3-torchvision",
            "python3-torchaudio",
            "texlive-latex-base",
            "libreoffice-writer",
            "default-jre-headless",
            "nginx-extras",
            "build-essential",
            "systemd-sysv",
            "init",
            "dbus",
            "xfce4",
            "vim",
            "nano",
            "python3-sklearn",
            "python3-dev",
            "ipython3",
            "imagemagick",
            "octave",
            "ghc",
            "golang",
            "php",
            "mpich",
            "postfix",
            "grub-efi-amd64",
            "firefox-esr",
            "libvirt-daemon-system",
            "locales",
            "python3-tk",
            "debian-goodies",
            "bind9",
            "texlive-full libreoffice python3-torch jupyterlab",
            "vlc",
            "gimp",
            "blender",
            "steam-installer",
            "virtualbox-guest-utils",
            "snapd",
            "flatpak",
            "rsyslog",
            "cron",
            "python3-transformers",
            "python3-datasets",
            "tensorboard",
            "hdf5-tools python3-h5py",
            "libatlas-base-dev",
            "intel-mkl",
            "libcudnn9-cuda-12",
            "nvidia-smi",
            "libnccl2",
        ];

    [Theory]
    [MemberData(nameof(Sets))]
    public Task Without_recommends_the_set_is_apt_s(string set) => Compare(set, recommends: false);

    [Theory]
    [MemberData(nameof(MoreSets))]
    public Task Without_recommends_more_sets_are_apt_s(string set)
    {
        Assert.SkipWhen(Environment.GetEnvironmentVariable("TORCHYARD_TEST_LONG") is null, "TORCHYARD_TEST_LONG is not set");
        return Compare(set, recommends: false);
    }

    [Theory]
    [InlineData("python3-torch jupyterlab")]
    [InlineData("openssh-server")]
    [InlineData("nginx postgresql")]
    [InlineData("build-essential")]
    [InlineData("xfce4")]
    [InlineData("libreoffice")]
    public Task With_recommends_the_set_is_apt_s(string set) => Compare(set, recommends: true);

    private async Task Compare(string set, bool recommends)
    {
        Assert.SkipWhen(apt.SkipReason is not null, apt.SkipReason ?? "");
        var names = set.Split(' ');
        var resolver = new DebianResolver(apt.Universe);
        var (expected, output) = await apt.SelectAsync([.. resolver.BaseRequests().Select(request => request.Name), .. names], recommends);
        SortedSet<string>? actual = null;
        var refusal = "";
        var watch = System.Diagnostics.Stopwatch.StartNew();
        try
        {
            var resolution = resolver.Resolve([.. names.Select(name => PackageRequest.Parse(name, "amd64"))], recommends);
            actual = new SortedSet<string>(
                resolution.Packages.Select(package => $"{package.Name}={package.Package.VersionText}"),
                StringComparer.Ordinal
            );
        }
        catch (TorchyardException error)
        {
            refusal = error.Message;
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{set}: {actual?.Count} packages, {watch.ElapsedMilliseconds} ms {refusal}");
        if (expected is null)
        {
            Assert.True(actual is null, $"apt refuses what we resolve: {output}");
            return;
        }

        Assert.True(actual is not null, refusal);
        var missing = expected.Except(actual).ToList();
        var extra = actual.Except(expected).ToList();
        Assert.True(
            missing.Count + extra.Count == 0,
            $"apt alone has {string.Join(' ', missing)}; we alone have {string.Join(' ', extra)}"
        );
    }
}
