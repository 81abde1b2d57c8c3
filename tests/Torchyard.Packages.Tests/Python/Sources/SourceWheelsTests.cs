using Torchyard.Packages.Python.Fetch;
using Torchyard.Packages.Python.Indexes;
using Torchyard.Packages.Python.Names;
using Torchyard.Packages.Python.Requirements;
using Torchyard.Packages.Python.Resolving;
using Torchyard.Packages.Python.Settings;
using Torchyard.Packages.Python.Sources;
using Torchyard.Packages.Python.Versions;
using Torchyard.Packages.Tests.Python.Pip;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Processes;
using Torchyard.Platform.Reporting;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;
using Torchyard.Testing.Loopback;
using Torchyard.Testing.Python;

namespace Torchyard.Packages.Tests.Python.Sources;

/// <summary>Locks with source distributions: the host's pip resolves, and the sandbox alone is a fake.</summary>
public sealed class SourceWheelsTests : IDisposable
{
    private const string NoTools = "[build-system]\nrequires = []\nbuild-backend = \"own\"\n";

    private readonly TemporaryDirectory _work = new();
    private readonly IndexTransport _transport = new(new PipSettings { Retries = 0 }, IndexCredentials.None());
    private readonly FakeBuilder _builder;
    private GitProgram? _git;

    public SourceWheelsTests() => _builder = new FakeBuilder(_work.Path);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _transport.Dispose();
        _work.Dispose();
    }

    [Fact]
    public async Task What_has_no_wheel_is_built_and_the_lock_has_its_source_and_its_tools()
    {
        var old = new TestWheel("Old-Style", "1.0", "cp313-cp313-linux_x86_64");
        old.Requires.Add("lib");
        byte[] archive = [1, 2, 3];
        await using var index = new TestIndex()
            .Add("old-style", "Old-Style-1.0.tar.gz", archive)
            .Add("old-style", "Old-Style-1.0.zip", [4])
            .Add(new TestWheel("lib", "2"), "lib")
            .Add(new TestWheel("tool", "3"), "tool")
            .Add(new TestWheel("more", "4"), "more")
            .Add(new TestWheel("more", "5"), "more");
        _builder.Add("Old-Style-1.0.tar.gz", old, "[build-system]\nrequires = [\"tool\"]\nbuild-backend = \"tool\"\n", "more<5");

        var locked = await LockAsync(["old-style"], index);

        Assert.Equal(["lib 2", "old-style 1.0"], locked.Packages.Select(package => $"{package.Name} {package.Version}"));
        var built = locked.Packages[1];
        Assert.Equal((old.FileName, Digest.Of(old.Build()), "i0"), (built.Filename, built.Sha256, built.Index));
        Assert.Equal(["lib"], built.Requires);
        Assert.Equal(("Old-Style-1.0.tar.gz", Digest.Of(archive), 3L), (built.Source!.Filename, built.Source.Sha256, built.Source.Size));
        Assert.Null(built.Source.Url);
        Assert.Equal(["more-4-py3-none-any.whl", "tool-3-py3-none-any.whl"], built.Source.BuiltWith);
        Assert.Equal(built.Source.BuiltWith, locked.BuildPackages.Select(tool => tool.Filename));
        Assert.All(locked.BuildPackages, tool => Assert.Equal("i0", tool.Index));
        Assert.Equal(index.Root.AbsoluteUri, Assert.Single(locked.Indexes).Url);
        Assert.Equal([("Old-Style-1.0.tar.gz", "more-4-py3-none-any.whl tool-3-py3-none-any.whl")], _builder.Built);
    }

    [Fact]
    public async Task An_older_wheel_is_taken_before_a_newer_source_unless_only_that_will_do()
    {
        await using var index = new TestIndex()
            .Add(new TestWheel("lib", "1"), "lib")
            .Add("lib", "lib-2.tar.gz", [2])
            .Add("lib", "lib-3.tar.gz", [3]);
        _builder.Add("lib-2.tar.gz", new TestWheel("lib", "2"), NoTools);

        Assert.Null(Assert.Single((await LockAsync(["lib"], index)).Packages).Source);
        var pinned = Assert.Single((await LockAsync(["lib==2"], index)).Packages);
        Assert.Equal(("2", "lib-2.tar.gz"), (pinned.Version, pinned.Source!.Filename));
        Assert.Equal("lib-2.tar.gz", Assert.Single(_builder.Built).Source);
    }

    [Fact]
    public async Task Only_binary_forbids_to_build()
    {
        await using var index = new TestIndex().Add("old", "old-1.0.tar.gz", [1]);
        foreach (var forbidden in new[] { ":all:", "Old" })
        {
            var error = await Assert.ThrowsAsync<TorchyardException>(() =>
                LockAsync(new PythonSettings { Packages = ["old"], OnlyBinary = [forbidden] }, index)
            );
            Assert.Equal("TY2513", error.Code);
            Assert.Contains("only-binary", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Tools_may_be_sources_themselves_but_not_of_themselves()
    {
        await using var index = new TestIndex()
            .Add("app", "app-1.tar.gz", [1])
            .Add("tool", "tool-1.tar.gz", [2])
            .Add("egg", "egg-1.tar.gz", [3])
            .Add("hen", "hen-1.tar.gz", [4]);
        _builder.Add("app-1.tar.gz", new TestWheel("app", "1"), "[build-system]\nrequires = [\"tool\"]\nbuild-backend = \"tool\"\n");
        _builder.Add("tool-1.tar.gz", new TestWheel("tool", "1"), NoTools);
        _builder.Add("egg-1.tar.gz", new TestWheel("egg", "1"), "[build-system]\nrequires = [\"hen\"]\nbuild-backend = \"hen\"\n");
        _builder.Add("hen-1.tar.gz", new TestWheel("hen", "1"), "[build-system]\nrequires = [\"egg\"]\nbuild-backend = \"egg\"\n");

        var locked = await LockAsync(["app"], index);
        Assert.Equal("tool-1.tar.gz", Assert.Single(locked.BuildPackages).Source!.Filename);

        var error = await Assert.ThrowsAsync<TorchyardException>(() => LockAsync(["egg"], index));
        Assert.Equal("TY2526", error.Code);
        Assert.Contains("egg-1.tar.gz → hen-1.tar.gz → egg-1.tar.gz", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Archives_by_path_and_url_and_repositories_come_into_the_lock()
    {
        var repository = await TestRepository.CreateAsync(Path.Combine(_work.Path, "repository"));
        var commit = await repository.CommitAsync(("a.txt", "1"));
        await File.WriteAllBytesAsync(Path.Combine(_work.Path, "local.tar.gz"), [7], Cancellation);
        await using var index = new TestIndex().Add("other", "remote.zip", [8]);
        var archive = new Uri(index.Root, "../files/remote.zip").AbsoluteUri;
        var git = new Uri(repository.Path).AbsoluteUri;
        _builder.Add("local.tar.gz", new TestWheel("local", "1"), NoTools);
        _builder.Add("remote.zip", new TestWheel("remote", "2"), NoTools);
        _builder.Add(git, new TestWheel("vcs", "3"), NoTools);

        string[] packages = ["./local.tar.gz", $"remote @ {archive}#sha256={Digest.Of([8]).Hex}&subdirectory=sub", $"vcs @ git+{git}@main"];
        var locked = await LockAsync(packages, index);

        Assert.Equal(["local 1", "remote 2", "vcs 3"], locked.Packages.Select(package => $"{package.Name} {package.Version}"));
        Assert.All(locked.Packages, package =>
            Assert.True(package.Requested && package.Index is null && package.Url is null && package.Path is null)
        );
        Assert.Equal(("./local.tar.gz", Digest.Of([7])), (locked.Packages[0].Source!.Path, locked.Packages[0].Source!.Sha256));
        Assert.Equal((archive, "sub"), (locked.Packages[1].Source!.Url, locked.Packages[1].Source!.Subdirectory));
        Assert.Equal(
            (git, commit, "main"),
            (locked.Packages[2].Source!.Url, locked.Packages[2].Source!.Commit, locked.Packages[2].Source!.Revision)
        );

        // The branch moves on: what was locked stays, and another lock takes it up.
        var next = await repository.CommitAsync(("a.txt", "2"));
        Assert.Equal(commit, (await LockAsync(new PythonSettings { Packages = packages }, index, locked)).Packages[2].Source!.Commit);
        Assert.Equal(3, _builder.Built.Count);
        var upgraded = locked with { Packages = [.. locked.Packages.Where(package => package.Name != "vcs")] };
        Assert.Equal(next, (await LockAsync(new PythonSettings { Packages = packages }, index, upgraded)).Packages[2].Source!.Commit);

        Assert.Equal("TY2512", (await Assert.ThrowsAsync<TorchyardException>(() => LockAsync([$"wrong @ git+{git}"], index))).Code);
        Assert.Equal(
            "TY2508",
            (
                await Assert.ThrowsAsync<TorchyardException>(() => LockAsync([$"remote @ {archive}#sha256={new string('0', 64)}"], index))
            ).Code
        );
    }

    [Fact]
    public async Task Metadata_may_ask_for_repositories_and_the_recipe_comes_before_it()
    {
        var calls = new List<string>();
        _git = (arguments, _, _, _) =>
        {
            calls.Add(string.Join(' ', arguments));
            return Task.FromResult(
                new CommandResult(
                    0,
                    arguments.Contains("ls-remote")
                        ? $"{Commit(arguments.First(argument => argument.StartsWith("https://", StringComparison.Ordinal)))}\trefs/heads/"
                            + $"main\n"
                        : "",
                    ""
                )
            );
        };
        var app = new TestWheel("app", "1");
        app.Requires.AddRange(["lib[fast] @ git+https://host/lib@main", "never @ git+https://host/never ; python_version < '3'"]);
        var lib = new TestWheel("lib", "2");
        lib.Extras.Add("fast");
        lib.Requires.Add("speed; extra == 'fast'");
        var indexed = new TestWheel("indexed", "1");
        indexed.Requires.Add("lib @ git+https://host/lib@main");
        await using var index = new TestIndex().Add(new TestWheel("speed", "3"), "speed").Add(indexed, "indexed");
        _builder.Add("https://host/app", app, NoTools);
        _builder.Add("https://host/lib", lib, NoTools);
        _builder.Add("https://host/fork", new TestWheel("lib", "9"), NoTools);

        var locked = await LockAsync(["app @ git+https://host/app@main"], index);
        Assert.Equal(
            ["app 1 True", "lib 2 False", "speed 3 False"],
            locked.Packages.Select(package => $"{package.Name} {package.Version} {package.Requested}")
        );
        Assert.Equal(["lib"], locked.Packages[0].Requires);
        Assert.Equal((Commit("https://host/lib"), "https://host/lib"), (locked.Packages[1].Source!.Commit, locked.Packages[1].Source!.Url));
        Assert.Null(locked.Packages[1].Index);
        Assert.DoesNotContain(calls, call => call.Contains("host/never", StringComparison.Ordinal));

        locked = await LockAsync(["indexed"], index);
        Assert.Equal("https://host/lib", locked.Packages[1].Source!.Url);
        locked = await LockAsync(["indexed", "lib @ git+https://host/fork@main"], index);
        Assert.Equal(("9", true), (locked.Packages[1].Version, locked.Packages[1].Requested));

        static string Commit(string url) => Digest.Of(System.Text.Encoding.UTF8.GetBytes(url)).Hex[..40];
    }

    [Fact]
    public async Task A_build_that_fails_gives_its_last_lines_and_the_key_that_adds_what_it_lacks()
    {
        await using var index = new TestIndex().Add("native", "native-1.tar.gz", [1]);
        _builder.Add("native-1.tar.gz", new TestWheel("native", "1"), NoTools).Failure = new HookResult(
            1,
            "building\nerror: command 'x86_64-linux-gnu-gcc' failed: No such file or directory",
            [],
            null
        );
        var error = await Assert.ThrowsAsync<TorchyardException>(() => LockAsync(["native"], index));
        Assert.Equal("TY2524", error.Code);
        Assert.Contains("native-1.tar.gz", error.Message, StringComparison.Ordinal);
        Assert.Contains("command 'x86_64-linux-gnu-gcc' failed", error.Message, StringComparison.Ordinal);
        Assert.Contains("build-packages = [\"gcc\", \"python3-dev\"]", error.Cure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_store_builds_from_the_lock_alone_and_other_bytes_are_refused_with_the_cure()
    {
        var old = new TestWheel("old", "1.0");
        await using var index = new TestIndex().Add("old", "old-1.0.tar.gz", [1]).Add(new TestWheel("tool", "3"), "tool");
        var build = _builder.Add("old-1.0.tar.gz", old, "[build-system]\nrequires = [\"tool\"]\nbuild-backend = \"tool\"\n");
        var locked = await LockAsync(["old"], index);
        await using var later = index.Add(new TestWheel("tool", "4"), "tool");

        var (rebuilder, cache) = Rebuilder("other", later);
        Assert.True(rebuilder.IsNeeded(locked));
        await rebuilder.RebuildAsync(locked, Cancellation);
        Assert.True(File.Exists(cache.PathOf(locked.Packages[0].Sha256)));
        Assert.False(rebuilder.IsNeeded(locked));
        Assert.Equal("tool-3-py3-none-any.whl", _builder.Built[^1].Tools);

        build.Wheel = new TestWheel("old", "1.0").Add("today.txt", "another day");
        (rebuilder, _) = Rebuilder("third", later);
        var error = await Assert.ThrowsAsync<TorchyardException>(() => rebuilder.RebuildAsync(locked, Cancellation));
        Assert.Equal("TY2525", error.Code);
        Assert.Contains(locked.Packages[0].Sha256.Hex, error.Message, StringComparison.Ordinal);
        Assert.Contains("lock --upgrade-package old", error.Cure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pinned_source_is_built_where_its_hash_is_given()
    {
        await using var index = new TestIndex().Add("old", "old-1.0.tar.gz", [1]);
        _builder.Add("old-1.0.tar.gz", new TestWheel("old", "1.0"), NoTools);
        _work.Write("pinned.txt", $"old==1.0 --hash=sha256:{Digest.Of([1]).Hex}");
        var settings = new PythonSettings { Requirements = ["pinned.txt"] };
        var set = RecipeRequirements.Read(settings, _work.Path, _ => null);
        Assert.True(set.IsPinned);

        var indexes = Indexes(set, index);
        var resolver = new PinnedResolver(indexes, SilentProgress.Instance, await SourcesAsync(indexes, set, null));
        var locked = (await resolver.ResolveAsync(set, new InterpreterTarget(13, 41), PythonVersion.Parse("3.13.5"), Cancellation)).Locked;

        Assert.Equal("old-1.0.tar.gz", Assert.Single(locked.Packages).Source!.Filename);
        Assert.Equal("1.0", locked.Packages[0].Version);
    }

    private Task<LockedPython> LockAsync(string[] packages, TestIndex index) =>
        LockAsync(new PythonSettings { Packages = packages }, index);

    private async Task<LockedPython> LockAsync(PythonSettings settings, TestIndex index, LockedPython? kept = null)
    {
        var set = RecipeRequirements.Read(settings, _work.Path, _ => null);
        var indexes = Indexes(set, index);
        var resolver = new PythonResolver(
            indexes,
            Cache("store"),
            await PipAsync(),
            SilentProgress.Instance,
            await SourcesAsync(indexes, set, kept)
        );
        return (await resolver.ResolveAsync(set, new ResolveOptions { Keep = kept?.Packages ?? [] }, Cancellation)).Locked;
    }

    private async Task<SourceWheels> SourcesAsync(PythonIndexes indexes, RequirementSet set, LockedPython? kept)
    {
        var cache = Cache("store");
        await PipAsync();
        return new SourceWheels(
            Fetcher("store", cache),
            cache,
            new WheelFetcher(cache, new SimpleIndexClient(_transport), [], _work.Path, SilentProgress.Instance),
            new WheelMaker(Store("store"), cache, _builder, SilentProgress.Instance)
        )
        {
            Resolver = async (own, _) => new PythonResolver(indexes, cache, await PipAsync(), SilentProgress.Instance, own),
            Directory = _work.Path,
            OnlyBinary = set.OnlyBinary,
            Kept = kept,
        };
    }

    private (WheelRebuilder, WheelCache) Rebuilder(string store, TestIndex index)
    {
        var cache = Cache(store);
        var wheels = new WheelFetcher(cache, new SimpleIndexClient(_transport), [index.Root], _work.Path, SilentProgress.Instance);
        return (
            new WheelRebuilder(
                Fetcher(store, cache),
                cache,
                wheels,
                new WheelMaker(Store(store), cache, _builder, SilentProgress.Instance),
                _work.Path
            ),
            cache
        );
    }

    private SourceFetcher Fetcher(string store, WheelCache cache) =>
        new(Store(store), cache, _transport, new GitRepositories(Store(store), _transport, _git));

    private StorePaths Store(string name) => new(Path.Combine(_work.Path, name));

    private WheelCache Cache(string store) => new(Store(store), _transport);

    // Each run of pip has a directory of its own, since they nest.
    private Task<HostPip> PipAsync() =>
        HostPip.RequireAsync(Directory.CreateDirectory(Path.Combine(_work.Path, Guid.NewGuid().ToString("N"))).FullName);

    private PythonIndexes Indexes(RequirementSet set, TestIndex index) =>
        new(new SimpleIndexClient(_transport), [new PythonIndex("i0", index.Root, index.Root.AbsoluteUri)], set.FindLinks);
}
