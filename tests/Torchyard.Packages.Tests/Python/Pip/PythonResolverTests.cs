using Torchyard.Packages.Python.Fetch;
using Torchyard.Packages.Python.Indexes;
using Torchyard.Packages.Python.Names;
using Torchyard.Packages.Python.Pip;
using Torchyard.Packages.Python.Requirements;
using Torchyard.Packages.Python.Resolving;
using Torchyard.Packages.Python.Settings;
using Torchyard.Packages.Python.Versions;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Reporting;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;
using Torchyard.Testing.Loopback;
using Torchyard.Testing.Python;

namespace Torchyard.Packages.Tests.Python.Pip;

public sealed class PythonResolverTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Pip_resolves_through_the_loopback_index_and_the_lock_names_hashes_that_hold_on_any_mirror()
    {
        var app = new TestWheel("app", "1.0");
        app.Requires.AddRange(["lib[fast]>=1", "other; python_version < '3'"]);
        var lib = new TestWheel("lib", "1.5");
        lib.Requires.Add("speedup==2.*; extra == 'fast'");
        lib.Extras.AddRange(["fast", "slow"]);
        lib.Requires.Add("unused; extra == 'slow'");
        await using var first = new TestIndex { Metadata = false }
            .Add(lib, "lib")
            .Add(new TestWheel("lib", "2.0rc1"), "lib");
        await using var second = new TestIndex { Html = true, Hashes = false }
            .Add(app, "app")
            .Add(new TestWheel("lib", "9.0"), "lib")
            .Add(new TestWheel("speedup", "2.1"), "speedup")
            .Add(new TestWheel("speedup", "3"), "speedup");

        var locked = await ResolveAsync(["app"], [], first, second);

        Assert.Equal([("app", "1.0"), ("lib", "1.5"), ("speedup", "2.1")], locked.Packages.Select(p => (p.Name, p.Version)));
        Assert.Equal(["i1", "i0", "i1"], locked.Packages.Select(p => p.Index));
        Assert.Equal(["lib"], locked.Packages[0].Requires);
        Assert.Equal(["speedup"], locked.Packages[1].Requires);
        Assert.Equal(["fast"], locked.Packages[1].Extras);
        Assert.Equal([true, false, false], locked.Packages.Select(p => p.Requested));
        Assert.Equal(Digest.Of(app.Build()), locked.Packages[0].Sha256);
        Assert.Equal(lib.Build().Length, locked.Packages[1].Size);
        Assert.Equal([first.Root.AbsoluteUri, second.Root.AbsoluteUri], locked.Indexes.Select(i => i.Url));
        Assert.StartsWith("pip ", locked.Resolver, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Constraints_of_the_fit_bind_pip()
    {
        await using var server = new TestIndex().Add(new TestWheel("lib", "1.5"), "lib").Add(new TestWheel("lib", "2.0"), "lib");
        var locked = await ResolveAsync(["lib"], ["lib<2"], server);
        Assert.Equal("1.5", Assert.Single(locked.Packages).Version);
    }

    [Fact]
    public async Task What_was_locked_keeps_its_version_until_something_contradicts_it()
    {
        var app = new TestWheel("app", "2.0");
        app.Requires.Add("lib>=2");
        var other = new TestWheel("other", "1.0");
        other.Requires.Add("side");
        await using var server = new TestIndex()
            .Add(new TestWheel("app", "1.0"), "app")
            .Add(app, "app")
            .Add(other, "other")
            .Add(new TestWheel("lib", "1.0"), "lib")
            .Add(new TestWheel("lib", "2.0"), "lib")
            .Add(new TestWheel("side", "1"), "side")
            .Add(new TestWheel("side", "2"), "side");
        using var work = new TemporaryDirectory();
        var before = await ResolveAsync(["app==1.0", "lib==1.0", "side==1"], [], work, [], server);

        var added = await ResolveAsync(["app", "lib", "other"], [], work, [], before.Packages, server);
        Assert.Equal(["app 1.0", "lib 1.0", "other 1.0", "side 1"], added.Packages.Select(p => $"{p.Name} {p.Version}"));

        var raised = await ResolveAsync(["app==2.0", "lib", "side"], [], work, [], before.Packages, server);
        Assert.Equal(["app 2.0", "lib 2.0", "side 1"], raised.Packages.Select(p => $"{p.Name} {p.Version}"));

        var upgraded = await ResolveAsync(
            ["app==1.0", "lib", "side"],
            [],
            work,
            [],
            [.. before.Packages.Where(p => p.Name != "side")],
            server
        );
        Assert.Equal(["app 1.0", "lib 1.0", "side 2"], upgraded.Packages.Select(p => $"{p.Name} {p.Version}"));
    }

    [Fact]
    public async Task Versions_are_not_let_go_because_pip_itself_failed()
    {
        await using var server = new TestIndex().Add(new TestWheel("app", "1.0"), "app").Add(new TestWheel("app", "2.0"), "app");
        using var work = new TemporaryDirectory();
        var before = await ResolveAsync(["app==1.0"], [], work, [], server);
        using var transport = new IndexTransport(new PipSettings { Retries = 0 }, IndexCredentials.None());
        var pip = new ScriptedPip(
            "Collecting app\nERROR: Could not install packages due to an OSError: [Errno 24] Too many open files: 'app'\n"
        );
        var resolver = new PythonResolver(
            Indexes(transport, [], server),
            new WheelCache(new StorePaths(Path.Combine(work.Path, "store")), transport),
            pip,
            SilentProgress.Instance
        );
        var error = await Assert.ThrowsAsync<TorchyardException>(() =>
            resolver.ResolveAsync(
                RecipeRequirements.Read(new PythonSettings { Packages = ["app"] }, work.Path, _ => null),
                new ResolveOptions { Keep = before.Packages },
                Cancellation
            )
        );
        Assert.Equal("TY2509", error.Code);
        Assert.Contains("Too many open files", error.Message, StringComparison.Ordinal);
        Assert.Equal(["app==1.0\n"], pip.Constraints);
    }

    [Fact]
    public async Task A_wheel_for_another_interpreter_is_refused_with_the_reason()
    {
        await using var server = new TestIndex().Add(new TestWheel("demo", "1.0", "cp27-cp27m-win32"), "demo");
        var error = await Assert.ThrowsAsync<TorchyardException>(() => ResolveAsync(["demo"], [], server));
        Assert.Equal("TY2513", error.Code);
        Assert.Contains("demo-1.0-cp27-cp27m-win32.whl", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_project_that_nobody_has_is_named_with_the_indexes_asked()
    {
        await using var server = new TestIndex();
        var error = await Assert.ThrowsAsync<TorchyardException>(() => ResolveAsync(["nowhere"], [], server));
        Assert.Equal("TY2507", error.Code);
        Assert.Contains(server.Root.AbsoluteUri, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Requirements_that_collide_are_told_in_pips_words()
    {
        var one = new TestWheel("one", "1");
        one.Requires.Add("shared<2");
        var two = new TestWheel("two", "1");
        two.Requires.Add("shared>=2");
        await using var server = new TestIndex()
            .Add(one, "one")
            .Add(two, "two")
            .Add(new TestWheel("shared", "1"), "shared")
            .Add(new TestWheel("shared", "2"), "shared");
        var error = await Assert.ThrowsAsync<TorchyardException>(() => ResolveAsync(["one", "two"], [], server));
        Assert.Equal("TY2509", error.Code);
        Assert.Contains("conflict", error.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Local_wheels_urls_and_find_links_come_into_the_lock()
    {
        await using var server = new TestIndex().Add(new TestWheel("remote", "3"), "remote");
        using var work = new TemporaryDirectory();
        new TestWheel("local", "1").WriteTo(Path.Combine(work.Path, "dist"));
        new TestWheel("linked", "2").WriteTo(Path.Combine(work.Path, "links"));
        var url = new Uri(server.Root, "../files/remote-3-py3-none-any.whl").AbsoluteUri;
        var locked = await ResolveAsync(["./dist/local-1-py3-none-any.whl", $"remote @ {url}", "linked"], [], work, ["links"], server);
        Assert.Equal(["linked", "local", "remote"], locked.Packages.Select(p => p.Name));
        Assert.Equal(["links/linked-2-py3-none-any.whl", "./dist/local-1-py3-none-any.whl", null], locked.Packages.Select(p => p.Path));
        Assert.Equal([null, null, url], locked.Packages.Select(p => p.Url));
        Assert.Equal([null, null, null], locked.Packages.Select(p => p.Index));
    }

    [Fact]
    public async Task An_index_that_fails_is_named_and_not_pips_follow_up()
    {
        await using var server = new TestIndex { Credential = "u:p" };
        var error = await Assert.ThrowsAsync<TorchyardException>(() => ResolveAsync(["demo"], [], server));
        Assert.Equal("TY2504", error.Code);
    }

    [Fact]
    public async Task Hash_pinned_requirements_are_taken_as_they_are()
    {
        var plain = new TestWheel("demo", "1.0");
        plain.Requires.Add("lib");
        var native = new TestWheel("demo", "1.0", "cp313-cp313-manylinux_2_28_x86_64");
        native.Requires.Add("lib");
        var foreign = new TestWheel("demo", "1.0", "cp312-cp312-manylinux_2_28_x86_64");
        var lib = new TestWheel("lib", "2");
        await using var server = new TestIndex().Add(plain, "demo").Add(native, "demo").Add(foreign, "demo").Add(lib, "lib");
        using var work = new TemporaryDirectory();
        work.Write(
            "pinned.txt",
            string.Join(
                '\n',
                $"demo==1.0 {string.Join(' ', new[] { plain, native, foreign }.Select(w => "--hash=sha256:" + Digest.Of(w.Build()).Hex))}",
                $"lib==2 --hash=sha256:{Digest.Of(lib.Build()).Hex}"
            )
        );
        using var transport = new IndexTransport(new PipSettings { Retries = 0 }, IndexCredentials.None());
        var set = RecipeRequirements.Read(new PythonSettings { Requirements = ["pinned.txt"] }, work.Path, _ => null);
        Assert.True(set.IsPinned);

        var resolver = new PinnedResolver(Indexes(transport, [], server), SilentProgress.Instance);
        var locked = (await resolver.ResolveAsync(set, new InterpreterTarget(13, 41), PythonVersion.Parse("3.13.5"), Cancellation)).Locked;

        Assert.Equal([native.FileName, lib.FileName], locked.Packages.Select(p => p.Filename));
        Assert.Equal(["lib"], locked.Packages[0].Requires);

        work.Write("pinned.txt", $"lib==2 --hash=sha256:{new string('0', 64)}");
        set = RecipeRequirements.Read(new PythonSettings { Requirements = ["pinned.txt"] }, work.Path, _ => null);
        var error = await Assert.ThrowsAsync<TorchyardException>(() =>
            resolver.ResolveAsync(set, new InterpreterTarget(13, 41), PythonVersion.Parse("3.13.5"), Cancellation)
        );
        Assert.Equal("TY2508", error.Code);
    }

    private static async Task<LockedPython> ResolveAsync(RequirementSet set, TemporaryDirectory work, params TestIndex[] servers)
    {
        var pip = await HostPip.RequireAsync(Directory.CreateDirectory(Path.Combine(work.Path, "pip")).FullName);
        using var transport = new IndexTransport(new PipSettings { Retries = 0 }, IndexCredentials.None());
        var indexes = new PythonIndexes(
            new SimpleIndexClient(transport),
            [.. servers.Select((s, i) => new PythonIndex($"i{i}", s.Root, s.Root.AbsoluteUri))],
            set.FindLinks
        )
        {
            FindLinkPages = set.FindLinkPages,
            Project = set.Project,
        };
        var resolver = new PythonResolver(
            indexes,
            new WheelCache(new StorePaths(Path.Combine(work.Path, "store")), transport),
            pip,
            SilentProgress.Instance
        );
        var options = new ResolveOptions
        {
            Environment = Torchyard.Packages.Python.Markers.MarkerEnvironment.CPythonOnLinux(PythonVersion.Parse("3.11.2")),
        };
        return (await resolver.ResolveAsync(set, options, Cancellation)).Locked;
    }

    private static RequirementSet Written(TemporaryDirectory work, string requirements, string? project = null)
    {
        work.Write("requirements.txt", requirements);
        if (project is not null)
        {
            work.Write("pyproject.toml", project);
        }

        return RecipeRequirements.Read(
            new PythonSettings
            {
                Requirements = ["requirements.txt"],
                Pyproject = project is null ? null : "pyproject.toml",
                PyprojectExtras = project is null ? [] : ["all"],
            },
            work.Path,
            _ => null
        );
    }

    [Fact]
    public async Task A_page_of_links_is_read_as_pip_reads_it_and_the_lock_names_the_files_address()
    {
        await using var page = new TestIndex { Html = true }
            .Add(new TestWheel("lib", "2.0"), "torch.html")
            .Add(new TestWheel("other", "1.0"), "torch.html");
        await using var index = new TestIndex().Add(new TestWheel("lib", "1.0"), "lib").Add(new TestWheel("more", "1.0"), "more");
        using var work = new TemporaryDirectory();
        var locked = await ResolveAsync(Written(work, $"lib\nmore\n-f {page.Root}torch.html\n"), work, index);
        Assert.Equal([("lib", "2.0"), ("more", "1.0")], locked.Packages.Select(package => (package.Name, package.Version)));
        Assert.Equal(
            (null, new Uri(page.Root, "../files/lib-2.0-py3-none-any.whl").AbsoluteUri),
            (locked.Packages[0].Index, locked.Packages[0].Url)
        );
        Assert.Equal(("i0", null), (locked.Packages[1].Index, locked.Packages[1].Url));

        var error = await Assert.ThrowsAsync<TorchyardException>(() =>
            ResolveAsync(Written(work, $"lib\n-f {page.Root}gone.html\n"), work, index)
        );
        Assert.Equal("TY2519", error.Code);
    }

    [Fact]
    public async Task No_index_is_asked_for_the_project_itself_whoever_requires_it()
    {
        var plugin = new TestWheel("plugin", "1.0");
        plugin.Requires.Add("My_Own.project");
        await using var index = new TestIndex()
            .Add(plugin, "plugin")
            .Add(new TestWheel("alpha", "1.0"), "alpha")
            .Add(new TestWheel("my_own_project", "9.0"), "my-own-project");
        using var work = new TemporaryDirectory();
        const string Project =
            "[project]\nname = \"my-own-project\"\n[project.optional-dependencies]\ngpu = [\"alpha\"]\nall = [\"my.own-project[gpu]\"]\n";
        Assert.Equal("alpha", Assert.Single((await ResolveAsync(Written(work, "", Project), work, index)).Packages).Name);

        var error = await Assert.ThrowsAsync<TorchyardException>(() => ResolveAsync(Written(work, "plugin\n", Project), work, index));
        Assert.Equal("TY2534", error.Code);
        Assert.DoesNotContain("/simple/my-own-project/", index.Asked);
    }

    [Fact]
    public async Task A_file_for_another_system_is_not_even_fetched_and_one_with_a_marker_is_taken()
    {
        await using var index = new TestIndex().Add(new TestWheel("lib", "1.0"), "lib").Add(new TestWheel("win", "1.0"), "win");
        using var work = new TemporaryDirectory();
        var files = new Uri(index.Root, "../files/");
        var locked = await ResolveAsync(
            Written(
                work,
                $"{files}lib-1.0-py3-none-any.whl; sys_platform == 'linux'\n{files}win-1.0-py3-none-any.whl; platform_system == 'Windows'\n"
            ),
            work,
            index
        );
        Assert.Equal("lib", Assert.Single(locked.Packages).Name);
        Assert.DoesNotContain("/files/win-1.0-py3-none-any.whl", index.Asked);
    }

    [Fact]
    public async Task A_marker_of_metadata_that_asks_for_another_systems_kernel_does_not_end_pip()
    {
        var app = new TestWheel("app", "1.0");
        app.Requires.AddRange([
            "mac; platform_release >= '20.0' and sys_platform == 'darwin'",
            "lib; platform_release >= '20.0' or sys_platform == 'linux'",
        ]);
        await using var index = new TestIndex().Add(app, "app").Add(new TestWheel("lib", "1.0"), "lib");
        using var work = new TemporaryDirectory();
        Assert.Equal(["app", "lib"], (await ResolveAsync(Written(work, "app\n"), work, index)).Packages.Select(package => package.Name));
    }

    [Fact]
    public async Task What_hashed_requirements_need_must_have_a_hash_too()
    {
        var app = new TestWheel("app", "1.0");
        app.Requires.Add("lib");
        await using var index = new TestIndex().Add(app, "app").Add(new TestWheel("lib", "1.0"), "lib");
        using var work = new TemporaryDirectory();
        var url = $"{new Uri(index.Root, "../files/")}app-1.0-py3-none-any.whl#sha256={Digest.Of(app.Build()).Hex}";
        var error = await Assert.ThrowsAsync<TorchyardException>(() =>
            ResolveAsync(Written(work, $"--require-hashes\n{url}\n"), work, index)
        );
        Assert.Equal("TY2532", error.Code);
        Assert.Contains("lib==1.0 --hash=sha256:", error.Cure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_kernel_whose_name_is_no_version_is_told_as_such()
    {
        await using var server = new TestIndex().Add(new TestWheel("app", "1.0"), "app");
        using var work = new TemporaryDirectory();
        using var transport = new IndexTransport(new PipSettings { Retries = 0 }, IndexCredentials.None());
        var pip = new ScriptedPip(
            "ERROR: Exception:\nTraceback (most recent call last):\npip._vendor.packaging.version.InvalidVersion: Invalid version: "
                + "'6.18.44-fc'\n"
        );
        var resolver = new PythonResolver(
            Indexes(transport, [], server),
            new WheelCache(new StorePaths(Path.Combine(work.Path, "store")), transport),
            pip,
            SilentProgress.Instance
        );
        var error = await Assert.ThrowsAsync<TorchyardException>(() =>
            resolver.ResolveAsync(Written(work, "app\n"), new ResolveOptions(), Cancellation)
        );
        Assert.Equal("TY2535", error.Code);
        Assert.Contains("6.18.44-fc", error.Message, StringComparison.Ordinal);
    }

    private static async Task<LockedPython> ResolveAsync(string[] packages, string[] constraints, params TestIndex[] servers)
    {
        using var work = new TemporaryDirectory();
        return await ResolveAsync(packages, constraints, work, [], servers);
    }

    private static async Task<LockedPython> ResolveAsync(
        string[] packages,
        string[] constraints,
        TemporaryDirectory work,
        string[] findLinks,
        params TestIndex[] servers
    ) => await ResolveAsync(packages, constraints, work, findLinks, keep: null, servers);

    private static async Task<LockedPython> ResolveAsync(
        string[] packages,
        string[] constraints,
        TemporaryDirectory work,
        string[] findLinks,
        IReadOnlyList<LockedPythonPackage>? keep,
        params TestIndex[] servers
    )
    {
        var pip = await HostPip.RequireAsync(Directory.CreateDirectory(Path.Combine(work.Path, "pip")).FullName);
        using var transport = new IndexTransport(new PipSettings { Retries = 0 }, IndexCredentials.None());
        var set = RecipeRequirements.Read(new PythonSettings { Packages = packages, FindLinks = findLinks }, work.Path, _ => null);
        var resolver = new PythonResolver(
            Indexes(transport, set.FindLinks, servers),
            new WheelCache(new StorePaths(Path.Combine(work.Path, "store")), transport),
            pip,
            SilentProgress.Instance
        );
        return (await resolver.ResolveAsync(set, new ResolveOptions { Constraints = constraints, Keep = keep ?? [] }, Cancellation)).Locked;
    }

    private static PythonIndexes Indexes(IndexTransport transport, IReadOnlyList<string> findLinks, params TestIndex[] servers) =>
        new(
            new SimpleIndexClient(transport),
            [.. servers.Select((s, i) => new PythonIndex($"i{i}", s.Root, s.Root.AbsoluteUri))],
            findLinks
        );

    /// <summary>A pip that always ends with the same error.</summary>
    private sealed class ScriptedPip(string output) : IPipRunner
    {
        public List<string> Constraints { get; } = [];

        public Task<PipResult> ResolveAsync(PipRequest request, CancellationToken cancellation)
        {
            Constraints.Add(request.Constraints);
            return Task.FromResult(new PipResult(1, output, null));
        }
    }
}
