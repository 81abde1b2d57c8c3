using Torchyard.Packages.Python.Indexes;
using Torchyard.Packages.Python.Settings;
using Torchyard.Testing.Loopback;
using Torchyard.Testing.Python;

namespace Torchyard.Packages.Tests.Python.Indexes;

public sealed class BuildPinsTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_default_build_is_taken_from_PyPI_under_its_plain_version()
    {
        await using var pypi = Index("torch", "2.9.1", "2.8.0");
        var (constraints, indexes) = await ResolveAsync(pypi, "cu128", isDefault: true, "https://publisher.example/cu128/");
        Assert.Equal(["torch==2.9.1", "torchvision==0.24.1"], constraints);
        Assert.Equal(["pypi"], indexes.Indexes.Select(index => index.Id));
    }

    [Fact]
    public async Task Beside_other_builds_the_plain_one_is_asked_for_exactly()
    {
        // "==2.9.1" would let pip take 2.9.1+cu130, which sorts after it.
        await using var site = Index("torch", "2.9.1", "2.9.1+cu126", "2.9.1+cu130");
        var (constraints, _) = await ResolveAsync(site, "cu128", isDefault: true, "https://publisher.example/cu128/");
        Assert.Equal("torch===2.9.1", constraints[0]);
    }

    [Fact]
    public async Task A_mirror_that_has_the_build_is_used_and_the_lock_names_the_publisher()
    {
        await using var site = Index("torch", "2.9.1", "2.9.1+cu126", "2.9.1+cu128")
            .Add(new TestWheel("torchvision", "0.24.1+cu126"), "torchvision");
        var (constraints, indexes) = await ResolveAsync(site, "cu126", isDefault: false, "https://publisher.example/cu126/");
        Assert.Equal(["torch==2.9.1+cu126", "torchvision==0.24.1+cu126"], constraints);
        var found = await indexes.FindAsync("torch", Cancellation);
        Assert.Equal(("https://publisher.example/cu126/", site.Root), (found!.Index!.Canonical, found.Index.Url));
    }

    [Fact]
    public async Task A_build_that_nobody_else_has_comes_from_the_publisher_and_nothing_else_does()
    {
        await using var pypi = Index("torch", "2.9.1").Add(new TestWheel("numpy", "2.3"), "numpy");
        await using var publisher = Index("torch", "2.9.1+cu126")
            .Add(new TestWheel("numpy", "1.0"), "numpy")
            .Add(new TestWheel("torchvision", "0.24.1+cu126"), "torchvision");
        var (constraints, indexes) = await ResolveAsync(pypi, "cu126", isDefault: false, publisher.Root.AbsoluteUri);
        Assert.Equal(["torch==2.9.1+cu126", "torchvision==0.24.1"], constraints);
        Assert.Equal("torch-2.9.1+cu126-py3-none-any.whl", (await indexes.FindAsync("torch", Cancellation))!.Page.Files.Single().Filename);
        Assert.Equal("numpy-2.3-py3-none-any.whl", (await indexes.FindAsync("numpy", Cancellation))!.Page.Files.Single().Filename);
        Assert.DoesNotContain("/simple/numpy/", publisher.Asked);
    }

    private static TestIndex Index(string project, params string[] versions)
    {
        var index = new TestIndex();
        foreach (var version in versions)
        {
            index.Add(new TestWheel(project, version), project);
        }

        return index;
    }

    private static async Task<(IReadOnlyList<string> Constraints, PythonIndexes Indexes)> ResolveAsync(
        TestIndex site,
        string build,
        bool isDefault,
        string publisher
    )
    {
        // Not disposed of: the indexes that are returned still use it.
        var transport = new IndexTransport(new PipSettings { Retries = 0 }, IndexCredentials.None());
        var indexes = new PythonIndexes(new SimpleIndexClient(transport), [new PythonIndex("pypi", site.Root, PythonIndexes.PyPI)], []);
        return await BuildPins.ResolveAsync(
            new BuildPin
            {
                Project = "torch",
                Release = "2.9.1",
                Build = build,
                IsDefault = isDefault,
                Index = publisher,
            },
            [
                new BuildPin
                {
                    Project = "torchvision",
                    Release = "0.24.1",
                    Build = build,
                    IsDefault = isDefault,
                    Index = publisher,
                },
            ],
            indexes,
            Cancellation
        );
    }
}
