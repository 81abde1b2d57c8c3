using System.Text;
using System.Text.Json;
using Torchyard.Images.Environments;
using Torchyard.Platform;
using Torchyard.Recipes;

namespace Torchyard.Images.Tests.Environments;

public sealed class EnvironmentFilesTests
{
    private static Recipe Recipe(params string[] packages) => new()
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

        Assert.DoesNotContain(entries, entry => entry.Path.Contains("sshd", StringComparison.Ordinal) || entry.Path.Contains("jupyter", StringComparison.Ordinal));
        Assert.Equal(0, Services(bare).GetArrayLength());
    }

    [Fact]
    public void A_virtual_environment_comes_first_in_the_search_path_and_for_jupyter()
    {
        var recipe = Recipe() with { Python = new PythonSettings { Packages = ["jupyterlab"] } };

        Assert.Contains("VIRTUAL_ENV=/opt/venv", ImageDefaults.For(recipe).Env);
        Assert.Contains(ImageDefaults.For(recipe).Env, variable => variable.StartsWith("PATH=/opt/venv/bin:/usr/local/sbin:", StringComparison.Ordinal));
        Assert.DoesNotContain(ImageDefaults.For(Recipe()).Env, variable => variable.Contains("venv", StringComparison.Ordinal));
        Assert.Equal("/opt/venv/bin/jupyter-lab", Services(recipe)[0].GetProperty("programs")[0].GetString());
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
