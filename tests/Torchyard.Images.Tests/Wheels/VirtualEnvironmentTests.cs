using System.Diagnostics;
using Torchyard.Images.Layers;
using Torchyard.Images.Oci;
using Torchyard.Images.Python;
using Torchyard.Images.Sandbox;
using Torchyard.Images.Tests.Building;
using Torchyard.Packages.Python.Fetch;
using Torchyard.Packages.Python.Indexes;
using Torchyard.Packages.Python.Requirements;
using Torchyard.Packages.Python.Resolving;
using Torchyard.Packages.Python.Settings;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Reporting;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;
using Torchyard.Testing.Loopback;
using Torchyard.Testing.Python;

namespace Torchyard.Images.Tests.Wheels;

/// <summary>From requirements to a working environment on a real base system. Needs root and Debian's archive.</summary>
public sealed class VirtualEnvironmentTests(PythonSystem system) : IClassFixture<PythonSystem>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Pip_of_the_base_resolves_the_layers_are_made_and_pip_inside_is_content()
    {
        var root = RequireRoot();
        await using var index = Index();
        using var one = new TemporaryStore();
        using var other = new TemporaryStore();

        var locked = await LockAsync(one, root, index);
        Assert.Equal([("app", "1.0"), ("lib", "1.5")], locked.Packages.Select(p => (p.Name, p.Version)));
        Assert.Equal("3.13", locked.Interpreter);

        var first = await BuildAsync(one, root, index, locked, "a");
        var second = await BuildAsync(other, root, index, locked, "a");
        Assert.Equal(first.Layers.Select(l => l.Layer.Layer), second.Layers.Select(l => l.Layer.Layer));

        var lower = first.Layers.Select(l => l.Root).Reverse().Concat(root).ToList();
        var run = Path.Combine(one.Paths.Root, "run");
        async Task<string> Run(params string[] arguments)
        {
            var result = await Sandboxed(lower, run, arguments);
            Assert.True(result.ExitCode == 0, $"{string.Join(' ', arguments)}: {result.ExitCode}\n{result.Tail}");
            return result.Tail.Trim();
        }

        Assert.Equal("hello from lib 5", await Run("/opt/venv/bin/app-run"));
        Assert.Equal("No broken requirements found.", await Run("/opt/venv/bin/pip", "check", "--disable-pip-version-check"));
        var list = await Run("/opt/venv/bin/pip", "list", "--format=freeze", "--disable-pip-version-check");
        Assert.Equal(
            ["app==1.0", "lib==1.5", "pip"],
            list.Split('\n')
                .Where(l => l.Contains("==", StringComparison.Ordinal))
                .Select(l => l.StartsWith("pip==", StringComparison.Ordinal) ? "pip" : l)
        );
        Assert.Equal("/opt/venv", await Run("/opt/venv/bin/python", "-c", "import sys, lib; print(sys.prefix)"));
        // The bytecode is used: with the source gone from sight, the import still comes from the cache file.
        Assert.Contains(
            "__pycache__/__init__.cpython-313.pyc",
            await Run("/opt/venv/bin/python", "-c", "import lib; print(lib.__cached__)"),
            StringComparison.Ordinal
        );
        Assert.Equal("1000 1000", await Run("/usr/bin/stat", "-c", "%u %g", "/opt/venv/lib/python3.13/site-packages"));
        Assert.Contains(
            "Successfully uninstalled app-1.0",
            await Run("/opt/venv/bin/pip", "uninstall", "-y", "app", "--disable-pip-version-check"),
            StringComparison.Ordinal
        );
        Assert.Equal("", await Run("/usr/bin/find", "/opt/venv", "-name", "app-*", "-o", "-path", "*/site-packages/app"));
        Assert.Equal("ok", await Run("/bin/sh", "-c", ". /opt/venv/bin/activate && test \"$VIRTUAL_ENV\" = /opt/venv && echo ok"));
    }

    [Fact]
    public async Task Changing_one_package_keeps_the_layers_of_the_others()
    {
        var root = RequireRoot();
        await using var index = Index();
        using var store = new TemporaryStore();
        var locked = await LockAsync(store, root, index);
        var first = await BuildAsync(store, root, index, locked, "a");
        foreach (var layer in first.Layers.Where(l => !l.IsCached))
        {
            first.Cache.Add(layer.Key, layer.Layer.Layer, layer.Root);
        }

        var again = await BuildAsync(store, root, index, locked, "b");
        Assert.All(again.Layers, l => Assert.True(l.IsCached));
    }

    private IReadOnlyList<string> RequireRoot()
    {
        Assert.SkipWhen(system.SkipReason is not null, system.SkipReason ?? "");
        return system.Layers;
    }

    private static TestIndex Index()
    {
        var app = new TestWheel("app", "1.0") { EntryPoints = "[console_scripts]\napp-run = app.cli:main\n" }
            .Add("app/__init__.py", "")
            .Add("app/cli.py", "import lib\ndef main():\n    print('hello from lib', lib.five())\n");
        app.Requires.Add("lib<2");
        return new TestIndex()
            .Add(app, "app")
            .Add(
                new TestWheel("lib", "1.5", "py3-none-manylinux_2_17_x86_64") { Purelib = false }
                    .Add("lib/__init__.py", "def five():\n    return 5\n")
                    .Add("lib/bad.py", "this is { no python\n"),
                "lib"
            )
            .Add(new TestWheel("lib", "2.0"), "lib");
    }

    private static async Task<LockedPython> LockAsync(TemporaryStore store, IReadOnlyList<string> root, TestIndex index)
    {
        using var transport = new IndexTransport(new PipSettings { Retries = 0 }, IndexCredentials.None());
        var set = RecipeRequirements.Read(new PythonSettings { Packages = ["app"] }, store.Paths.Root, _ => null);
        var pip = new SandboxPip(store.Paths, new ChrootSandbox(), root);
        var resolver = new PythonResolver(Indexes(transport, index), new WheelCache(store.Paths, transport), pip, SilentProgress.Instance);
        return (await resolver.ResolveAsync(set, new ResolveOptions(), Cancellation)).Locked;
    }

    private static async Task<(IReadOnlyList<MadeLayer> Layers, LayerCache Cache)> BuildAsync(
        TemporaryStore store,
        IReadOnlyList<string> root,
        TestIndex index,
        LockedPython locked,
        string name
    )
    {
        using var transport = new IndexTransport(new PipSettings { Retries = 0 }, IndexCredentials.None());
        var fetcher = new WheelFetcher(
            new WheelCache(store.Paths, transport),
            new SimpleIndexClient(transport),
            [index.Root],
            store.Paths.Root,
            SilentProgress.Instance
        );
        var files = fetcher.Fetch(locked, Cancellation);
        var layout = new OciLayout(store.Paths);
        layout.Initialise();
        var cache = new LayerCache(store.Paths, layout);
        var python = new PythonLayers(
            layout,
            cache,
            new Packing(new ImageSettings(), "test"),
            Path.Combine(store.Paths.Root, "build-" + name)
        );
        var wheels = await python.MakeAsync(locked, [], files, SilentProgress.Instance, Cancellation);
        var lower = wheels.Select(l => l.Root).Reverse().Concat(root).ToList();
        var last = await python.FinishAsync(locked, Digest.Of("base"u8), lower, new ChrootSandbox(), Cancellation);
        return ([.. wheels, last], cache);
    }

    private static async Task<SandboxResult> Sandboxed(List<string> lower, string directory, string[] arguments)
    {
        if (Directory.Exists(Path.Combine(directory, "work")))
        {
            await Process.Start("rm", ["-rf", Path.Combine(directory, "work")]).WaitForExitAsync(Cancellation);
        }

        Directory.CreateDirectory(Path.Combine(directory, "upper"));
        Directory.CreateDirectory(Path.Combine(directory, "work"));
        return await new ChrootSandbox().RunAsync(
            new SandboxRequest
            {
                Lower = lower,
                Upper = Path.Combine(directory, "upper"),
                Work = Path.Combine(directory, "work"),
                Arguments = arguments,
                Environment = new Dictionary<string, string>
                {
                    ["PATH"] = "/opt/venv/bin:/usr/bin:/bin",
                    ["HOME"] = "/root",
                    ["LC_ALL"] = "C.UTF-8",
                },
            },
            Cancellation
        );
    }

    private static PythonIndexes Indexes(IndexTransport transport, TestIndex index) =>
        new(new SimpleIndexClient(transport), [new PythonIndex("i", index.Root, index.Root.AbsoluteUri)], []);
}
