using System.Text;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Reading;
using Torchyard.Recipes.Settings;

namespace Torchyard.Recipes.Tests;

public sealed class RecipeReaderTests
{
    private const string Smallest = "name = \"x\"\n[base]\nsuite = \"trixie\"\n";

    [Fact]
    public void The_smallest_recipe_has_every_default()
    {
        var recipe = Read(Smallest);
        Assert.Equal("x", recipe.Name);
        Assert.Equal("amd64", recipe.Base.Architecture);
        Assert.Equal(["main"], recipe.Base.Components);
        Assert.True(recipe.Base.Security);
        Assert.Null(recipe.Services.Jupyter);
        Assert.Null(recipe.Limits.Memory);
        Assert.Equal(LayerCompression.Zstd, recipe.Image.Compression);
    }

    [Theory]
    [InlineData("2h", 7200)]
    [InlineData("1h30m", 5400)]
    [InlineData("off", 0)]
    [InlineData("0", 0)]
    public void A_time_after_which_idle_GPUs_are_given_back(string text, long seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Read(Smallest + $"[limits]\nidle-release = \"{text}\"\n").Limits.IdleRelease);

    [Fact]
    public void Sizes_and_shares_of_limits()
    {
        var limits = Read(Smallest + "[limits]\nmemory = \"50%\"\nshared-memory = \"512MiB\"\ncpus = 2\nprocesses = 4096\n").Limits;
        Assert.Equal(0.5, limits.MemoryShare);
        Assert.Null(limits.Memory);
        Assert.Equal(512L << 20, limits.SharedMemory);
        Assert.Equal(2.0, limits.Cpus);
        Assert.Equal(4096, limits.Processes);
    }

    [Fact]
    public void Gzip_has_its_own_default_level() => Assert.Equal(6, Read(Smallest + "[image]\ncompression = \"gzip\"\n").Image.Level);

    [Fact]
    public void CuDNN_is_nothing_unless_the_recipe_says_something_of_it()
    {
        Assert.Null(Read(Smallest).Cudnn);
        Assert.Equal(new CudnnSettings().AcceptLicense, Read(Smallest + "[cudnn]\n").Cudnn!.AcceptLicense);
        var cudnn = Read(
            Smallest
                + "[cudnn]\naccept-license = true\nversion = \"9.0.0.312\"\nmirrors = [\"https://mirror.example/redist\"]\narchive = "
                + "\"./x\"\n"
        ).Cudnn!;
        Assert.Equal((true, "9.0.0.312", "./x"), (cudnn.AcceptLicense, cudnn.Version, cudnn.Archive));
        Assert.Equal(["https://mirror.example/redist"], cudnn.Mirrors);
    }

    [Fact]
    public void Forward_compatibility_is_nothing_unless_the_recipe_says_something_of_it()
    {
        Assert.Null(Read(Smallest).CudaCompat);
        Assert.False(Read(Smallest + "[cuda-compat]\n").CudaCompat!.AcceptLicense);
        var compat = Read(
            Smallest
                + "[cuda-compat]\naccept-license = true\nrelease = \"13.1\"\nmirrors = [\"https://mirror.example/redist\"]\narchive = "
                + "\"./x\"\n"
        ).CudaCompat!;
        Assert.Equal((true, "13.1", "./x"), (compat.AcceptLicense, compat.Release, compat.Archive));
        Assert.Equal(["https://mirror.example/redist"], compat.Mirrors);
    }

    [Fact]
    public void An_archive_has_a_name_without_its_login()
    {
        var archives = Read(
            Smallest
                + "[[archives]]\nurl = \"https://me:${TOKEN}@apt.example.com/debian/\"\nsuite = \"stable\"\nkey = \"k.asc\"\n"
                + "[[archives]]\nurl = \"file:///srv/flat\"\nsuite = \"./\"\nkey = \"k.asc\"\n"
        ).Archives;

        Assert.Equal(["apt.example.com/debian/stable", "/srv/flat"], archives.Select(archive => archive.Id));
        Assert.Equal(["https://apt.example.com/debian/", "file:///srv/flat"], archives.Select(archive => archive.PublicUrl));
        Assert.Equal(["main"], archives[0].Components);
        Assert.Empty(archives[1].Components);
    }

    [Theory]
    [InlineData(Smallest + "[cuda-compat]\nrelease = \"13\"\n", "TY1005", 5, 11, "release = \"13.1\"")]
    [InlineData(Smallest + "[cuda-compat]\nmirrors = [\"ftp://x\"]\n", "TY1005", 5, 12, "whole URL")]
    [InlineData(Smallest + "[cuda-compat]\narchive = \"\"\n", "TY1005", 5, 11, "archive.tar.xz")]
    [InlineData(Smallest + "[cuda-compat]\naccept-license = \"yes\"\n", "TY1004", 5, 18, "true or false")]
    [InlineData(Smallest + "[cuda-compat]\nversion = \"13.1\"\n", "TY1002", 5, 1, "accept-license, release, mirrors, archive")]
    [InlineData(Smallest + "[cudnn]\nversion = \"9.0\"\n", "TY1005", 5, 11, "9.0.0.312")]
    [InlineData(Smallest + "[cudnn]\nmirrors = [\"ftp://x\"]\n", "TY1005", 5, 12, "whole URL")]
    [InlineData(Smallest + "[cudnn]\narchive = \"\"\n", "TY1005", 5, 11, "archive.tar.xz")]
    [InlineData(Smallest + "[cudnn]\naccept-licence = true\n", "TY1002", 5, 1, "write 'accept-license'")]
    [InlineData("name = \"x\n", "TY1001", 1, 10, "docs/recipe.md")]
    [InlineData("name = \"x\"\npackges = []\n", "TY1006", 1, 1, "[base]")]
    [InlineData(Smallest + "[limits]\nmemroy = \"8GiB\"\n", "TY1002", 5, 1, "write 'memory'")]
    [InlineData(Smallest + "suites = 1\n", "TY1002", 4, 1, "write 'suite'")]
    [InlineData(Smallest + "[gpu]\nx = 1\n", "TY1002", 4, 2, "the keys here are: name, packages")]
    [InlineData("name = \"x\"\nname = \"y\"\n", "TY1003", 2, 1, "remove one")]
    [InlineData("name = 5\n", "TY1004", 1, 8, "a text in quotes")]
    [InlineData("name = \"x\"\npackages = \"bash\"\n", "TY1004", 2, 12, "[\"one\", \"two\"]")]
    [InlineData("name = \"x\"\nrecommends = \"yes\"\n", "TY1004", 2, 14, "true or false")]
    [InlineData("name = \"x\"\nmounts = 1\n[base]\nsuite = \"trixie\"\n", "TY1004", 2, 10, "[[mounts]]")]
    [InlineData("name = \"X y\"\n", "TY1005", 1, 8, "lower-case")]
    [InlineData("packages = []\n", "TY1006", 1, 1, "add it")]
    [InlineData("name = \"x\"\npackages = [\"bash\", \"numpy>=2\"]\n", "TY1008", 2, 21, "[python]")]
    [InlineData("name = \"x\"\npackages = [\"bash==5\"]\n", "TY1008", 2, 13, "\"bash=5\"")]
    [InlineData("name = \"x\"\npackages = [\"bash\", \"bash=5.2\"]\n", "TY1008", 2, 21, "remove one")]
    [InlineData("name = \"x\"\n[base]\nsuite = \"trixie\"\narchitecture = \"x86_64\"\n", "TY1005", 4, 16, "write \"amd64\"")]
    [InlineData("name = \"x\"\n[base]\nsuite = \"trixie\"\nsnapshot = \"2026-01-02\"\n", "TY1005", 4, 12, "20260102T030405Z")]
    [InlineData("name = \"x\"\n[base]\nsuite = \"trixie\"\nmirrors = [\"deb.debian.org\"]\n", "TY1005", 4, 12, "whole URL")]
    [InlineData(
        "name = \"x\"\n[base]\nsuite = \"trixie\"\nmirrors = [\"https://me:secret@mirror/debian\"]\n",
        "TY1005",
        4,
        12,
        "auth.conf"
    )]
    [InlineData("name = \"x\"\npackages = [\"tool_1_all.deb\"]\n", "TY1008", 2, 13, "\"./tool_1_all.deb\"")]
    [InlineData("name = \"x\"\npackages = [\"tool.deb\"]\n", "TY1008", 2, 13, "\"./tool.deb\"")]
    [InlineData("name = \"x\"\npackages = [\"https://x.example/t.deb\"]\n", "TY1008", 2, 13, "[[archives]]")]
    [InlineData("name = \"x\"\npackages = [\"~/t.deb\"]\n", "TY1008", 2, 13, "into the project")]
    [InlineData("name = \"x\"\npackages = [\"./t.deb\", \"./t.deb\"]\n", "TY1008", 2, 24, "remove one")]
    [InlineData(Smallest + "[python]\nbuild-packages = [\"./t.deb\"]\n", "TY1008", 5, 19, "among 'packages'")]
    [InlineData(Smallest + "[[archives]]\nsuite = \"s\"\n", "TY1006", 4, 3, "add")]
    [InlineData(Smallest + "[[mounts]]\nsource = \"a\"\ntarget = \"/a\"\n[[mounts]]\nsource = \"b\"\n", "TY1006", 8, 1, "target")]
    [InlineData(Smallest + "[[archives]]\nurl = \"https://a.example/\"\nsuite = \"s\"\n", "TY1006", 4, 3, "keys/example.asc")]
    [InlineData(Smallest + "[[archives]]\nurl = \"a.example\"\nsuite = \"s\"\nkey = \"k\"\n", "TY1005", 5, 7, "apt.example.com")]
    [InlineData(Smallest + "[[archives]]\nurl = \"https://a.example/?x=1\"\nsuite = \"s\"\nkey = \"k\"\n", "TY1005", 5, 7, "dists")]
    [InlineData(Smallest + "[[archives]]\nurl = \"https://u:p@a.example\"\nsuite = \"s\"\nkey = \"k\"\n", "TY1005", 5, 7, "${VARIABLE}")]
    [InlineData(Smallest + "[[archives]]\nurl = \"https://${HOST}/x\"\nsuite = \"s\"\nkey = \"k\"\n", "TY1042", 5, 7, "user:${VARIABLE}")]
    [InlineData(Smallest + "[[archives]]\nurl = \"https://${A}@b.example/${C}\"\nsuite = \"s\"\nkey = \"k\"\n", "TY1042", 5, 7, "host")]
    [InlineData(Smallest + "[[archives]]\nurl = \"https://a.example\"\nsuite = \"../s\"\nkey = \"k\"\n", "TY1005", 6, 9, "\"stable\"")]
    [InlineData(
        Smallest + "[[archives]]\nurl = \"https://a.example\"\nsuite = \"./\"\ncomponents = [\"main\"]\nkey = \"k\"\n",
        "TY1007",
        7,
        14,
        "remove 'components'"
    )]
    [InlineData(Smallest + "[[archives]]\nurl = \"https://a.example\"\nsuite = \"s\"\nkey = \"\"\n", "TY1005", 7, 7, "example.asc")]
    [InlineData(
        Smallest + "[[archives]]\nurl = \"https://a.example\"\nsuite = \"s\"\nkey = \"k\"\npackages = [\"a=1\"]\n",
        "TY1008",
        8,
        13,
        "example-*"
    )]
    [InlineData(
        Smallest
            + "[[archives]]\nurl = \"https://a.example\"\nsuite = \"s\"\nkey = \"k\"\n"
            + "[[archives]]\nurl = \"https://${T}@a.example/\"\nsuite = \"s\"\nkey = \"k\"\n",
        "TY1007",
        10,
        9,
        "remove the other"
    )]
    [InlineData(Smallest + "[[archives]]\nurl = \"https://a.example\"\nsuite = \"s\"\nkey = \"k\"\nmirror = 1\n", "TY1002", 8, 1, "url")]
    [InlineData(Smallest + "[services.ssh]\nport = 22\n", "TY1005", 5, 8, "from 1024")]
    [InlineData(Smallest + "[services.ssh]\nport = 70000\n", "TY1005", 5, 8, "0 to 65535")]
    [InlineData(Smallest + "[services.jupyter]\nlisten = \"localhost\"\n", "TY1005", 5, 10, "127.0.0.1")]
    [InlineData(Smallest + "[services.jupyter]\nport = 2222\n[services.ssh]\n", "TY1007", 6, 11, "another port")]
    [InlineData(Smallest + "[services.jupiter]\n", "TY1002", 4, 11, "'jupyter'")]
    [InlineData(Smallest + "[services.tensorbord]\nport = 6006\n", "TY1002", 4, 11, "'tensorboard'")]
    [InlineData(Smallest + "[services.api]\nport = 8000\n", "TY1006", 4, 11, "command = ")]
    [InlineData(Smallest + "[services.api]\ncommand = \" \"\n", "TY1005", 5, 11, "command = ")]
    [InlineData(Smallest + "[services.Api]\ncommand = \"a\"\n", "TY1005", 4, 11, "lower-case")]
    [InlineData(Smallest + "[services.api]\ncommand = \"a\"\nready = \"http\"\n", "TY1005", 6, 9, "port")]
    [InlineData(Smallest + "[services.api]\ncommand = \"a\"\nport = 8000\nready = \"http:x\"\n", "TY1005", 7, 9, "http:/path")]
    [InlineData(Smallest + "[services.api]\ncommand = \"a\"\nrestart = \"no\"\n", "TY1005", 6, 11, "never")]
    [InlineData(Smallest + "[services.api]\ncommand = \"a\"\nport = 6006\n[services.tensorboard]\n", "TY1007", 4, 11, "another port")]
    [InlineData(Smallest + "[environment]\npass = [\"A\", \"A?\"]\n", "TY1007", 5, 14, "remove")]
    [InlineData(Smallest + "[environment]\npass = [\"HF_TOKEN=hf_x\"]\n", "TY1005", 5, 9, "without its value")]
    [InlineData(Smallest + "[environment]\npass = [\"A\"]\nA = \"1\"\n", "TY1007", 6, 5, "pass")]
    [InlineData(Smallest + "[environment]\nTORCHYARD_SSH_LISTEN = \"0.0.0.0\"\n", "TY1005", 5, 24, "HF_HUB_OFFLINE")]
    [InlineData(Smallest + "[environment]\nA = 1\n", "TY1004", 5, 5, "quotes")]
    [InlineData(Smallest + "[caches]\nshared = [\"pipp\"]\n", "TY1005", 5, 11, "\"pip\"")]
    [InlineData(Smallest + "[[mounts]]\nsource = \"a\"\ntarget = \"data\"\n", "TY1005", 6, 10, "/data")]
    [InlineData(Smallest + "[[mounts]]\nsource = \"a\"\ntarget = \"/a/../etc\"\n", "TY1005", 6, 10, "without it")]
    [InlineData(Smallest + "[[mounts]]\nsource = \"a\"\ntarget = \"/proc/x\"\n", "TY1005", 6, 10, "/mnt/data")]
    [InlineData(
        Smallest + "[[mounts]]\nsource = \"a\"\ntarget = \"/d\"\n[[mounts]]\nsource = \"b\"\ntarget = \"/d/\"\n",
        "TY1007",
        9,
        10,
        "another target"
    )]
    [InlineData(Smallest + "[limits]\nmemory = \"lots\"\n", "TY1005", 5, 10, "8GiB")]
    [InlineData(Smallest + "[limits]\nmemory = \"0%\"\n", "TY1005", 5, 10, "percentage")]
    [InlineData(Smallest + "[limits]\nmemory = \"1MiB\"\n", "TY1005", 5, 10, "at least 16 MiB")]
    [InlineData(Smallest + "[limits]\nmemory = \"1GiB\"\nshared-memory = \"2GiB\"\n", "TY1007", 6, 17, "lower")]
    [InlineData(Smallest + "[limits]\ncpus = 0\n", "TY1005", 5, 8, "1.5")]
    [InlineData(Smallest + "[limits]\nidle-release = \"2\"\n", "TY1005", 5, 16, "90m")]
    [InlineData(Smallest + "[limits]\nidle-release = \"1s\"\n", "TY1005", 5, 16, "from 10s to 30d")]
    [InlineData(Smallest + "[image]\ncompression = \"xz\"\n", "TY1005", 5, 15, "zstd")]
    [InlineData(Smallest + "[image]\ncompression = \"gzip\"\nlevel = 12\n", "TY1005", 6, 9, "1 to 9")]
    [InlineData(Smallest + "[image.environment]\n\"1A\" = \"x\"\n", "TY1005", 4, 8, "letters")]
    [InlineData(Smallest + "[python]\npackages = [\"a\"]\npylock = \"pylock.toml\"\n", "TY1007", 6, 10, "keep 'pylock'")]
    [InlineData(Smallest + "<<<<<<< HEAD\n", "TY1001", 4, 1, "merge conflict")]
    public void A_mistake_is_named_with_place_and_cure(string text, string code, int line, int column, string cure)
    {
        var error = Assert.Throws<TorchyardException>(() => Read(text));
        Assert.Equal((code, line, column), (error.Code, error.Location!.Line, error.Location.Column));
        Assert.Contains(cure, error.Cure, StringComparison.Ordinal);
        Assert.Equal("r.toml", error.Location.File);
    }

    [Fact]
    public void Tables_may_be_written_inline_dotted_and_in_any_order()
    {
        var recipe = Read(
            """
            base.suite = "trixie"
            name = "x"
            mounts = [{ source = "a", target = "/a" }]
            [services.ssh]
            [services]
            jupyter = { port = 0 }
            """
        );
        Assert.Equal(2222, recipe.Services.Ssh!.Port);
        Assert.Equal(0, recipe.Services.Jupyter!.Port);
        Assert.Equal(new MountSetting("a", "/a"), Assert.Single(recipe.Mounts));
    }

    [Fact]
    public void A_service_that_torchyard_knows_is_switched_on_by_true_as_by_its_table()
    {
        var brief = Read(Smallest + "[services]\njupyter = true\nssh = true\ntensorboard = true\n").Services;
        var whole = Read(Smallest + "[services.jupyter]\n[services.ssh]\n[services.tensorboard]\n").Services;

        Assert.Equal((whole.Jupyter, whole.Ssh, whole.TensorBoard), (brief.Jupyter, brief.Ssh, brief.TensorBoard));
        Assert.NotNull(brief.TensorBoard);
        Assert.True(Read(Smallest + "[services]\ntensorboard = false\n").Services.IsEmpty);
    }

    [Fact]
    public void A_service_of_ones_own_is_read_with_its_defaults()
    {
        var service = Assert.Single(Read(Smallest + "[services.api]\ncommand = \"python3 a.py > log\"\nport = 8000\n").Services.Own);

        Assert.Equal(["/bin/sh", "-c", "python3 a.py > log"], service.Command);
        Assert.Equal((8000, "127.0.0.1", "/workspace", ServiceReady.Tcp), (service.Port, service.Listen, service.Directory, service.Ready));
        var silent = Read(Smallest + "[services.a]\ncommand = [\"x\"]\ndirectory = \"src\"\n").Services.Own[0];
        Assert.Equal((null, "/workspace/src", ServiceReady.Running), (silent.Port, silent.Directory, silent.Ready));
    }

    [Fact]
    public void TensorBoard_looks_at_the_runs_of_the_project()
    {
        Assert.Contains("--logdir=/workspace/runs", new TensorBoardSettings().Service.Command);
        Assert.Contains("--logdir=/data/out", new TensorBoardSettings(Logdir: "/data/out").Service.Command);
    }

    [Fact]
    public void The_environment_has_values_and_names_and_neither_is_in_the_text_of_a_lock()
    {
        var recipe = Read(
            Smallest + "[environment]\nHF_HUB_OFFLINE = \"1\"\npass = [\"WANDB_API_KEY\", \"HF_TOKEN?\"]\n[caches]\nshared = [\"pip\"]\n"
        );

        Assert.Equal("1", recipe.Environment.Variables["HF_HUB_OFFLINE"]);
        Assert.Equal([("WANDB_API_KEY", false), ("HF_TOKEN", true)], recipe.Environment.Pass.Select(one => (one.Name, one.Optional)));
        var written = Read(RecipeText.Write(recipe));
        Assert.Equal(recipe.Environment.Variables, written.Environment.Variables);
        Assert.Equal(recipe.Environment.Pass, written.Environment.Pass);
        Assert.Equal(recipe.Caches, written.Caches);
        Assert.DoesNotContain("HF_TOKEN", RecipeText.Write(recipe.OfImage()), StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_says_how_to_make_one()
    {
        var error = Assert.Throws<TorchyardException>(() => RecipeReader.ReadFile("/nowhere/torchyard.toml"));
        Assert.Equal("TY1009", error.Code);
        Assert.Contains("torchyard init", error.Cure, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_that_is_not_utf8_is_refused() =>
        Assert.Equal("TY1001", Assert.Throws<TorchyardException>(() => RecipeReader.Read([0x6e, 0xff], "r.toml")).Code);

    [Fact]
    public void Nesting_without_end_is_refused()
    {
        var error = Assert.Throws<TorchyardException>(() => Read("name = " + new string('[', 5000)));
        Assert.Equal("TY1001", error.Code);
    }

    [Fact]
    public void Home_and_relative_sources_of_mounts()
    {
        Assert.Equal("/home/u/data", new MountSetting("~/data", "/d").HostPath("/p", "/home/u"));
        Assert.Equal("/p/data", new MountSetting("./data", "/d").HostPath("/p", "/home/u"));
        Assert.Equal("/abs", new MountSetting("/abs", "/d").HostPath("/p", "/home/u"));
    }

    private static Recipe Read(string text) => RecipeReader.Read(Encoding.UTF8.GetBytes(text), "r.toml");
}
