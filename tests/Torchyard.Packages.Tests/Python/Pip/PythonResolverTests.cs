using Torchyard.Packages.Python.Fetch;
using Torchyard.Packages.Python.Indexes;
using Torchyard.Packages.Python.Names;
using Torchyard.Packages.Python.Pip;
using Torchyard.Packages.Python.Requirements;
using Torchyard.Packages.Python.Settings;
using Torchyard.Packages.Python.Versions;
using Torchyard.Platform.Files;
using Torchyard.Recipes;

namespace Torchyard.Tests.Python.Pip;

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
        await using var first = new TestIndex { Metadata = false }.Add(lib, "lib").Add(new TestWheel("lib", "2.0rc1"), "lib");
        await using var second = new TestIndex { Html = true, Hashes = false }
            .Add(app, "app").Add(new TestWheel("lib", "9.0"), "lib").Add(new TestWheel("speedup", "2.1"), "speedup").Add(new TestWheel("speedup", "3"), "speedup");

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
        await using var server = new TestIndex().Add(new TestWheel("app", "1.0"), "app").Add(app, "app").Add(other, "other")
            .Add(new TestWheel("lib", "1.0"), "lib").Add(new TestWheel("lib", "2.0"), "lib").Add(new TestWheel("side", "1"), "side").Add(new TestWheel("side", "2"), "side");
        using var work = new ScratchDirectory();
        var before = await ResolveAsync(["app==1.0", "lib==1.0", "side==1"], [], work, [], server);

        var added = await ResolveAsync(["app", "lib", "other"], [], work, [], before.Packages, server);
        Assert.Equal(["app 1.0", "lib 1.0", "other 1.0", "side 1"], added.Packages.Select(p => $"{p.Name} {p.Version}"));

        var raised = await ResolveAsync(["app==2.0", "lib", "side"], [], work, [], before.Packages, server);
        Assert.Equal(["app 2.0", "lib 2.0", "side 1"], raised.Packages.Select(p => $"{p.Name} {p.Version}"));

        var upgraded = await ResolveAsync(["app==1.0", "lib", "side"], [], work, [], [.. before.Packages.Where(p => p.Name != "side")], server);
        Assert.Equal(["app 1.0", "lib 1.0", "side 2"], upgraded.Packages.Select(p => $"{p.Name} {p.Version}"));
    }

    [Fact]
    public async Task Versions_are_not_let_go_because_pip_itself_failed()
    {
        await using var server = new TestIndex().Add(new TestWheel("app", "1.0"), "app").Add(new TestWheel("app", "2.0"), "app");
        using var work = new ScratchDirectory();
        var before = await ResolveAsync(["app==1.0"], [], work, [], server);
        using var transport = new IndexTransport(new PipSettings { Retries = 0 }, IndexCredentials.None());
        var pip = new ScriptedPip("Collecting app\nERROR: Could not install packages due to an OSError: [Errno 24] Too many open files: 'app'\n");
        var resolver = new PythonResolver(
            Indexes(transport, [], server), new WheelCache(new StorePaths(Path.Combine(work.Path, "store")), transport), pip, SilentProgress.Instance);
        var error = await Assert.ThrowsAsync<TorchyardException>(() => resolver.ResolveAsync(
            RecipeRequirements.Read(new PythonSettings { Packages = ["app"] }, work.Path, _ => null), new ResolveOptions { Keep = before.Packages }, Cancellation));
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
        await using var server = new TestIndex().Add(one, "one").Add(two, "two").Add(new TestWheel("shared", "1"), "shared").Add(new TestWheel("shared", "2"), "shared");
        var error = await Assert.ThrowsAsync<TorchyardException>(() => ResolveAsync(["one", "two"], [], server));
        Assert.Equal("TY2509", error.Code);
        Assert.Contains("conflict", error.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Local_wheels_urls_and_find_links_come_into_the_lock()
    {
        await using var server = new TestIndex().Add(new TestWheel("remote", "3"), "remote");
        using var work = new ScratchDirectory();
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
        using var work = new ScratchDirectory();
        work.Write("pinned.txt", string.Join('\n',
            $"demo==1.0 {string.Join(' ', new[] { plain, native, foreign }.Select(w => "--hash=sha256:" + Digest.Of(w.Build()).Hex))}",
            $"lib==2 --hash=sha256:{Digest.Of(lib.Build()).Hex}"));
        using var transport = new IndexTransport(new PipSettings { Retries = 0 }, IndexCredentials.None());
        var set = RecipeRequirements.Read(new PythonSettings { Requirements = ["pinned.txt"] }, work.Path, _ => null);
        Assert.True(set.IsPinned);

        var resolver = new PinnedResolver(Indexes(transport, [], server), SilentProgress.Instance);
        var locked = (await resolver.ResolveAsync(set, new InterpreterTarget(13, 41), PythonVersion.Parse("3.13.5"), Cancellation)).Locked;

        Assert.Equal([native.FileName, lib.FileName], locked.Packages.Select(p => p.Filename));
        Assert.Equal(["lib"], locked.Packages[0].Requires);

        work.Write("pinned.txt", $"lib==2 --hash=sha256:{new string('0', 64)}");
        set = RecipeRequirements.Read(new PythonSettings { Requirements = ["pinned.txt"] }, work.Path, _ => null);
        var error = await Assert.ThrowsAsync<TorchyardException>(
            () => resolver.ResolveAsync(set, new InterpreterTarget(13, 41), PythonVersion.Parse("3.13.5"), Cancellation));
        Assert.Equal("TY2508", error.Code);
    }

    private static async Task<LockedPython> ResolveAsync(string[] packages, string[] constraints, params TestIndex[] servers)
    {
        using var work = new ScratchDirectory();
        return await ResolveAsync(packages, constraints, work, [], servers);
    }

    private static async Task<LockedPython> ResolveAsync(
        string[] packages, string[] constraints, ScratchDirectory work, string[] findLinks, params TestIndex[] servers) =>
        await ResolveAsync(packages, constraints, work, findLinks, keep: null, servers);

    private static async Task<LockedPython> ResolveAsync(
        string[] packages, string[] constraints, ScratchDirectory work, string[] findLinks, IReadOnlyList<LockedPythonPackage>? keep, params TestIndex[] servers)
    {
        var pip = await HostPip.RequireAsync(Directory.CreateDirectory(Path.Combine(work.Path, "pip")).FullName);
        using var transport = new IndexTransport(new PipSettings { Retries = 0 }, IndexCredentials.None());
        var set = RecipeRequirements.Read(new PythonSettings { Packages = packages, FindLinks = findLinks }, work.Path, _ => null);
        var resolver = new PythonResolver(
            Indexes(transport, set.FindLinks, servers), new WheelCache(new StorePaths(Path.Combine(work.Path, "store")), transport), pip, SilentProgress.Instance);
        return (await resolver.ResolveAsync(set, new ResolveOptions { Constraints = constraints, Keep = keep ?? [] }, Cancellation)).Locked;
    }

    private static PythonIndexes Indexes(IndexTransport transport, IReadOnlyList<string> findLinks, params TestIndex[] servers) => new(
        new SimpleIndexClient(transport), [.. servers.Select((s, i) => new PythonIndex($"i{i}", s.Root, s.Root.AbsoluteUri))], findLinks);

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
