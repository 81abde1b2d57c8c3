using System.Text;
using Torchyard.Images.Python;
using Torchyard.Images.Sandbox;
using Torchyard.Packages.Python.Sources;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Locks;
using Torchyard.Testing.Python;

namespace Torchyard.Images.Tests.Wheels;

/// <summary>What goes into the sandbox of a build and what is believed of what comes out; the sandbox is a fake.</summary>
public sealed class SandboxWheelBuilderTests : IDisposable
{
    private static readonly BuildBackend Backend = new([], "own:api", ["_b"]);

    private readonly TemporaryStore _store = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task The_backend_has_no_network_a_fixed_environment_and_its_tools_alone()
    {
        var tool = new TestWheel("tool", "1.0") { EntryPoints = "[console_scripts]\ntool-run = tool:main\n" }.Add(
            "tool/__init__.py",
            "x = 1\n"
        );
        var wheel = new TestWheel("demo", "1.0");
        SandboxRequest? seen = null;
        IReadOnlyList<string> environment = [];
        await using var build = await OpenAsync(request =>
        {
            seen = request;
            var place = request.ReadOnlyMounts.Single(mount => mount.Value == "/build/env").Key;
            environment =
            [
                .. Directory
                    .EnumerateFiles(place, "*", SearchOption.AllDirectories)
                    .Select(file => Path.GetRelativePath(place, file))
                    .Order(StringComparer.Ordinal),
            ];
            Assert.StartsWith("#!/build/env/bin/python\n", File.ReadAllText(Path.Combine(place, "bin/tool-run")), StringComparison.Ordinal);
            Assert.Equal("/usr/bin/python3.13", new FileInfo(Path.Combine(place, "bin/python")).LinkTarget);
            Answer(request, $"{{\"wheel\":\"{wheel.FileName}\"}}");
            File.WriteAllBytes(Path.Combine(Exchange(request), wheel.FileName), wheel.Build());
        });

        var result = await build.BuildAsync(
            Backend,
            new Dictionary<string, string> { [tool.FileName] = tool.WriteTo(_store.Paths.Root) },
            null,
            Cancellation
        );

        Assert.Equal((0, wheel.FileName), (result.ExitCode, Path.GetFileName(result.Wheel)));
        Assert.Equal(wheel.Build(), File.ReadAllBytes(result.Wheel!));
        Assert.False(seen!.HostNetwork);
        Assert.Null(seen.Upper);
        Assert.Equal(["build_wheel", "own:api", "demo-1.0", "_b"], seen.Arguments.TakeLast(4));
        Assert.Equal(
            ("315532800", "0", "UTC", "C.UTF-8"),
            (seen.Environment["SOURCE_DATE_EPOCH"], seen.Environment["PYTHONHASHSEED"], seen.Environment["TZ"], seen.Environment["LC_ALL"])
        );
        Assert.Equal(["/build/env", "/build/input", "/build/run"], seen.ReadOnlyMounts.Values.Order(StringComparer.Ordinal));
        Assert.Equal("/build/exchange", Assert.Single(seen.WritableMounts).Value);
        Assert.Equal(
            ["bin/python", "bin/python3", "bin/python3.13", "bin/tool-run"],
            environment.Where(file => file.StartsWith("bin/", StringComparison.Ordinal))
        );
        Assert.Contains("lib/python3.13/site-packages/tool/__init__.py", environment);
        Assert.Contains("pyvenv.cfg", environment);
    }

    [Theory]
    [InlineData("{\"wheel\":\"../../etc/passwd\"}")]
    [InlineData("{\"wheel\":\"demo-1.0-py3-none-any.whl\"}")]
    [InlineData("{\"wheel\":\"link-1.0-py3-none-any.whl\"}")]
    [InlineData("{\"wheel\":\"demo.exe\"}")]
    [InlineData("{\"wheel\":7}")]
    [InlineData("{\"requires\":[1]}")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("")]
    [InlineData(null)]
    public async Task An_answer_that_cannot_be_true_is_a_failed_build(string? answer)
    {
        await using var build = await OpenAsync(request =>
        {
            File.CreateSymbolicLink(Path.Combine(Exchange(request), "link-1.0-py3-none-any.whl"), "/etc/passwd");
            if (answer is not null)
            {
                Answer(request, answer);
            }
        });
        var result = await build.BuildAsync(Backend, new Dictionary<string, string>(), null, Cancellation);
        Assert.Equal(1, result.ExitCode);
        Assert.Null(result.Wheel);
    }

    [Fact]
    public async Task What_the_backend_asks_for_is_given_back()
    {
        await using var build = await OpenAsync(request => Answer(request, "{\"requires\":[\"a>=1\",\"b\"]}"));
        Assert.Equal(["a>=1", "b"], (await build.GetRequiresAsync(Backend, new Dictionary<string, string>(), Cancellation)).Requires);
        Assert.Equal("[build-system]\n", Encoding.UTF8.GetString(build.Pyproject!));
        Assert.False(build.HasSetup);
    }

    private static string Exchange(SandboxRequest request) => request.WritableMounts.Keys.Single();

    private static void Answer(SandboxRequest request, string text) =>
        File.WriteAllText(Path.Combine(Exchange(request), "answer.json"), text);

    [Fact]
    public async Task A_repository_comes_with_its_source_where_there_is_git_and_nothing_may_be_in_its_place()
    {
        Assert.Equal("TY2527", (await Assert.ThrowsAsync<TorchyardException>(() => OpenAsync(_ => { }, Repository()))).Code);

        var git = Path.Combine(Directory.CreateDirectory(Path.Combine(_store.Paths.Root, "system/usr/bin")).FullName, "git");
        await File.WriteAllTextAsync(git, "", Cancellation);
        await using var build = await OpenAsync(
            request =>
            {
                var tree = request.ReadOnlyMounts.Single(mount => mount.Value == "/build/input").Key;
                Assert.Equal("ref: refs/heads/main\n", File.ReadAllText(Path.Combine(tree, ".git/HEAD")));
                Answer(request, "{\"requires\":[]}");
            },
            Repository()
        );
        Assert.Equal(0, (await build.GetRequiresAsync(Backend, new Dictionary<string, string>(), Cancellation)).ExitCode);

        foreach (var name in new[] { ".git", ".git/config" })
        {
            Assert.Equal("TY2523", (await Assert.ThrowsAsync<TorchyardException>(() => OpenAsync(_ => { }, Repository(), name))).Code);
        }

        string Repository()
        {
            var directory = Directory.CreateDirectory(Path.Combine(_store.Paths.Root, Guid.NewGuid().ToString("N"))).FullName;
            File.WriteAllText(Path.Combine(directory, "HEAD"), "ref: refs/heads/main\n");
            return directory;
        }
    }

    private async Task<IWheelBuild> OpenAsync(Action<SandboxRequest> run, string? repository = null, string other = "demo-1.0/more")
    {
        var archive = Path.Combine(_store.Paths.Root, "demo.tar");
        await using (var file = File.Create(archive))
        {
            var writer = new Torchyard.Images.Tar.TarLayerWriter(file);
            var content = "[build-system]\n"u8.ToArray();
            writer.Write(
                new Torchyard.Images.Tar.TarEntry
                {
                    Name = "demo-1.0/pyproject.toml",
                    Kind = Torchyard.Images.Tar.TarKind.File,
                    Mode = 0x1A4,
                    Size = content.Length,
                },
                new MemoryStream(content)
            );
            writer.Write(
                new Torchyard.Images.Tar.TarEntry
                {
                    Name = other,
                    Kind = Torchyard.Images.Tar.TarKind.File,
                    Mode = 0x1A4,
                    Size = content.Length,
                },
                new MemoryStream(content)
            );
            writer.Complete();
        }

        var system = Path.Combine(_store.Paths.Root, "system");
        Directory.CreateDirectory(Path.Combine(system, "usr/bin"));
        await File.WriteAllTextAsync(Path.Combine(system, "usr/bin/python3.13"), "", Cancellation);
        var source = new LockedSource
        {
            Filename = "demo-1.0.tar",
            Size = 1,
            Sha256 = Digest.Of("x"u8),
        };
        return await new SandboxWheelBuilder(_store.Paths, new FakeSandbox(run), _ =>
            Task.FromResult<IReadOnlyList<string>>([system])
        ).OpenAsync(new FetchedSource(source, [new SourcePart(archive, "demo-1.0.tar", "")], Repository: repository), Cancellation);
    }

    private sealed class FakeSandbox(Action<SandboxRequest> run) : IRootSandbox
    {
        public Task<SandboxResult> RunAsync(SandboxRequest request, CancellationToken cancellation)
        {
            run(request);
            return Task.FromResult(new SandboxResult(0, "said"));
        }
    }
}
