using System.Text;
using System.Text.Json;
using Torchyard.Images.Environments;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Settings;

namespace Torchyard.Images.Tests.Environments;

public sealed class EnvironmentFilesTests
{
    private static Recipe Recipe(params string[] packages) =>
        new()
        {
            Name = "work",
            Base = new DebianBase { Suite = "trixie" },
            Packages = packages,
            Services = new ServiceSettings { Jupyter = new JupyterSettings(Port: 9999), Ssh = new SshSettings(Listen: "0.0.0.0") },
            Mounts = [new MountSetting("data", "/data"), new MountSetting("more", "/data/more")],
        };

    [Fact]
    public void Directories_come_before_what_is_in_them_and_nothing_comes_twice()
    {
        var paths = EnvironmentFiles.For(Recipe(), new byte[] { 1 }).Select(entry => entry.Path).ToList();

        Assert.Equal(paths.Distinct().Order(StringComparer.Ordinal), paths);
        Assert.Contains("/data/more", paths);
        Assert.All(paths, path => Assert.True(Path.IsPathRooted(path)));
    }

    [Fact]
    public void Only_the_services_of_the_recipe_are_configured()
    {
        var bare = Recipe() with { Services = new ServiceSettings() };

        var entries = EnvironmentFiles.For(bare, new byte[] { 1 });

        Assert.DoesNotContain(entries, entry =>
            entry.Path.Contains("sshd", StringComparison.Ordinal) || entry.Path.Contains("jupyter", StringComparison.Ordinal)
        );
        Assert.Equal(0, Services(bare).GetArrayLength());
    }

    [Fact]
    public void Services_of_the_recipes_own_are_handed_to_the_supervisor_as_they_are_written()
    {
        var recipe = Recipe() with
        {
            Services = new ServiceSettings
            {
                TensorBoard = new TensorBoardSettings(),
                Own =
                [
                    new OwnService
                    {
                        Name = "api",
                        Command = ["python3", "serve.py", "${port}"],
                        Port = 8000,
                        Environment = new Dictionary<string, string> { ["B"] = "${port}", ["A"] = "1" },
                        Ready = ServiceReady.Http,
                        ReadyPath = "/health",
                        Restart = ServiceRestart.OnFailure,
                    },
                    new OwnService
                    {
                        Name = "mute",
                        Command = ["sleep", "1"],
                        Restart = ServiceRestart.Never,
                    },
                ],
            },
        };

        var services = Services(recipe).EnumerateArray().ToList();

        Assert.Equal(["tensorboard", "api", "mute"], services.Select(service => service.GetProperty("name").GetString()));
        Assert.Equal("/opt/project/bin/tensorboard", services[0].GetProperty("programs")[0].GetString());
        Assert.Equal(6006, services[0].GetProperty("port").GetInt32());
        Assert.Equal("""{"A":"1","B":"${port}"}""", JsonSerializer.Serialize(services[1].GetProperty("environment")));
        Assert.Equal("/health", services[1].GetProperty("ready").GetProperty("path").GetString());
        Assert.Equal("on-failure", services[1].GetProperty("restart").GetProperty("policy").GetString());
        Assert.False(services[2].TryGetProperty("port", out _));
        Assert.Equal("none", services[2].GetProperty("ready").GetProperty("kind").GetString());
        Assert.Contains("6006/tcp", ImageDefaults.For(recipe).ExposedPorts);
    }

    [Fact]
    public void A_virtual_environment_comes_first_in_the_search_path_and_for_jupyter()
    {
        var recipe = Recipe() with { Python = new PythonSettings { Packages = ["jupyterlab"] } };

        Assert.Contains("VIRTUAL_ENV=/opt/venv", ImageDefaults.For(recipe).Env);
        Assert.Contains(ImageDefaults.For(recipe).Env, variable =>
            variable.StartsWith("PATH=/opt/venv/bin:/usr/local/sbin:", StringComparison.Ordinal)
        );
        Assert.DoesNotContain(ImageDefaults.For(Recipe()).Env, variable => variable.Contains("venv", StringComparison.Ordinal));
        Assert.Equal("/opt/venv/bin/jupyter-lab", Services(recipe)[0].GetProperty("programs")[0].GetString());
    }

    [Fact]
    public void The_projects_python_is_above_the_image_and_comes_first_everywhere()
    {
        var recipe = Recipe() with { Python = new PythonSettings { Packages = ["jupyterlab"] } };
        var python = new ProjectPython("3.13");

        var entries = EnvironmentFiles
            .For(recipe, new byte[] { 1 }, python: python)
            .ToDictionary(entry => entry.Path, StringComparer.Ordinal);

        Assert.Equal("/usr/bin/python3.13", entries["/opt/project/bin/python3"].LinkTarget);
        Assert.Equal("python3", entries["/opt/project/bin/python"].LinkTarget);
        Assert.True(entries["/opt/project/lib/python3.13/site-packages"].IsDirectory);
        Assert.All(entries.Values.Where(entry => entry.Path.StartsWith("/opt/project", StringComparison.Ordinal)), entry =>
            Assert.Equal(1000, entry.Uid)
        );
        Assert.Contains("include-system-site-packages = true\n", Content("/opt/project/pyvenv.cfg"), StringComparison.Ordinal);
        Assert.Contains(
            "\"/opt/project/bin/python3\", \"-m\", \"ipykernel_launcher\"",
            Content("/usr/lib/torchyard/jupyter/kernels/python3/kernel.json"),
            StringComparison.Ordinal
        );
        Assert.StartsWith(
            "PATH=/opt/project/bin:/opt/venv/bin:/usr/local/sbin:",
            Content("/etc/environment").Split('\n').Single(line => line.StartsWith("PATH=", StringComparison.Ordinal)),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "PATH=${TORCHYARD_PATH:-'/opt/project/bin:/opt/venv/bin:/usr/local/sbin:",
            Content("/etc/profile.d/torchyard.sh"),
            StringComparison.Ordinal
        );
        Assert.Contains(ImageDefaults.For(recipe, python: python).Env, variable =>
            variable.StartsWith("PATH=/opt/project/bin:/opt/venv/bin:", StringComparison.Ordinal)
        );
        Assert.Contains("VIRTUAL_ENV=/opt/project", ImageDefaults.For(recipe, python: python).Env);
        Assert.Equal(
            "/opt/project/bin/jupyter-lab",
            JsonDocument
                .Parse(Content(EnvironmentFiles.ServicesPath))
                .RootElement.GetProperty("services")[0]
                .GetProperty("programs")[0]
                .GetString()
        );

        string Content(string path) => Encoding.UTF8.GetString(entries[path].Content!.Value.Span);
    }

    [Fact]
    public void No_directory_of_an_image_takes_its_mode_from_the_umask()
    {
        // What Debian's packages make; every other directory must be named.
        string[] debian =
        [
            "/",
            "/etc",
            "/etc/profile.d",
            "/usr",
            "/usr/lib",
            "/usr/local",
            "/usr/local/bin",
            "/usr/local/lib",
            "/opt",
            "/home",
            "/run",
            "/var/lib",
            "/var/log",
            "/var",
        ];
        var entries = EnvironmentFiles.For(Recipe(), new byte[] { 1 }, python: new ProjectPython("3.13"));

        var made = entries.Where(entry => entry.IsDirectory).Select(entry => entry.Path).Concat(debian).ToHashSet(StringComparer.Ordinal);

        Assert.All(entries, entry => Assert.Contains(Path.GetDirectoryName(entry.Path)!, made));
    }

    [Fact]
    public void A_value_of_a_recipe_cannot_become_a_command_of_a_login()
    {
        var recipe = Recipe() with
        {
            Image = new ImageSettings
            {
                Environment = new Dictionary<string, string> { ["ODD"] = "it's $(touch /x)", ["not a name"] = "1" },
            },
        };

        var profile = Encoding.UTF8.GetString(
            EnvironmentFiles.For(recipe, new byte[] { 1 }).Single(entry => entry.Path == "/etc/profile.d/torchyard.sh").Content!.Value.Span
        );

        Assert.Contains("[ -n \"${ODD+set}\" ] || export ODD='it'\\''s $(touch /x)'\n", profile, StringComparison.Ordinal);
        Assert.DoesNotContain("not a name", profile, StringComparison.Ordinal);
    }

    [Fact]
    public void Ports_and_addresses_come_from_the_recipe()
    {
        var services = Services(Recipe());

        Assert.Equal(9999, services[0].GetProperty("port").GetInt32());
        Assert.Equal("0.0.0.0", services[1].GetProperty("listen").GetString());
        Assert.Equal(["2222/tcp", "9999/tcp"], ImageDefaults.For(Recipe()).ExposedPorts);
    }

    [Fact]
    public void The_account_is_added_once()
    {
        var before = new AccountFiles("root:x:0:0::/root:/bin/bash", "root:x:0:\n", "root:*:1::::::\n", null);

        var once = TrainerAccount.AddTo(before);

        Assert.Equal(once, TrainerAccount.AddTo(once));
        Assert.Equal("root:x:0:0::/root:/bin/bash\ntrainer:x:1000:1000:,,,:/home/trainer:/bin/bash\n", once.Passwd);
        Assert.StartsWith("root:*:1::::::\ntrainer:*:", once.Shadow, StringComparison.Ordinal);
        Assert.Null(once.Gshadow);
    }

    [Theory]
    [InlineData("other:x:1000:1000::/:/bin/sh\n")]
    [InlineData("trainer:x:1001:1001::/:/bin/sh\n")]
    public void An_account_of_another_with_its_name_or_id_is_an_error(string passwd) =>
        Assert.Equal("TY4801", Assert.Throws<TorchyardException>(() => TrainerAccount.AddTo(new AccountFiles(passwd, "", "", ""))).Code);

    [Fact]
    public void Another_supervisor_than_the_locked_one_is_refused()
    {
        var program = new SupervisorProgram(new byte[] { 1 }, Digest.Of([1]));

        program.Require(Digest.Of([1]));
        Assert.Equal("TY4803", Assert.Throws<TorchyardException>(() => program.Require(Digest.Of([2]))).Code);
    }

    private static JsonElement Services(Recipe recipe)
    {
        var file = EnvironmentFiles.For(recipe, new byte[] { 1 }).Single(entry => entry.Path == EnvironmentFiles.ServicesPath);
        return JsonDocument.Parse(Encoding.UTF8.GetString(file.Content!.Value.Span)).RootElement.GetProperty("services");
    }
}
