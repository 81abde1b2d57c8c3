using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Torchyard.Images.Capture;
using Torchyard.Images.Capture.Pack;
using Torchyard.Images.Capture.Plan;
using Torchyard.Images.Capture.Prove;
using Torchyard.Images.Capture.Python;
using Torchyard.Images.Capture.Request;
using Torchyard.Images.Oci;
using Torchyard.Images.Tar;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Linux;
using Torchyard.Recipes.Settings;

namespace Torchyard.Images.Tests.Capture;

/// <summary>Whole plans for a virtual environment on a machine with packages, both made of small files.</summary>
public sealed class CapturePlannerTests : IDisposable
{
    private const string Site = "/opt/app/.venv/lib/python3.12/site-packages";
    private readonly FakeMachine _machine = new();

    public CapturePlannerTests()
    {
        _machine
            .Package("base-files", "Essential: yes\nConffiles:\n /etc/issue 0", "/etc/issue", "/usr/share/base-files/profile")
            .Package("python3.12-minimal", "Source: python3.12\nDepends: libc6", "/usr/bin/python3.12", "/usr/lib/python3.12/os.py")
            .Package("libpython3.12-stdlib", "Source: python3.12", "/usr/lib/python3.12/json/__init__.py")
            .Package("libc6", "Source: glibc", "/usr/lib/libc.so.6")
            .Package("openssh-server", "", "/usr/sbin/sshd")
            .Package("unrelated", "", "/usr/bin/unrelated")
            .Link("/usr/bin/python3", "python3.12")
            .File(
                "/etc/passwd",
                "root:x:0:0:root:/root:/bin/bash\nalice:x:1000:1000::/home/alice:/bin/bash\nsshd:x:102:65534::/run/sshd:/usr/sbin/nologin\n"
            )
            .File("/etc/os-release", "PRETTY_NAME=\"Fake 1\"\n")
            .File("/opt/app/.venv/pyvenv.cfg", "home = /usr/bin\ninclude-system-site-packages = false\nversion = 3.12.3\n")
            .Link("/opt/app/.venv/bin/python", "python3")
            .Link("/opt/app/.venv/bin/python3", "/usr/bin/python3")
            .Program("/opt/app/.venv/bin/tool", "#!/opt/app/.venv/bin/python\nimport small\n");
        Distribution("small", "1.0", "", ("small/__init__.py", "x = 1\n"), ("../../../bin/tool", ""));
        Distribution("large", "2.0", "Requires-Dist: small\n", ("large/data.bin", "x"));
        using (var data = new FileStream(_machine.Root + Site + "/large/data.bin", FileMode.Open))
        {
            // A hole: only its size matters.
            data.SetLength(33 << 20);
        }

        Distribution("other", "3.0", "", ("other/__init__.py", "x = 3\n"));
    }

    public void Dispose() => _machine.Dispose();

    [Fact]
    public void The_image_has_interpreter_environment_and_base_system_and_no_more_of_the_machine()
    {
        var plan = Plan();
        var paths = Paths(plan);

        Assert.Superset(
            new HashSet<string>
            {
                "usr/bin/python3",
                "usr/bin/python3.12",
                "usr/lib/python3.12/json/__init__.py",
                "usr/lib/libc.so.6",
                "usr/sbin/sshd",
                "etc/profile",
                "opt/app/.venv/pyvenv.cfg",
                "opt/app/.venv/bin/tool",
                Site[1..] + "/small/__init__.py",
                "var/lib/dpkg/status",
                "lib",
            },
            paths
        );
        Assert.DoesNotContain("usr/bin/unrelated", paths);
        Assert.Equal(
            ["base-files", "libc6", "libpython3.12-stdlib", "openssh-server", "python3.12-minimal"],
            plan.Packages.Select(package => package.Name)
        );
        var status = Text(plan, "var/lib/dpkg/status");
        Assert.Contains("Package: libc6\nStatus: install ok installed\n", status, StringComparison.Ordinal);
        Assert.DoesNotContain("unrelated", status, StringComparison.Ordinal);
        Assert.NotNull(plan.Services.Ssh);
        Assert.Null(plan.Services.Jupyter);
        Assert.Contains("sshd:x:102:", plan.Accounts.Passwd, StringComparison.Ordinal);
        Assert.DoesNotContain("alice", plan.Accounts.Passwd, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_path_is_in_one_layer_and_parents_go_before_what_is_in_them()
    {
        var plan = Plan();

        var files = plan
            .Layers.SelectMany(layer => layer.Entries)
            .Where(entry => entry.Entry.Kind != TarKind.Directory)
            .Select(entry => entry.Entry.Name)
            .ToList();
        Assert.Equal(files.Distinct(StringComparer.Ordinal).Count(), files.Count);
        foreach (var layer in plan.Layers)
        {
            var seen = new HashSet<string>(StringComparer.Ordinal) { "" };
            foreach (var entry in layer.Entries)
            {
                Assert.Contains(
                    entry.Entry.Name.Contains('/', StringComparison.Ordinal) ? entry.Entry.Name[..entry.Entry.Name.LastIndexOf('/')] : "",
                    seen
                );
                seen.Add(entry.Entry.Name);
            }
        }
    }

    [Fact]
    public void A_heavy_distribution_has_a_layer_of_its_own()
    {
        var titles = Plan().Layers.Select(layer => layer.Title).ToList();

        Assert.Contains("large 2.0", titles);
        Assert.Contains("2 distributions", titles);
        Assert.Equal("environment /opt/app/.venv", titles[^1]);
    }

    [Fact]
    public void The_environment_belongs_to_the_images_user_with_plain_modes()
    {
        _machine.File(Site + "/small/secretive.py", "x = 2\n", 0x180).Program(Site + "/small/setuid", "#!/bin/sh\n");
        File.SetUnixFileMode(_machine.Root + Site + "/small/setuid", (UnixFileMode)0x9ED);
        var entries = Plan().Layers.SelectMany(layer => layer.Entries).ToLookup(entry => entry.Entry.Name, entry => entry.Entry);

        Assert.All(entries[Site[1..] + "/small/secretive.py"], entry =>
            Assert.Equal((0x1A4, 1000u, 1000u), (entry.Mode, entry.User, entry.Group))
        );
        Assert.Equal(0x1ED, entries[Site[1..] + "/small/setuid"].Single().Mode);
        Assert.All(entries["opt/app/.venv"], entry => Assert.Equal((0x1ED, 1000u), (entry.Mode, entry.User)));
        Assert.All(entries["opt/app"], entry => Assert.Equal((0x1ED, 0u), (entry.Mode, entry.User)));
        Assert.All(entries.SelectMany(group => group), entry => Assert.Equal(CapturePlan.ModifiedAt, entry.ModifiedAt));
    }

    [Theory]
    [InlineData("/opt/app/.venv/pip.conf", "[global]\nindex-url = https://user:secret@host/simple\n")]
    [InlineData("/opt/app/.venv/.ssh/id_ed25519", "key")]
    [InlineData("/opt/app/.venv/.git/config", "url = https://user:secret@host/\n")]
    [InlineData("/opt/app/.venv/.env", "TOKEN=secret\n")]
    [InlineData("/opt/app/.venv/share/.bash_history", "export TOKEN=secret\n")]
    [InlineData("/opt/app/.venv/etc/server.key", "-----BEGIN RSA PRIVATE KEY-----\nMII\n")]
    [InlineData("/opt/app/.venv/share/jupyter/runtime/jpserver-1.json", "{\"token\": \"secret\"}")]
    public void Secrets_stay_and_are_named(string path, string content)
    {
        _machine.File(path, content);
        var plan = Plan();

        Assert.DoesNotContain(path[1..], Paths(plan));
        Assert.Contains(plan.LeftOut, omission => path == omission.Path || path.StartsWith(omission.Path + "/", StringComparison.Ordinal));
    }

    [Fact]
    public void What_a_distribution_publishes_is_no_secret()
    {
        Distribution("tornado", "6", "", ("tornado/test/test.key", "-----BEGIN PRIVATE KEY-----\nMII\n"));

        Assert.Contains(Site[1..] + "/tornado/test/test.key", Paths(Plan()));
    }

    [Fact]
    public void Only_takes_what_is_needed_and_the_skeleton()
    {
        _machine.File(Site + "/_virtualenv.py", "x = 1\n").File("/opt/app/.venv/bin/activate", "VIRTUAL_ENV=/opt/app/.venv\n");
        var plan = Plan(request => request with { Only = ["large"] });
        var paths = Paths(plan);

        Assert.Equal(["large", "small"], plan.Distributions.Select(distribution => distribution.Name));
        Assert.Contains(Site[1..] + "/small/__init__.py", paths);
        Assert.Contains(Site[1..] + "/_virtualenv.py", paths);
        Assert.Contains("opt/app/.venv/bin/activate", paths);
        Assert.Contains("opt/app/.venv/bin/python", paths);
        Assert.DoesNotContain(paths, path => path.Contains("other", StringComparison.Ordinal));
    }

    [Fact]
    public void Nothing_is_left_of_a_package_that_python_could_take_for_a_namespace()
    {
        _machine.File(Site + "/tabulate/__init__.py").File(Site + "/tabulate/data/table.txt");
        Assert.DoesNotContain(Paths(Plan(request => request with { Only = ["large"] })), path =>
            path.Contains("tabulate", StringComparison.Ordinal)
        );
        Assert.DoesNotContain(Paths(Plan(request => request with { Exclude = ["small"] })), path =>
            path.EndsWith("/small", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void Excluded_distributions_and_paths_are_left_out_with_a_warning_for_those_who_need_them()
    {
        var plan = Plan(request => request with { Exclude = ["small", "*.bin"] });

        Assert.DoesNotContain(Paths(plan), path =>
            path.Contains("/small/", StringComparison.Ordinal) || path.EndsWith(".bin", StringComparison.Ordinal)
        );
        Assert.Contains(plan.Warnings, warning => warning.Contains("large needs small", StringComparison.Ordinal));
    }

    [Fact]
    public void An_editable_installation_comes_with_its_sources_and_without_its_repository()
    {
        Distribution(
            "mine",
            "0.1",
            "",
            ("__editable__.mine.pth", "/home/alice/mine/src\n"),
            ("mine-0.1.dist-info/direct_url.json", """{"dir_info": {"editable": true}, "url": "file:///home/alice/mine"}""")
        );
        _machine
            .File("/home/alice/mine/src/mine/__init__.py", "x = 1\n")
            .File("/home/alice/mine/.git/config", "secret")
            .File("/home/alice/.ssh/id_rsa", "secret");
        var plan = Plan();

        Assert.Contains("home/alice/mine/src/mine/__init__.py", Paths(plan));
        Assert.DoesNotContain(Paths(plan), path =>
            path.Contains(".git/", StringComparison.Ordinal) || path.Contains(".ssh", StringComparison.Ordinal)
        );
        Assert.Contains(plan.Added, addition => addition.Path == "/home/alice/mine");
    }

    [Fact]
    public void Links_that_lead_out_are_kept_and_named()
    {
        _machine
            .File("/data/weights.pt", "x")
            .Link("/opt/app/.venv/weights.pt", "/data/weights.pt")
            .Link("/opt/app/.venv/gone", "/nowhere");
        var plan = Plan();

        Assert.Contains("opt/app/.venv/weights.pt", Paths(plan));
        Assert.DoesNotContain("data/weights.pt", Paths(plan));
        Assert.Contains(plan.LeftOut, omission => omission.Path == "/data/weights.pt");
        Assert.Contains(plan.Warnings, warning => warning.Contains("/nowhere", StringComparison.Ordinal));
        Assert.Contains("data/weights.pt", Paths(Plan(request => request with { Include = ["/data"] })));
    }

    [Fact]
    public void An_interpreter_of_no_package_comes_with_its_installation()
    {
        const string prefix = "/root/.local/share/uv/python/cpython-3.12.3";
        _machine
            .Program(prefix + "/bin/python3.12")
            .File(prefix + "/lib/python3.12/os.py", "x = 1\n")
            .File(prefix + "/lib/python3.12/site-packages/pip/x.py")
            .File("/root/.bash_history", "secret")
            .File("/opt/app/.venv/pyvenv.cfg", $"home = {prefix}/bin\nversion_info = 3.12.3\n");
        File.Delete(_machine.Root + "/opt/app/.venv/bin/python3");
        _machine.Link("/opt/app/.venv/bin/python3", prefix + "/bin/python3.12");
        var plan = Plan();
        var paths = Paths(plan);

        Assert.Contains(prefix[1..] + "/lib/python3.12/os.py", paths);
        Assert.DoesNotContain(paths, path =>
            path.Contains("site-packages/pip", StringComparison.Ordinal) || path.Contains("history", StringComparison.Ordinal)
        );
        // The image's user must get through root's home to the interpreter.
        Assert.All(plan.Layers.SelectMany(layer => layer.Entries).Where(entry => entry.Entry.Name == "root"), entry =>
            Assert.Equal(0x1C9, entry.Entry.Mode)
        );
    }

    [Fact]
    public void Another_path_is_written_where_the_old_one_stood()
    {
        _machine
            .File("/opt/app/.venv/near.txt", "/opt/app/.venv2 and /opt/app/.venv/x\n")
            .Link("/opt/app/.venv/own", "/opt/app/.venv/bin/tool");
        var plan = Plan(request => request with { At = "/srv/env" });

        Assert.Equal("#!/srv/env/bin/python\nimport small\n", Text(plan, "srv/env/bin/tool"));
        Assert.Equal("/opt/app/.venv2 and /srv/env/x\n", Text(plan, "srv/env/near.txt"));
        Assert.Equal(
            "/srv/env/bin/tool",
            plan.Layers.SelectMany(layer => layer.Entries).Single(entry => entry.Entry.Name == "srv/env/own").Entry.LinkTarget
        );
        Assert.DoesNotContain(Paths(plan), path => path.StartsWith("opt/app/", StringComparison.Ordinal));
        var record = Text(plan, "srv/env/lib/python3.12/site-packages/small-1.0.dist-info/RECORD");
        Assert.DoesNotContain(Record("#!/opt/app/.venv/bin/python\nimport small\n"), record, StringComparison.Ordinal);
        Assert.Contains(Record("#!/srv/env/bin/python\nimport small\n"), record, StringComparison.Ordinal);
    }

    [Fact]
    public void On_a_base_image_the_environment_alone_is_taken()
    {
        using var image = new FakeMachine();
        image
            .Program("/usr/bin/python3.12")
            .Link("/usr/bin/python3", "python3.12")
            .File("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\n")
            .Program("/usr/sbin/sshd");
        var plan = Plan(request => request with { Base = Base(image.Root) });

        Assert.Empty(plan.Packages);
        Assert.Empty(plan.Added);
        Assert.All(Paths(plan), path => Assert.StartsWith("opt/app/.venv/", path, StringComparison.Ordinal));
        Assert.NotNull(plan.Services.Ssh);
        Assert.Equal("root:x:0:0:root:/root:/bin/bash\n", plan.Accounts.Passwd);
    }

    [Fact]
    public void A_base_image_with_another_Python_is_refused()
    {
        using var image = new FakeMachine();
        image.Program("/usr/bin/python3.13").Link("/usr/bin/python3", "python3.13");

        var failure = Assert.Throws<TorchyardException>(() => Plan(request => request with { Base = Base(image.Root) }));

        Assert.Equal("TY3039", failure.Code);
        Assert.Contains("3.13", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_interpreter_that_another_layer_hides_is_not_in_the_base_image()
    {
        Requires.Root("needs root to make a whiteout");
        using var lower = new FakeMachine();
        using var upper = new FakeMachine();
        lower.Program("/usr/bin/python3.12").Link("/usr/bin/python3", "python3.12");
        using (var root = Torchyard.Images.Files.RootDirectory.Open(upper.Root))
        {
            root.MakeNode("usr/bin/python3.12", FileKind.Character, 0, 0, 0, 0, 0, 0);
        }

        Assert.Equal(
            "TY3039",
            Assert.Throws<TorchyardException>(() => Plan(request => request with { Base = Base(upper.Root, lower.Root) })).Code
        );
    }

    [Theory]
    [InlineData("/", "TY3033")]
    [InlineData("/usr", "TY3033")]
    [InlineData("/home/alice", "TY3033")]
    [InlineData("/missing", "TY3030")]
    public void What_is_no_environment_is_refused(string directory, string code)
    {
        Directory.CreateDirectory(_machine.Root + "/home/alice");

        Assert.Equal(code, Assert.Throws<TorchyardException>(() => Plan(request => request with { Directory = directory })).Code);
    }

    [Fact]
    public void A_broken_interpreter_is_refused_with_where_it_leads()
    {
        File.Delete(_machine.Root + "/usr/bin/python3.12");

        var failure = Assert.Throws<TorchyardException>(() => Plan());

        Assert.Equal("TY3031", failure.Code);
    }

    [Fact]
    public void Layers_have_the_same_bytes_whatever_the_times_and_masks_were()
    {
        using var store = new TemporaryStore();
        var first = Write(store);
        foreach (
            var path in Directory.EnumerateFiles(
                _machine.Root + "/opt",
                "*",
                new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint }
            )
        )
        {
            if (new FileInfo(path).LinkTarget is null)
            {
                File.SetLastWriteTimeUtc(path, new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc));
                File.SetUnixFileMode(path, File.GetUnixFileMode(path) & ~(UnixFileMode)0x3F);
            }
        }

        Assert.Equal(first, Write(store));
    }

    [Fact]
    public void A_file_that_changes_meanwhile_is_an_error()
    {
        using var store = new TemporaryStore();
        var layout = new OciLayout(store.Paths);
        layout.Initialise();
        var layer = Plan().Layers.Single(layer => layer.Title == "2 distributions");
        File.AppendAllText(_machine.Root + Site + "/small/__init__.py", "y = 2\n");

        var failure = Assert.Throws<TorchyardException>(() =>
            new CaptureLayerWriter(layout, new ImageSettings()).Write(layer.Entries, _ => { }, TestContext.Current.CancellationToken)
        );

        Assert.Equal("TY3034", failure.Code);
    }

    [Fact]
    public void A_copied_interpreter_brings_the_library_and_the_links_of_the_one_it_was_copied_from()
    {
        _machine
            .Program("/srv/python/3.12.7/bin/python3.12")
            .Link("/srv/python/3.12.7/bin/python3", "python3.12")
            .File("/srv/python/3.12.7/lib/python3.12/os.py")
            .Link("/srv/python/3.12", "3.12.7")
            .File("/opt/copies/pyvenv.cfg", "home = /srv/python/3.12/bin\nversion = 3.12.7\n")
            .Program("/opt/copies/bin/python3")
            .File("/opt/copies/lib/python3.12/site-packages/x.py");

        var plan = Plan(request => request with { Directory = "/opt/copies" });

        Assert.Superset(
            new HashSet<string>
            {
                "srv/python/3.12.7/lib/python3.12/os.py",
                "srv/python/3.12.7/bin/python3.12",
                "srv/python/3.12",
                "opt/copies/bin/python3",
            },
            Paths(plan)
        );
    }

    [Theory]
    [InlineData("/tmp/links")]
    [InlineData("/var/tmp/links")]
    [InlineData("/srv/links")]
    [InlineData("/run/links")]
    public void A_link_to_the_interpreter_is_in_the_image_when_it_is_listed_as_taken(string links)
    {
        _machine
            .Program("/opt/python/3.12.7/bin/python3.12")
            .File("/opt/python/3.12.7/lib/python3.12/os.py")
            .Link(links + "/py", "/opt/python/3.12.7")
            .File("/opt/linked/pyvenv.cfg", $"home = {links}/py/bin\nversion = 3.12.7\n")
            .Link("/opt/linked/bin/python3", links + "/py/bin/python3.12")
            .File("/opt/linked/lib/python3.12/site-packages/x.py");

        var plan = Plan(request => request with { Directory = "/opt/linked" });

        var isThere = Paths(plan).Contains(links[1..] + "/py");
        Assert.Equal(isThere, plan.Added.Any(addition => addition.Path == links + "/py"));
        Assert.Equal(!isThere, plan.LeftOut.Any(omission => omission.Path == links + "/py"));
        Assert.Equal(links != "/run/links", isThere);
    }

    [Fact]
    public void Distributions_are_imported_by_the_names_of_their_modules()
    {
        InstalledDistribution With(params string[] files) =>
            new("some", "1") { Origin = "/s/some-1.dist-info", Files = [.. files.Select(file => "/s/" + file), "/bin/some"] };
        Assert.Equal(
            ["some", "some_more"],
            ImportableModules.Of(
                With(
                    "some/__init__.py",
                    "some/inner/__init__.py",
                    "some_more.cpython-312-x86_64-linux-gnu.so",
                    "_private.py",
                    "tests/__init__.py",
                    "some-1.dist-info/METADATA"
                )
            )
        );
        Assert.Equal(["_only"], ImportableModules.Of(With("_only.abi3.so", "__editable___some_finder.py")));
        Assert.Empty(ImportableModules.Of(With("namespace/part/__init__.py", "not-a-module.py", "data/file.txt")));
        Assert.Equal(
            ["six"],
            ImportableModules.Of(
                new InstalledDistribution("six", "1")
                {
                    Origin = "/c/conda-meta/six.json",
                    Conda = new CondaOrigin(null, null, null, null),
                    Files = ["/c/lib/python3.12/site-packages/six.py", "/c/bin/x"],
                }
            )
        );
    }

    private CapturePlan Plan(Func<CaptureRequest, CaptureRequest>? change = null)
    {
        var request = new CaptureRequest { Directory = "/opt/app/.venv", Name = "app" };
        return new CapturePlanner(_machine.Tree, change?.Invoke(request) ?? request, TestContext.Current.CancellationToken).Plan();
    }

    private static CaptureBase Base(params string[] layers) =>
        new(
            new StoredImage
            {
                Manifest = Digest.Of("base"u8),
                Names = ["base:latest"],
                DiffIds = [],
                Layers = [],
                CompressedSize = 0,
                Created = 0,
                Config = new ImageConfig(),
            },
            layers
        );

    private List<string> Write(TemporaryStore store)
    {
        var layout = new OciLayout(store.Paths);
        layout.Initialise();
        var writer = new CaptureLayerWriter(layout, new ImageSettings());
        return
        [
            .. Plan().Layers.Select(layer => writer.Write(layer.Entries, _ => { }, TestContext.Current.CancellationToken).Blob.ToString()),
        ];
    }

    private static HashSet<string> Paths(CapturePlan plan) =>
        [
            .. plan
                .Layers.SelectMany(layer => layer.Entries)
                .Where(entry => entry.Entry.Kind != TarKind.Directory)
                .Select(entry => entry.Entry.Name),
        ];

    private static string Text(CapturePlan plan, string path)
    {
        var entry = plan.Layers.SelectMany(layer => layer.Entries).Single(entry => entry.Entry.Name == path);
        return entry.Content is { } content ? Encoding.UTF8.GetString(content.Span) : File.ReadAllText(entry.Source!);
    }

    private static string Record(string content) =>
        $"sha256={Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(content)))},{content.Length}";

    /// <summary>Installs a distribution; a file without content exists already.</summary>
    private void Distribution(string name, string version, string metadata, params (string Path, string Content)[] files)
    {
        var record = new StringBuilder();
        foreach (var (path, content) in files)
        {
            var place = Path.GetFullPath(Site + "/" + path);
            if (content.Length > 0)
            {
                _machine.File(place, content);
            }

            record.Append(path).Append(',').Append(Record(File.ReadAllText(_machine.Root + place))).Append('\n');
        }

        var info = $"{Site}/{name}-{version}.dist-info";
        _machine
            .File(info + "/METADATA", $"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{metadata}")
            .File(info + "/RECORD", record.Append(name).Append('-').Append(version).Append(".dist-info/RECORD,,\n").ToString());
    }
}
