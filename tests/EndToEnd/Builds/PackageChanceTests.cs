using System.Text.RegularExpressions;
using Torchyard.EndToEnd.Program;
using Torchyard.EndToEnd.Trees;

namespace Torchyard.EndToEnd.Builds;

/// <summary>Packages whose scripts use the clock or chance: one lock, one digest in every store, and no secret in an image.</summary>
public sealed partial class PackageChanceTests(SharedImage small) : IClassFixture<SharedImage>
{
    private static readonly string[] Small = ["ssl-cert", "munge", "bind9", "fontconfig", "fonts-dejavu-core"];

    private static readonly string[] Broad =
    [
        .. Small,
        "default-jre-headless",
        "texlive-latex-base",
        "postgresql",
        "mariadb-server",
        "slapd",
        "jupyter-notebook",
        "emacs-nox",
        "r-base-core",
        "openmpi-bin",
        "git",
        "tmux",
        "dbus",
        "systemd-sysv",
        "nginx",
        "redis-server",
        "exim4-daemon-light",
        "samba",
        "openssh-server",
        "locales",
        "man-db",
        "tor",
        "dovecot-core",
        "cups-daemon",
        "strongswan-starter",
        "dictionaries-common",
        "wamerican",
        "aspell-en",
        "ghostscript",
        "apache2",
        "cron",
        "rsyslog",
        "snmpd",
        "openvpn",
        "avahi-daemon",
        "ntpsec",
        "sudo",
    ];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Two_stores_get_one_digest_from_a_lock_and_no_secret_is_in_the_image(bool broad)
    {
        Assert.SkipWhen(
            broad && System.Environment.GetEnvironmentVariable("TORCHYARD_TEST_LONG") is not { Length: > 0 },
            "takes 20 minutes; TORCHYARD_TEST_LONG=1 runs it"
        );
        Requires.Root("root is needed to read every file of an image");
        await using var large = broad ? new SharedImage() : null;
        var image = await (large ?? small).RequireAsync(Recipe(broad ? Broad : Small), Cancellation);
        var store = image.Store;

        await using var other = await TestStore.CreateAsync(Cancellation);
        foreach (var part in new[] { "packages", "indexes" })
        {
            (
                await HostProgram.RunAsync(
                    "cp",
                    ["-aln", Path.Combine(store.Store, part) + "/.", Directory.CreateDirectory(Path.Combine(other.Store, part)).FullName],
                    Cancellation
                )
            ).Succeeded();
        }

        var copy = other.NewProject("copy");
        foreach (var file in Directory.GetFiles(image.Project))
        {
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        }

        Assert.Equal(image.Digest, await other.BuildAsync(copy, Cancellation));
        using (var mounted = MountedImage.Mount(store, image.Digest))
        {
            Assert.Empty(Secrets(mounted.Root));
        }

        (await store.RunAsync(image.Project, ["check"], Cancellation)).Succeeded().Printed("the store is sound");
    }

    [Fact]
    public async Task What_is_left_to_the_first_start_is_there_in_a_container_of_root_and_in_each_another()
    {
        var image = await small.RequireAsync(Recipe(Small), Cancellation);
        var (store, project) = (image.Store, image.Project);
        const string Script =
            "ls /etc/munge/munge.key /etc/bind/rndc.key /etc/ssl/private/ssl-cert-snakeoil.key >/dev/null && "
            + "stat -c %U:%a /etc/munge/munge.key && sha256sum </etc/munge/munge.key";

        var one = (await store.RunAsync(project, ["run", "--rm", "--user", "root", "chance", "sh", "-c", Script], Cancellation))
            .Succeeded()
            .Output;
        var other = (await store.RunAsync(project, ["run", "--rm", "--user", "root", "chance", "sh", "-c", Script], Cancellation))
            .Succeeded()
            .Output;
        var signed = await store.RunAsync(
            project,
            [
                "run",
                "--rm",
                "--user",
                "root",
                "chance",
                "sh",
                "-c",
                "openssl verify -CAfile /etc/ssl/certs/ssl-cert-snakeoil.pem /etc/ssl/certs/ssl-cert-snakeoil.pem",
            ],
            Cancellation
        );

        Assert.StartsWith("munge:600", one, StringComparison.Ordinal);
        Assert.NotEqual(one, other);
        Assert.Contains("OK", signed.Succeeded().Output, StringComparison.Ordinal);
    }

    private static string Recipe(IEnumerable<string> packages) =>
        $"name = \"chance\"\npackages = [{string.Join(", ", packages.Select(name => $"\"{name}\""))}]\n\n[base]\nsuite = \"trixie\"\n";

    /// <summary>Private keys of the image that no package has among its files.</summary>
    private static List<string> Secrets(string root)
    {
        var listed = Directory
            .GetFiles(Path.Combine(root, "var/lib/dpkg/info"), "*.list")
            .SelectMany(File.ReadLines)
            .ToHashSet(StringComparer.Ordinal);
        var files = Directory.EnumerateFiles(
            root,
            "*",
            new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint }
        );
        return
        [
            .. files
                .Where(file => !listed.Contains(file[root.Length..]) && new FileInfo(file).Length is > 0 and < 1 << 20)
                .Where(file =>
                    PrivateKey().IsMatch(File.ReadAllText(file))
                    || (file.EndsWith(".key", StringComparison.Ordinal) && (File.GetUnixFileMode(file) & UnixFileMode.OtherRead) == 0)
                )
                .Select(file => file[root.Length..]),
        ];
    }

    [GeneratedRegex("^-----BEGIN [A-Z ]*PRIVATE KEY", RegexOptions.Multiline)]
    private static partial Regex PrivateKey();
}
