using Torchyard.Images.Configure;
using Torchyard.Images.Deb;
using Torchyard.Images.Files;
using Torchyard.Images.Tests.Deb;
using Torchyard.Images.Timings;

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
    public async Task Host_keys_of_ssh_are_not_even_made_and_nothing_stands_in_for_them_afterwards()
    {
        var sandbox = new Dpkg("etc/ssh/ssh_host_rsa_key", "etc/ssh/ssh_host_ecdsa_key", "etc/ssh/ssh_host_ed25519_key");

        var upper = await RunAsync(new DebBuilder("openssh-server").File("./usr/sbin/sshd", "#!"), sandbox);

        Assert.Equal([true, true, true], sandbox.Found);
        Assert.Empty(Directory.GetFiles(upper, "ssh_host_*", SearchOption.AllDirectories));
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

    private async Task<string> RunAsync(DebBuilder deb, IRootSandbox sandbox, BuildTimings? timings = null)
    {
        Assert.SkipUnless(Environment.UserName == "root", "needs root for owners");
        var cancellation = TestContext.Current.CancellationToken;
        var (path, package) = deb.Save(_directory);
        var layer = Directory.CreateDirectory(Path.Combine(_directory, "layer")).FullName;
        UnpackedPackage unpacked;
        using (var root = RootDirectory.Open(layer))
        {
            unpacked = PackageUnpacker.Unpack(path, package, root, [], cancellation);
        }

        var stage = new ConfigureStage(sandbox, python: null, timings ?? new BuildTimings());
        return await stage.RunAsync(
            [unpacked],
            shared: [],
            (_, _) => throw new InvalidOperationException("nothing is shared"),
            [layer],
            Path.Combine(_directory, "stage"),
            1_700_000_000,
            new HashSet<string>(),
            cancellation);
    }

    /// <summary>Configures all packages without running anything; tells which files of the upper directory it found.</summary>
    private sealed class Dpkg(params string[] expected) : IRootSandbox
    {
        public IReadOnlyList<bool> Found { get; private set; } = [];

        public Task<SandboxResult> RunAsync(SandboxRequest request, CancellationToken cancellation)
        {
            Found = [.. expected.Select(path => File.Exists(Path.Combine(request.Upper!, path)))];
            var status = Path.Combine(request.Upper!, "var/lib/dpkg/status");
            File.WriteAllText(status, File.ReadAllText(status).Replace("install ok unpacked", "install ok installed", StringComparison.Ordinal));
            return Task.FromResult(new SandboxResult(0, "Setting up\n0m0.500s 0m0.000s\n0m0.500s 0m0.500s"));
        }
    }
}
