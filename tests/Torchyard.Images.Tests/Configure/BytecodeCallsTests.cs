using Torchyard.Images.Debian.Configure;
using Torchyard.Images.Debian.Packages;
using Torchyard.Images.Tar;
using Torchyard.Images.Tests.Deb;

namespace Torchyard.Images.Tests.Configure;

public sealed class BytecodeCallsTests
{
    [Theory]
    [InlineData("\tpy3compile -p python3-numpy:amd64 \n", "python3-numpy", "")]
    [InlineData("\tpy3compile -p python3-zipp -V 3.8-\n", "python3-zipp", "")]
    [InlineData("\tpy3compile -p dh-tool /usr/share/dh-tool\n", "dh-tool", "/usr/share/dh-tool")]
    public void Calls_of_dh_python3_are_read(string line, string package, string directories)
    {
        var call = Assert.Single(BytecodeCalls.Foresee(Package("if command -v py3compile >/dev/null 2>&1; then\n" + line + "fi\n")));

        Assert.Equal(package, call.Package);
        Assert.Equal(directories, string.Join(' ', call.Directories));
    }

    [Theory]
    [InlineData("\tpypy3compile -p python3-numpy || true\n")]
    [InlineData("\tpy3compile -p python3-x /usr/share/x -X '.*bad.*'\n")]
    [InlineData("# py3compile -p python3-x\n")]
    public void What_only_py3compile_can_judge_is_left_to_the_check_afterwards(string line) =>
        Assert.Empty(BytecodeCalls.Foresee(Package(line)));

    [Fact]
    public void The_interpreter_s_own_call_is_read()
    {
        var call = Assert.Single(
            BytecodeCalls.Foresee(
                Package(
                    "files=$(dpkg -L libpython3.13-stdlib:amd64 | sed -n '/^\\/usr\\/lib\\/python3.13\\/.*\\.py$/p')\n"
                        + "/usr/bin/python3.13 -E -S /usr/lib/python3.13/py_compile.py $files\n"
                )
            )
        );

        Assert.Equal("libpython3.13-stdlib", call.Package);
        Assert.Equal(["/usr/lib/python3.13/"], call.Directories);
    }

    [Fact]
    public void Public_modules_are_those_of_dist_packages()
    {
        TarEntry[] entries =
        [
            .. new[]
            {
                "usr/lib/python3/dist-packages/a.py",
                "usr/lib/python3/dist-packages/b/c.py",
                "usr/lib/python3.13/d.py",
                "usr/share/e/f.py",
                "usr/lib/python3/dist-packages/g.txt",
            }.Select(name => new TarEntry { Name = name, Kind = TarKind.File }),
        ];

        Assert.Equal(
            ["usr/lib/python3/dist-packages/a.py", "usr/lib/python3/dist-packages/b/c.py"],
            BytecodeCalls.Modules(new BytecodeCalls.Call("x", []), entries).Select(entry => entry.Name)
        );
        Assert.Equal(
            ["usr/share/e/f.py"],
            BytecodeCalls.Modules(new BytecodeCalls.Call("x", ["/usr/share/e"]), entries).Select(entry => entry.Name)
        );
    }

    private static UnpackedPackage Package(string postinst) =>
        new()
        {
            Package = DebBuilder.Locked("x", [1]),
            Control = ControlParagraph.Parse("Package: x\n")!,
            ControlFiles = new() { ["postinst"] = new ControlFile(System.Text.Encoding.UTF8.GetBytes(postinst), true, 0) },
            Entries = [],
            Archive = [],
            ListedPaths = [],
            ConffileHashes = new Dictionary<string, string>(),
        };
}
