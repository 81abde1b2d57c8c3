using Torchyard.Images.Debian.Configure;
using Torchyard.Images.Debian.Packages;
using Torchyard.Images.Debian.Unpacking;
using Torchyard.Images.Files;
using Torchyard.Images.Sandbox;
using Torchyard.Images.Tests.Deb;
using Torchyard.Images.Timings;

namespace Torchyard.Images.Tests.Configure;

public sealed class ConfigureStageTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

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
        var info = Directory.CreateDirectory(Path.Combine(_directory.Path, "info")).FullName;
        foreach (var name in new[] { "old.list", "old.md5sums", "older.list", "old:amd64.list", "lib:amd64.list" })
        {
            File.WriteAllText(Path.Combine(info, name), "");
        }

        var postrm = Path.Combine(info, "old.postrm");
        File.WriteAllText(
            postrm,
            $"#!/bin/sh\necho \"$@ $DPKG_MAINTSCRIPT_PACKAGE $DPKG_MAINTSCRIPT_NAME $DPKG_MAINTSCRIPT_ARCH\" >{_directory.Path}/called\n"
        );
        File.SetUnixFileMode(postrm, (UnixFileMode)0x1ED);
        File.WriteAllText(Path.Combine(_directory.Path, "triggers"), "");
        File.WriteAllText(Path.Combine(_directory.Path, "disappeared"), "old all new 1:2-3\nlib:amd64 amd64 new 1:2-3\n");
        // The script as it is mounted, with the database in another place and nothing to configure.
        var script = sandbox
            .Mounted("/run/torchyard/configure.sh")!
            .Replace("/var/lib/dpkg/info", info, StringComparison.Ordinal)
            .Replace("dpkg --force", ": --force", StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(_directory.Path, "script"), script);

        using var run = System.Diagnostics.Process.Start(
            "/bin/sh",
            [
                Path.Combine(_directory.Path, "script"),
                Path.Combine(_directory.Path, "triggers"),
                Path.Combine(_directory.Path, "disappeared"),
            ]
        );
        await run.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(
            (0, "disappear new 1:2-3 old postrm all\n"),
            (run.ExitCode, File.ReadAllText(Path.Combine(_directory.Path, "called")))
        );
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

        await RunAsync(
            new DebBuilder("nvidia-cudnn").File("./usr/sbin/update-nvidia-cudnn", "#!"),
            sandbox,
            cudnn: ["/usr/lib/x/libcudnn.so", "/usr/lib/x/libcudnn.so.9"]
        );

        Assert.Equal("/usr/lib/x/libcudnn.so\n/usr/lib/x/libcudnn.so.9\n", sandbox.Mounted("/run/torchyard/cudnn-files"));
        // The real package calls it so; what stands in is run here with the list in another place.
        var list = Path.Combine(_directory.Path, "var/lib/nvidia-cudnn/filelist.txt");
        var script = sandbox
            .Mounted("/usr/sbin/update-nvidia-cudnn")!
            .Replace("/run/torchyard/cudnn-files", Path.Combine(_directory.Path, "files"), StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(_directory.Path, "files"), "/usr/lib/x/libcudnn.so\n");
        File.WriteAllText(Path.Combine(_directory.Path, "script"), script);
        using var run = System.Diagnostics.Process.Start(
            "/bin/sh",
            [Path.Combine(_directory.Path, "script"), "--update", "--filelist", list]
        );
        await run.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal((0, "/usr/lib/x/libcudnn.so\n"), (run.ExitCode, File.ReadAllText(list)));

        var without = new Dpkg();
        Directory.Delete(Path.Combine(_directory.Path, "layer"), recursive: true);
        Directory.Delete(Path.Combine(_directory.Path, "stage"), recursive: true);
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

    [Fact]
    public async Task Packages_of_before_Debian_13_get_the_links_of_merged_usr_that_they_have_files_below()
    {
        var upper = await RunAsync(
            new DebBuilder("old")
                .Control("preinst", "#!/bin/sh\n", 0x1ED)
                .Directory("./bin")
                .File("./bin/sh", "#!")
                .File("./lib64/ld.so", "x")
                .Directory("./sbin"),
            new Dpkg()
        );

        Assert.Equal("usr/bin", new FileInfo(Path.Combine(upper, "bin")).LinkTarget);
        Assert.Equal("usr/lib64", new FileInfo(Path.Combine(upper, "lib64")).LinkTarget);
        Assert.False(Path.Exists(Path.Combine(upper, "sbin")));
        Assert.False(Path.Exists(Path.Combine(upper, "lib")));
    }

    [Fact]
    public async Task A_link_of_base_files_is_not_made_again()
    {
        var upper = await RunAsync(
            new DebBuilder("base-files").Symlink("./bin", "usr/bin").File("./usr/bin/sh", "#!").File("./bin/also", "#!"),
            new Dpkg()
        );

        Assert.False(Path.Exists(Path.Combine(upper, "bin")));
    }

    [Fact]
    public async Task A_secret_that_an_unknown_package_made_is_not_in_the_layer_and_is_told()
    {
        var told = new List<string>();
        var sandbox = new Dpkg
        {
            OnRun = upper =>
            {
                Directory.CreateDirectory(Path.Combine(upper, "etc/tool"));
                File.WriteAllText(Path.Combine(upper, "etc/tool/host.pem"), "-----BEGIN PRIVATE KEY-----\nMC4C\n");
                File.WriteAllText(Path.Combine(upper, "etc/tool/tool.conf"), "kept");
            },
        };

        var layer = await RunAsync(
            new DebBuilder("tool").File("./usr/bin/tool", "#!").Control("postinst", "#!/bin/sh\ngenkey >/etc/tool/host.pem\n", 0x1ED),
            sandbox,
            tell: told.Add
        );

        Assert.False(File.Exists(Path.Combine(layer, "etc/tool/host.pem")));
        Assert.Equal("kept", File.ReadAllText(Path.Combine(layer, "etc/tool/tool.conf")));
        Assert.Contains("/etc/tool/host.pem", Assert.Single(told), StringComparison.Ordinal);
        Assert.Contains("package tool ", told[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_belongs_to_the_first_start_is_taken_out_without_a_word_and_logs_are_emptied()
    {
        var told = new List<string>();
        var sandbox = new Dpkg
        {
            OnRun = upper =>
            {
                foreach (
                    var (path, text) in new[]
                    {
                        ("etc/postgresql/17/main/postgresql.conf", "x"),
                        ("var/lib/postgresql/17/main/PG_VERSION", "17"),
                        ("var/log/postgresql/postgresql-17-main.log", "x"),
                        ("var/log/other/other.log", "2026-01-01"),
                        ("etc/postgresql-common/createcluster.conf", "kept"),
                    }
                )
                {
                    Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(upper, path))!);
                    File.WriteAllText(Path.Combine(upper, path), text);
                }
            },
        };

        var layer = await RunAsync(
            new DebBuilder("postgresql-17").File("./usr/lib/postgresql/17/bin/postgres", "#!"),
            sandbox,
            tell: told.Add
        );

        Assert.Empty(told);
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(layer, "etc/postgresql")));
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(layer, "var/lib/postgresql")));
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(layer, "var/log/postgresql")));
        Assert.Equal("", File.ReadAllText(Path.Combine(layer, "var/log/other/other.log")));
        Assert.Equal("kept", File.ReadAllText(Path.Combine(layer, "etc/postgresql-common/createcluster.conf")));
    }

    private async Task<string> RunAsync(
        DebBuilder deb,
        IRootSandbox sandbox,
        BuildTimings? timings = null,
        IReadOnlyList<string>? cudnn = null,
        Action<string>? tell = null
    )
    {
        Requires.Root("needs root for owners");
        var cancellation = TestContext.Current.CancellationToken;
        var (path, package) = deb.Save(_directory.Path);
        var layer = Directory.CreateDirectory(Path.Combine(_directory.Path, "layer")).FullName;
        UnpackedPackage unpacked;
        using (var root = RootDirectory.Open(layer))
        {
            unpacked = PackageUnpacker.Unpack(path, package, root, layer + ".aside", cancellation);
        }

        var lists = new FileLists();
        lists.Add([unpacked], layer, []);
        var stage = new ConfigureStage(sandbox, python: null, timings ?? new BuildTimings()) { Tell = tell ?? (static _ => { }) };
        return await stage.RunAsync(
            [unpacked],
            upper => new SharedFiles(
                upper,
                [],
                lists,
                [unpacked],
                [],
                new PackageContents(package => throw new InvalidOperationException(package.Name))
            ),
            [layer],
            cudnn ?? [],
            Path.Combine(_directory.Path, "stage"),
            1_700_000_000,
            new HashSet<string>(),
            cancellation
        );
    }

    /// <summary>Configures all packages without running anything; tells which files of the upper directory it found.</summary>
    private sealed class Dpkg(params string[] expected) : IRootSandbox
    {
        private Dictionary<string, string> _mounts = [];

        public IReadOnlyList<bool> Found { get; private set; } = [];

        /// <summary>What a script does, given the upper directory.</summary>
        public Action<string> OnRun { get; init; } = static _ => { };

        /// <summary>Text of what was mounted over a place of the root; null for nothing.</summary>
        public string? Mounted(string inside) => _mounts.GetValueOrDefault(inside);

        public Task<SandboxResult> RunAsync(SandboxRequest request, CancellationToken cancellation)
        {
            _mounts = request.ReadOnlyMounts.ToDictionary(
                mount => mount.Value,
                mount => File.ReadAllText(mount.Key),
                StringComparer.Ordinal
            );
            Found = [.. expected.Select(path => File.Exists(Path.Combine(request.Upper!, path)))];
            OnRun(request.Upper!);
            var status = Path.Combine(request.Upper!, "var/lib/dpkg/status");
            File.WriteAllText(
                status,
                File.ReadAllText(status).Replace("install ok unpacked", "install ok installed", StringComparison.Ordinal)
            );
            return Task.FromResult(new SandboxResult(0, "Setting up\n0m0.500s 0m0.000s\n0m0.500s 0m0.500s"));
        }
    }
}
