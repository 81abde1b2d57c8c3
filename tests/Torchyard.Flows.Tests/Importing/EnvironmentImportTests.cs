using System.Text;
using Torchyard.Containers.Requests;
using Torchyard.Flows.Importing;
using Torchyard.Flows.Starting;
using Torchyard.Flows.Tests.Hosts;
using Torchyard.Flows.Tests.Starting;
using Torchyard.Recipes.Drafts;
using Torchyard.Recipes.Reading;
using Torchyard.Recipes.Settings;
using Torchyard.Recipes.Sources;

namespace Torchyard.Flows.Tests.Importing;

/// <summary>A running environment as a recipe: every setting is taken over, or named.</summary>
public sealed class EnvironmentImportTests : IDisposable
{
    private const string Everything = """
        name = "work"
        packages = ["python3", "python3-venv", "htop"]
        recommends = true
        [base]
        suite = "bookworm"
        components = ["main", "contrib"]
        extra-suites = ["bookworm-updates"]
        security = false
        snapshot = "20260102T030405Z"
        [python]
        packages = ["einops==0.8.1", "./dist/x-1.0-py3-none-any.whl"]
        requirements = ["requirements.txt"]
        constraints = ["constraints.txt"]
        extra-indexes = ["https://index.example/simple"]
        find-links = ["links"]
        only-binary = [":all:"]
        build-packages = ["gcc"]
        [fit]
        gpus = ["h100"]
        [cudnn]
        accept-license = true
        [services.jupyter]
        port = 9999
        [services.api]
        command = ["python", "api.py"]
        port = 8000
        [environment]
        pass = ["HF_TOKEN?"]
        HF_HUB_OFFLINE = "1"
        API_KEY = "s3cret"
        [caches]
        shared = ["pip"]
        [[mounts]]
        source = "~/data"
        target = "/data"
        read-only = true
        [limits]
        memory = "50%"
        cpus = 2
        [image]
        tag = "mine"
        [image.environment]
        A = "b"
        [image.labels]
        who = "me"
        """;

    private readonly TestHost _test = new();

    public void Dispose() => _test.Dispose();

    [Fact]
    public void The_recipe_of_an_image_is_taken_over_in_its_project()
    {
        var recipe = Read(Everything);
        var import = New();

        EnvironmentImport.AddRecipe(import, "work", recipe, _test.Project);

        var draft = Read(import.Draft.Write());
        // Mounts are those of the container.
        Assert.Empty(RecipeDifferences.Between(recipe with { Mounts = [] }, draft));
        Assert.Equal(recipe.Services.Ports, draft.Services.Ports);
        Assert.Empty(import.Gaps);
    }

    [Fact]
    public void Elsewhere_its_files_are_named_as_what_has_to_be_copied()
    {
        var import = New();

        EnvironmentImport.AddRecipe(import, "work", Read(Everything), "/their/project");

        Assert.Equal(
            ["./dist/x-1.0-py3-none-any.whl", "requirements.txt", "constraints.txt", "links"],
            import.Gaps.Select(gap => gap.Text)
        );
        Assert.All(import.Gaps, gap => Assert.Contains("/their/project", gap.Why, StringComparison.Ordinal));
        Assert.Equal(["einops==0.8.1"], Read(import.Draft.Write()).Python!.Packages);
    }

    [Fact]
    public void What_it_was_started_with_is_taken_over_or_named()
    {
        var data = Directory.CreateDirectory(Path.Combine(_test.Directory, "home", "data")).FullName;
        using var running = new RunningEnvironment(
            _test,
            new Dictionary<string, string> { [EnvironmentLabels.GivenVariables] = "GIVEN", [EnvironmentLabels.Gpus] = "2" },
            [
                Mount(MountKind.Bind, data, "/data") with
                {
                    ReadOnly = true,
                },
                Mount(MountKind.Bind, Path.Combine(_test.Project, "runs"), "/runs"),
                Mount(MountKind.Bind, "/srv/models", "/models"),
                Mount(MountKind.Bind, "/srv/devices", "/dev/more"),
                Mount(MountKind.Volume, "kept", "/kept"),
                Mount(MountKind.Bind, "/store/caches/pip", "/var/cache/torchyard/pip"),
                Mount(MountKind.Bind, _test.Project, "/workspace"),
            ]
        );
        var record = running.Record with
        {
            AskedLimits = new ContainerLimits { Memory = 8L << 30, CpusetCpus = "0-3" },
            Ports = [new PortMapping("127.0.0.1", 8080, 80)],
            Network = NetworkMode.Private,
        };
        var import = New();

        RunningImport.Add(import, _test.Host, record, Read(Everything));

        var recipe = Read(import.Draft.Write());
        Assert.Equal([new("~/data", "/data", ReadOnly: true), new("./runs", "/runs"), new("/srv/models", "/models")], recipe.Mounts);
        Assert.Equal(new LimitSettings { Memory = 8L << 30, Gpus = "2" }, recipe.Limits);
        Assert.Equal(["pip"], recipe.Caches.Select(cache => cache.Name));
        Assert.Equal("1", recipe.Environment.Variables["HF_HUB_OFFLINE"]);
        Assert.Equal("HF_TOKEN?", Assert.Single(recipe.Environment.Pass).Text);
        Assert.Equal(
            [
                "--cpuset-cpus 0-3",
                "/srv/devices at /dev/more",
                "volume kept at /kept",
                "API_KEY",
                "-e GIVEN",
                "port 127.0.0.1:8080->80/tcp",
                "--network private",
            ],
            import.Gaps.Select(gap => gap.Text)
        );
        Assert.DoesNotContain("s3cret", import.Draft.Write(), StringComparison.Ordinal);
    }

    private Import New() =>
        new(new RecipeDraft { Name = "work", Origin = "the environment work" }, new ProjectFiles(_test.Project), _test.Project);

    private static MountRequest Mount(MountKind kind, string source, string target) =>
        new()
        {
            Kind = kind,
            Source = source,
            Target = target,
        };

    private static Recipe Read(string text) => RecipeReader.Read(Encoding.UTF8.GetBytes(text), "torchyard.toml");
}
