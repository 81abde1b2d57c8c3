using System.Text;
using Torchyard.Packages.Python.Names;
using Torchyard.Packages.Python.Sources;
using Torchyard.Platform.Errors;

namespace Torchyard.Packages.Tests.Python.Sources;

public sealed class BuildBackendTests
{
    [Theory]
    [InlineData("[build-system]\nrequires = [\"hatchling\"]\nbuild-backend = \"hatchling.build\"\n", "hatchling.build", "hatchling", "")]
    [InlineData("[build-system]\nrequires = []\nbuild-backend = \"own:api.v1\"\nbackend-path = [\"_b\"]\n", "own:api.v1", "", "_b")]
    [InlineData("[build-system]\nrequires = [\"setuptools\", \"cython\"]\n", "setuptools.build_meta:__legacy__", "setuptools cython", "")]
    [InlineData("[tool.x]\ny = 1\n", "setuptools.build_meta:__legacy__", "setuptools>=40.8.0", "")]
    [InlineData(null, "setuptools.build_meta:__legacy__", "setuptools>=40.8.0", "")]
    public void The_build_system_is_read_as_the_specification_says(string? text, string name, string requires, string path)
    {
        var backend = BuildBackend.Read(text is null ? null : Encoding.UTF8.GetBytes(text), hasSetup: true, "x");
        Assert.Equal((name, requires, path), (backend.Backend, string.Join(' ', backend.Requires), string.Join(' ', backend.BackendPath)));
    }

    [Theory]
    [InlineData("[build-system]\nbuild-backend = \"x\"\n")]
    [InlineData("[build-system]\nrequires = [1]\n")]
    [InlineData("[build-system]\nrequires = []\nbuild-backend = \"os;x\"\n")]
    [InlineData("[build-system]\nrequires = []\nbuild-backend = \"x\"\nbackend-path = [\"../..\"]\n")]
    [InlineData("[build-system]\nrequires = []\nbuild-backend = \"x\"\nbackend-path = [\"/etc\"]\n")]
    [InlineData("[build-system\n")]
    [InlineData(null)]
    public void What_is_no_project_is_refused(string? text) =>
        Assert.Equal(
            "TY2523",
            Assert
                .Throws<TorchyardException>(() =>
                    BuildBackend.Read(text is null ? null : Encoding.UTF8.GetBytes(text), hasSetup: false, "x")
                )
                .Code
        );

    [Theory]
    [InlineData("demo-1.0.tar.gz", "demo", "1.0")]
    [InlineData("My.Demo-x-2.0rc1.zip", "my-demo-x", "2.0rc1")]
    [InlineData("demo-1.0-2.tgz", "demo", "1.0.post2")]
    [InlineData("demo-1.0.whl", "demo", null)]
    [InlineData("demo-other-1.0.tar.gz", "demo", null)]
    [InlineData("demo.tar.gz", "demo", null)]
    public void File_names_of_source_distributions_give_the_version(string filename, string name, string? version)
    {
        Assert.Equal(version is not null, SourceArchiveName.TryParse(filename, name, out var read));
        Assert.Equal(version, read?.ToString());
    }

    [Theory]
    [InlineData("fatal error: Python.h: No such file or directory", "\"gcc\", \"python3-dev\"")]
    [InlineData("foo.c:3:10: fatal error: zlib.h: No such file or directory", "the Debian package that has zlib.h")]
    [InlineData("FileNotFoundError: [Errno 2] No such file or directory: 'cmake'", "\"cmake\", \"g++\"")]
    [InlineData("sh: 1: g++: not found", "\"g++\", \"python3-dev\"")]
    [InlineData("ERROR: Unknown compiler(s): [['cc'], ['gcc']]", "\"gcc\", \"python3-dev\"")]
    [InlineData(
        "urllib.error.URLError: <urlopen error [Errno -3] Temporary failure in name resolution>",
        "the network, which no build has"
    )]
    [InlineData("Traceback: ValueError", "If it lacks a compiler")]
    public void The_cure_names_what_the_last_lines_show(string output, string cure)
    {
        var error = BuildFailure.Explain("x", "build_wheel", new HookResult(1, output, [], null));
        Assert.Contains(cure, error.Cure, StringComparison.Ordinal);
        Assert.Contains(output, error.Message, StringComparison.Ordinal);
    }
}
