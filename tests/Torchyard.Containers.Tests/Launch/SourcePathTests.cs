using CsCheck;
using Torchyard.Containers.Namespaces;
using Torchyard.Platform.Errors;

namespace Torchyard.Containers.Tests.Launch;

public sealed class SourcePathTests : IDisposable
{
    private readonly TemporaryDirectory _root = new();

    private string Project => Path.Combine(_root.Path, "project");

    public SourcePathTests()
    {
        Directory.CreateDirectory(Path.Combine(Project, "data/deep"));
        Directory.CreateDirectory(Path.Combine(_root.Path, "disk/data"));
    }

    public void Dispose() => _root.Dispose();

    [Fact]
    public void A_link_of_the_machine_is_followed()
    {
        File.CreateSymbolicLink(Path.Combine(_root.Path, "link"), "disk/data");

        Assert.Equal(
            Path.Combine(_root.Path, "disk/data"),
            SourcePath.Resolve(Path.Combine(_root.Path, "link/../../disk/./data"), [Project], "/d")
        );
        Assert.Equal(
            Path.Combine(_root.Path, "disk/data/new/er"),
            SourcePath.Resolve(Path.Combine(_root.Path, "link/new/er"), [Project], "/d")
        );
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/etc/shadow")]
    [InlineData("../disk")]
    [InlineData("deep")]
    [InlineData("/proc/self/root")]
    [InlineData("nowhere")]
    public void A_link_in_a_directory_that_containers_write_to_is_refused_wherever_it_leads(string target)
    {
        File.CreateSymbolicLink(Path.Combine(Project, "data/planted"), target);
        File.CreateSymbolicLink(Path.Combine(_root.Path, "way"), "project/data");

        foreach (
            var path in new[]
            {
                Path.Combine(Project, "data/planted"),
                Path.Combine(Project, "data/planted/more"),
                Path.Combine(_root.Path, "way/planted"),
                Path.Combine(Project, "x/../data/planted"),
            }
        )
        {
            var error = Assert.Throws<TorchyardException>(() => SourcePath.Resolve(path, [Project], "/d"));
            Assert.Equal("TY4092", error.Code);
        }
    }

    [Fact]
    public void Links_in_a_circle_are_told()
    {
        File.CreateSymbolicLink(Path.Combine(_root.Path, "a"), "b");
        File.CreateSymbolicLink(Path.Combine(_root.Path, "b"), "a");

        Assert.Equal("TY4034", Assert.Throws<TorchyardException>(() => SourcePath.Resolve(Path.Combine(_root.Path, "a"), [], "/d")).Code);
    }

    [Fact]
    public void What_comes_out_has_no_link_and_is_what_the_kernel_finds() =>
        Gen.Select(Gen.Int[0, 5].Array[1, 6], Gen.Int[0, 5].Array[1, 5])
            .Sample(
                (links, parts) =>
                {
                    using var scratch = new TemporaryDirectory();
                    string[] names = ["a", "b", "c", "d", "e", "f"];
                    for (var i = 0; i < links.Length; i++)
                    {
                        var place = Path.Combine(scratch.Path, names[i]);
                        if (links[i] < i)
                        {
                            File.CreateSymbolicLink(
                                place,
                                links[i] % 2 == 0 ? names[links[i]] : Path.Combine(scratch.Path, names[links[i]])
                            );
                        }
                        else
                        {
                            Directory.CreateDirectory(place);
                        }
                    }

                    var path = Path.Combine([scratch.Path, .. parts.Select((part, i) => i > 0 && part == 5 ? ".." : names[part])]);
                    var real = SourcePath.Resolve(path, [], "/d");
                    for (var up = real; up.Length > scratch.Path.Length; up = Path.GetDirectoryName(up)!)
                    {
                        Assert.Null(new FileInfo(up).LinkTarget);
                    }
                },
                iter: 200
            );
}
