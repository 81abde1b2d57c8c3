using Torchyard.Packages.Python.Names;
using Torchyard.Packages.Python.Requirements;
using Torchyard.Packages.Python.Versions;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Sources;

namespace Torchyard.Packages.Tests.Python.Requirements;

public sealed class PylockReaderTests
{
    private static readonly string Hash = new('a', 64);

    [Fact]
    public void The_wheel_that_fits_best_is_taken_and_markers_count()
    {
        var (locked, none) = Read(
            $$"""
            lock-version = "1.0"
            created-by = "uv"
            requires-python = ">=3.12"
            [[packages]]
            name = "Demo"
            version = "1.0"
            index = "https://pypi.org/simple"
            dependencies = [{ name = "lib" }]
            wheels = [
              { url = "https://f/demo-1.0-py3-none-any.whl", size = 5, hashes = { sha256 = "{{Hash}}" } },
              { url = "https://f/demo-1.0-cp313-cp313-manylinux_2_28_x86_64.whl", size = 6, hashes = { sha256 = "{{Hash}}" } },
              { url = "https://f/demo-1.0-cp313-cp313-musllinux_1_1_x86_64.whl", size = 7, hashes = { sha256 = "{{Hash}}" } },
            ]
            [[packages]]
            name = "lib"
            version = "2"
            wheels = [{ url = "https://f/lib-2-py3-none-any.whl", size = 5, hashes = { sha256 = "{{Hash}}" } }]
            [[packages]]
            name = "winonly"
            marker = "sys_platform == 'win32'"
            """
        );
        Assert.Equal(["demo", "lib"], locked.Packages.Select(p => p.Name));
        Assert.Equal("demo-1.0-cp313-cp313-manylinux_2_28_x86_64.whl", locked.Packages[0].Filename);
        Assert.Equal(6, locked.Packages[0].Size);
        Assert.Equal(["lib"], locked.Packages[0].Requires);
        Assert.Equal("pypi", locked.Packages[0].Index);
        Assert.Null(locked.Packages[0].Url);
        Assert.Equal("https://f/lib-2-py3-none-any.whl", locked.Packages[1].Url);
        Assert.Equal(new LockedPythonIndex("pypi", "https://pypi.org/simple/"), Assert.Single(locked.Indexes));
        Assert.Equal("pylock.toml by uv", locked.Resolver);
        Assert.Empty(none);
    }

    [Fact]
    public void What_has_no_fitting_wheel_is_to_be_built_of_its_source()
    {
        var commit = new string('c', 40);
        var (locked, sources) = Read(
            $$"""
            lock-version = "1.0"
            [[packages]]
            name = "indexed"
            version = "1.0"
            index = "https://pypi.org/simple"
            sdist = { name = "indexed-1.0.tar.gz", url = "https://f/indexed-1.0.tar.gz", size = 5, hashes = { sha256 = "{{Hash}}" } }
            [[packages]]
            name = "asked"
            archive = { url = "https://f/asked.zip", subdirectory = "py", hashes = { sha256 = "{{Hash}}" } }
            [[packages]]
            name = "vcs"
            vcs = { type = "git", url = "https://host/r", requested-revision = "main", commit-id = "{{commit}}" }
            """
        );
        Assert.Equal(["asked", "indexed", "vcs"], locked.Packages.Select(package => package.Name));
        Assert.Equal((true, 5L, "pypi"), (sources["indexed"].IsFromIndex, sources["indexed"].Size, locked.Packages[1].Index));
        Assert.Equal((false, "py", "asked.zip"), (sources["asked"].IsFromIndex, sources["asked"].Subdirectory, sources["asked"].Filename));
        Assert.Equal(("https://host/r", "main", commit), (sources["vcs"].PublicUrl, sources["vcs"].Revision, sources["vcs"].Commit));
    }

    [Theory]
    [InlineData("lock-version = \"2.0\"")]
    [InlineData("lock-version = \"1.0\"\npackages = 3")]
    [InlineData("lock-version = \"1.0\"\n[[packages]]\nname = \"-\"")]
    [InlineData("lock-version = \"1.0\"\n[[packages]]\nname = \"x\"\nwheels = [{ url = \"https://f/x.whl\" }]")]
    public void What_needs_no_interpreter_to_be_seen_is_refused_before_there_is_one(string text)
    {
        using var directory = new TemporaryDirectory();
        directory.Write("pylock.toml", text);
        var error = Assert.Throws<TorchyardException>(() => PylockReader.HasRepositories("pylock.toml", new ProjectFiles(directory.Path)));
        Assert.Equal("TY2515", error.Code);
        Assert.Equal("pylock.toml", error.Location!.File);
    }

    [Theory]
    [InlineData("lock-version = \"2.0\"", "TY2515")]
    [InlineData("lock-version = \"1.0\"\nrequires-python = \"<3.10\"", "TY2515")]
    [InlineData("lock-version = \"1.0\"\nenvironments = [\"sys_platform == 'win32'\"]", "TY2515")]
    [InlineData("lock-version = \"1.0\"\n[[packages]]\nname = \"x\"\nvcs = { type = \"git\" }", "TY2515")]
    [InlineData(
        "lock-version = \"1.0\"\n[[packages]]\nname = \"x\"\nvcs = { type = \"hg\", url = \"https://h/r\", commit-id = "
            + "\"0123456789012345678901234567890123456789\" }",
        "TY2514"
    )]
    [InlineData("lock-version = \"1.0\"\n[[packages]]\nname = \"x\"\n", "TY2513")]
    [InlineData("lock-version = \"1.0\"\n[[packages]]\nname = \"x\"\nsdist = { url = \"https://f/x-1.tar.gz\" }", "TY2515")]
    [InlineData(
        "lock-version = \"1.0\"\n[[packages]]\nname = \"x\"\n"
            + "wheels = [{ url = \"https://f/x-1-py3-none-any.whl\", size = 1, hashes = {} }]",
        "TY2515"
    )]
    [InlineData("lock-version = ", "TY2515")]
    [InlineData("lock-version = 1", "TY2515")]
    [InlineData("lock-version = \"1.0\"\npackages = 3", "TY2515")]
    [InlineData("lock-version = \"1.0\"\npackages = [1]", "TY2515")]
    [InlineData("lock-version = \"1.0\"\n[[packages]]\nname = \"x\"\nwheels = \"y\"", "TY2515")]
    [InlineData("lock-version = \"1.0\"\n[[packages]]\nname = \"x\"\nvcs = \"git\"", "TY2515")]
    [InlineData(
        "lock-version = \"1.0\"\n[[packages]]\nname = \"x\"\nindex = \"nowhere\"\nwheels = [{ url = \"https://f/x-1-py3-none-any.whl\", "
            + "size = 1, hashes = { sha256 = \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\" } }]",
        "TY2515"
    )]
    public void What_cannot_be_used_is_refused(string text, string code) =>
        Assert.Equal(code, Assert.Throws<TorchyardException>(() => Read(text)).Code);

    private static (LockedPython Locked, IReadOnlyDictionary<string, SourceReference> Sources) Read(string text)
    {
        using var directory = new TemporaryDirectory();
        directory.Write("pylock.toml", text);
        return PylockReader.Read(
            "pylock.toml",
            new ProjectFiles(directory.Path),
            new InterpreterTarget(13, 41),
            PythonVersion.Parse("3.13.5")
        );
    }
}
