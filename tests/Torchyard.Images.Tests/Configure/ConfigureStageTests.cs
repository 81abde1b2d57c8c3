using Torchyard.Images.Configure;
using Torchyard.Images.Deb;
using Torchyard.Images.Files;
using Torchyard.Images.Tests.Deb;
using Torchyard.Images.Timings;
using Torchyard.Images.Unpacking;
using Torchyard.Recipes;

namespace Torchyard.Images.Tests.Configure;

public sealed class ConfigureStageTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("torchyard-stage").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Dpkg_finds_its_list_of_deferred_triggers_and_leaves_it_in_the_image()
    {
        var sandbox = new Dpkg("var/lib/dpkg/triggers/Unincorp");

        var upper = await RunAsync(new DebBuilder("tool").File("./usr/bin/tool", "#!"), sandbox);

        Assert.Equal([true], sandbox.Found);
        Assert.Equal("", File.ReadAllText(Path.Combine(upper, "var/lib/dpkg/triggers/Unincorp")));
    }

    [Fact]
    public async Task The_last_script_of_a_package_that_disappeared_is_told_in_whose_favour_and_dpkg_has_no_files_of_it_any_more()
    {
        var sandbox = new Dpkg();
        await RunAsync(new DebBuilder("tool").File("./usr/bin/tool", "#!"), sandbox);
        Assert.Equal("", sandbox.Mounted("/run/torchyard/disappeared"));
        var info = Directory.CreateDirectory(Path.Combine(_directory, "info")).FullName;
        foreach (var name in new[] { "old.list", "old.md5sums", "older.list", "old:amd64.list", "lib:amd64.list" })
        {
            File.WriteAllText(Path.Combine(info, name), "");
        }

        var postrm = Path.Combine(info, "old.postrm");
        File.WriteAllText(postrm, $"#!/bin/sh\necho \"$@ $DPKG_MAINTSCRIPT_PACKAGE $DPKG_MAINTSCRIPT_NAME $DPKG_MAINTSCRIPT_ARCH\" >{_directory}/called\n");
        File.SetUnixFileMode(postrm, (UnixFileMode)0x1ED);
        File.WriteAllText(Path.Combine(_directory, "triggers"), "");
        File.WriteAllText(Path.Combine(_directory, "disappeared"), "old all new 1:2-3\nlib:amd64 amd64 new 1:2-3\n");
        // The script as it is mounted, with the database in another place and nothing to configure.
        var script = sandbox.Mounted("/run/torchyard/configure.sh")!.Replace("/var/lib/dpkg/info", info, StringComparison.Ordinal).Replace("dpkg --force", ": --force", StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(_directory, "script"), script);

        using var run = System.Diagnostics.Process.Start("/bin/sh", [Path.Combine(_directory, "script"), Path.Combine(_directory, "triggers"), Path.Combine(_directory, "disappeared")]);
        await run.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal((0, "disappear new 1:2-3 old postrm all\n"), (run.ExitCode, File.ReadAllText(Path.Combine(_directory, "called"))));
        Assert.Equal(["old:amd64.list", "older.list"], Directory.GetFiles(info).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Host_keys_of_ssh_are_not_even_made_and_nothing_stands_in_for_them_afterwards()
    {
        var sandbox = new Dpkg("etc/ssh/ssh_host_rsa_key", "etc/ssh/ssh_host_ecdsa_key", "etc/ssh/ssh_host_ed25519_key");

        var upper = await RunAsync(new DebBuilder("openssh-server").File("./usr/sbin/sshd", "#!"), sandbox);

        Assert.Equal([true, true, true], sandbox.Found);
        Assert.Empty(Directory.GetFiles(upper, "ssh_host_*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task Debians_downloader_of_cudnn_finds_it_there_and_records_its_files()
    {
        var sandbox = new Dpkg();

        await RunAsync(new DebBuilder("nvidia-cudnn").File("./usr/sbin/update-nvidia-cudnn", "#!"), sandbox, cudnn: ["/usr/lib/x/libcudnn.so", "/usr/lib/x/libcudnn.so.9"]);

        Assert.Equal("/usr/lib/x/libcudnn.so\n/usr/lib/x/libcudnn.so.9\n", sandbox.Mounted("/run/torchyard/cudnn-files"));
        // The real package calls it so; what stands in is run here with the list in another place.
        var list = Path.Combine(_directory, "var/lib/nvidia-cudnn/filelist.txt");
        var script = sandbox.Mounted("/usr/sbin/update-nvidia-cudnn")!.Replace("/run/torchyard/cudnn-files", Path.Combine(_directory, "files"), StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(_directory, "files"), "/usr/lib/x/libcudnn.so\n");
        File.WriteAllText(Path.Combine(_directory, "script"), script);
        using var run = System.Diagnostics.Process.Start("/bin/sh", [Path.Combine(_directory, "script"), "--update", "--filelist", list]);
        await run.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal((0, "/usr/lib/x/libcudnn.so\n"), (run.ExitCode, File.ReadAllText(list)));

        var without = new Dpkg();
        Directory.Delete(Path.Combine(_directory, "layer"), recursive: true);
        Directory.Delete(Path.Combine(_directory, "stage"), recursive: true);
        await RunAsync(new DebBuilder("tool").File("./usr/bin/tool", "#!"), without);
        Assert.Null(without.Mounted("/usr/sbin/update-nvidia-cudnn"));
    }

    [Fact]
    public async Task What_the_scripts_cost_is_accounted()
    {
        var timings = new BuildTimings();

        await RunAsync(new DebBuilder("tool").File("./usr/bin/tool", "#!").Control("preinst", "#!/bin/sh\n", 0x1ED), new Dpkg(), timings);

        var row = Assert.Single(timings.Rows());
        Assert.Equal((BuildWork.Configure, 2), (row.Work, row.Pieces));
        Assert.Equal(TimeSpan.FromSeconds(3), row.Cpu);
    }

    private async Task<string> RunAsync(DebBuilder deb, IRootSandbox sandbox, BuildTimings? timings = null, IReadOnlyList<string>? cudnn = null)
    {
        Assert.SkipUnless(Environment.UserName == "root", "needs root for owners");
        var cancellation = TestContext.Current.CancellationToken;
        var (path, package) = deb.Save(_directory);
        var layer = Directory.CreateDirectory(Path.Combine(_directory, "layer")).FullName;
        UnpackedPackage unpacked;
        using (var root = RootDirectory.Open(layer))
        {
            unpacked = PackageUnpacker.Unpack(path, package, root, layer + ".aside", cancellation);
        }

        var lists = new FileLists();
        lists.Add([unpacked], layer, []);
        var stage = new ConfigureStage(sandbox, python: null, timings ?? new BuildTimings());
        return await stage.RunAsync(
            [unpacked],
            upper => new SharedFiles(upper, [], lists, [unpacked], [], new PackageContents(new Dictionary<LockedDebianPackage, string>())),
            [layer],
            cudnn ?? [],
            Path.Combine(_directory, "stage"),
            1_700_000_000,
            new HashSet<string>(),
            cancellation);
    }

    /// <summary>Configures all packages without running anything; tells which files of the upper directory it found.</summary>
    private sealed class Dpkg(params string[] expected) : IRootSandbox
    {
        private Dictionary<string, string> _mounts = [];

        public IReadOnlyList<bool> Found { get; private set; } = [];

        /// <summary>Text of what was mounted over a place of the root; null for nothing.</summary>
        public string? Mounted(string inside) => _mounts.GetValueOrDefault(inside);

        public Task<SandboxResult> RunAsync(SandboxRequest request, CancellationToken cancellation)
        {
            _mounts = request.ReadOnlyMounts.ToDictionary(mount => mount.Value, mount => File.ReadAllText(mount.Key), StringComparer.Ordinal);
            Found = [.. expected.Select(path => File.Exists(Path.Combine(request.Upper!, path)))];
            var status = Path.Combine(request.Upper!, "var/lib/dpkg/status");
            File.WriteAllText(status, File.ReadAllText(status).Replace("install ok unpacked", "install ok installed", StringComparison.Ordinal));
            return Task.FromResult(new SandboxResult(0, "Setting up\n0m0.500s 0m0.000s\n0m0.500s 0m0.500s"));
        }
    }
}
