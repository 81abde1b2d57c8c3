using System.Text;
using Torchyard.Packages.Python.Wheels;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Locks;
using Torchyard.Testing.Python;

namespace Torchyard.Packages.Tests.Python.Wheels;

public sealed class InstallPlannerTests
{
    private static readonly VenvLayout Layout = new("3.13", "/opt/venv");

    [Fact]
    public void Every_scheme_goes_where_pip_puts_it()
    {
        var test = new TestWheel("Demo", "1.0") { EntryPoints = "[console_scripts]\ndemo = demo.cli:App.main\n" }
            .Add("demo/__init__.py", "x = 1\n")
            .Add("demo/tool.sh", "#!/bin/sh\n", 0x1ED)
            .Add("Demo-1.0.data/purelib/pure.py", "")
            .Add("Demo-1.0.data/platlib/plat.so", "elf")
            .Add("Demo-1.0.data/headers/demo.h", "int x;\n")
            .Add("Demo-1.0.data/data/share/demo/x.txt", "x")
            .Add("Demo-1.0.data/scripts/run", "#!python -u\nprint(1)\n")
            .Add("Demo-1.0.data/scripts/binary", "\u007fELF");
        using var wheel = WheelArchive.Open(new MemoryZipSource(test.Build()), test.FileName);

        var plan = new InstallPlanner(Layout).Plan(
            wheel,
            Package(test) with
            {
                Requested = true,
                Url = "https://host/Demo-1.0-py3-none-any.whl",
            }
        );

        const string Site = "lib/python3.13/site-packages/";
        Assert.Equal(
            [
                "bin/binary x",
                "bin/demo x",
                "bin/run x",
                "include/site/python3.13/Demo/demo.h",
                Site + "Demo-1.0.dist-info/INSTALLER",
                Site + "Demo-1.0.dist-info/METADATA",
                Site + "Demo-1.0.dist-info/RECORD",
                Site + "Demo-1.0.dist-info/REQUESTED",
                Site + "Demo-1.0.dist-info/WHEEL",
                Site + "Demo-1.0.dist-info/direct_url.json",
                Site + "Demo-1.0.dist-info/entry_points.txt",
                Site + "demo/__init__.py",
                Site + "demo/tool.sh x",
                Site + "plat.so",
                Site + "pure.py",
                "share/demo/x.txt",
            ],
            plan.Files.Select(f => f.Path + (f.Executable ? " x" : "")).Order(StringComparer.Ordinal)
        );
        Assert.Equal("#!/opt/venv/bin/python -u\nprint(1)\n", Text(plan, "bin/run"));
        Assert.Equal(
            "#!/opt/venv/bin/python\nimport sys\nfrom demo.cli import App\nif __name__ == '__main__':\n    sys.argv[0] = "
                + "sys.argv[0].removesuffix('.exe')\n    sys.exit(App.main())\n",
            Text(plan, "bin/demo")
        );
        var record = RecordFile.Parse(Encoding.UTF8.GetBytes(Text(plan, Site + "Demo-1.0.dist-info/RECORD")));
        Assert.Equal(plan.Files.Count, record.Count);
        Assert.Contains("../../../bin/run", record.Keys);
        Assert.All(record.Values, line => Assert.Equal(line.Path.EndsWith("/RECORD", StringComparison.Ordinal), line.Hash is null));
        Assert.Contains("\"sha256\"", Text(plan, Site + "Demo-1.0.dist-info/direct_url.json"), StringComparison.Ordinal);
    }

    [Fact]
    public void The_origin_of_what_was_built_is_its_source()
    {
        var package = Package(new TestWheel("Demo", "1.0")) with { Url = null };
        var git = new LockedSource
        {
            Url = "https://host/r",
            Commit = new string('c', 40),
            Revision = "main",
            Subdirectory = "py",
        };
        Assert.Equal(
            $$$"""{"vcs_info":{"commit_id":"{{{git.Commit}}}","requested_revision":"main","vcs":"git"},"subdirectory":"py","url":"https://host/r"}""",
            Encoding.UTF8.GetString(DirectUrl.Of(package with { Source = git })!)
        );
        var archive = new LockedSource
        {
            Url = "https://host/a.zip",
            Filename = "a.zip",
            Size = 1,
            Sha256 = Digest.Of("a"u8),
        };
        Assert.Contains(
            $"\"sha256\":\"{Digest.Of("a"u8).Hex}\"",
            Encoding.UTF8.GetString(DirectUrl.Of(package with { Source = archive })!),
            StringComparison.Ordinal
        );
        Assert.Null(DirectUrl.Of(package with { Source = archive with { Url = null, Path = "a.zip" } }));
        Assert.Null(DirectUrl.Of(package with { Source = archive with { Url = null }, Index = "pypi" }));
    }

    [Theory]
    [InlineData("Demo-1.0.data/data/pyvenv.cfg")]
    [InlineData("Demo-1.0.data/scripts/python")]
    [InlineData("Demo-1.0.data/scripts/activate")]
    [InlineData("Demo-1.0.data/unknown/x")]
    public void Files_that_take_the_environment_over_are_refused(string path)
    {
        var test = new TestWheel("Demo", "1.0").Add(path, "x");
        using var wheel = WheelArchive.Open(new MemoryZipSource(test.Build()), test.FileName);
        Assert.Equal("TY2502", Assert.Throws<TorchyardException>(() => new InstallPlanner(Layout).Plan(wheel, Package(test))).Code);
    }

    [Fact]
    public void A_script_whose_hash_is_wrong_is_refused()
    {
        var test = new TestWheel("Demo", "1.0")
        {
            Record = r =>
                string.Join(
                    '\n',
                    r.Split('\n')
                        .Select(l =>
                            l.StartsWith("Demo-1.0.data/scripts/run,", StringComparison.Ordinal)
                                ? "Demo-1.0.data/scripts/run,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,8"
                                : l
                        )
                ),
        }.Add("Demo-1.0.data/scripts/run", "#!python");
        using var wheel = WheelArchive.Open(new MemoryZipSource(test.Build()), test.FileName);
        Assert.Contains(
            "has not the hash",
            Assert.Throws<TorchyardException>(() => new InstallPlanner(Layout).Plan(wheel, Package(test))).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Two_builds_of_nccl_are_refused_with_who_needs_them()
    {
        var twelve = new TestWheel("nvidia-nccl-cu12", "2.27").Add("nvidia/nccl/lib/libnccl.so.2", "12").Add("nvidia/__init__.py", "");
        var thirteen = new TestWheel("nvidia-nccl-cu13", "2.28").Add("nvidia/nccl/lib/libnccl.so.2", "13").Add("nvidia/__init__.py", "");
        var error = Assert.Throws<TorchyardException>(() => Check(twelve, thirteen));
        Assert.Equal("TY2510", error.Code);
        Assert.Contains("nvidia-nccl-cu12 2.27 (needed by torch) and nvidia-nccl-cu13 2.28", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_file_twice_is_no_conflict_and_a_stray_text_is_decided_by_name()
    {
        var one = new TestWheel("one", "1").Add("tests/__init__.py", "1").Add("same.py", "s");
        var two = new TestWheel("two", "1").Add("tests/__init__.py", "2").Add("same.py", "s");
        Assert.Equal(new WheelCollision("lib/python3.13/site-packages/tests/__init__.py", "one", "two"), Assert.Single(Check(two, one)));
    }

    [Fact]
    public void Two_cudnns_are_refused_also_when_one_is_debians()
    {
        Assert.Equal(
            "TY2511",
            Assert.Throws<TorchyardException>(() => WheelConflicts.CheckCudnn(["nvidia-cudnn-cu12", "nvidia-cudnn-cu13"], null)).Code
        );
        Assert.Equal(
            "TY2511",
            Assert.Throws<TorchyardException>(() => WheelConflicts.CheckCudnn(["nvidia-cudnn-cu12"], null, ["libcudnn9-cuda-12"])).Code
        );
        WheelConflicts.CheckCudnn(["nvidia-cudnn-cu12", "nvidia-cudnn-frontend"], null, ["libc6"]);
    }

    private static IReadOnlyList<WheelCollision> Check(params TestWheel[] wheels)
    {
        var packages = wheels.Select(Package).ToList();
        var torch = Package(new TestWheel("torch", "2.9")) with { Requires = [packages[0].Name] };
        var locked = new LockedPython
        {
            Interpreter = "3.13",
            Resolver = "test",
            Packages = [.. packages, torch],
        };
        var plans = wheels
            .Zip(packages)
            .ToDictionary(
                p => p.Second.Name,
                p => new InstallPlanner(Layout).Plan(WheelArchive.Open(new MemoryZipSource(p.First.Build()), p.First.FileName), p.Second)
            );
        return WheelConflicts.Check(plans, locked);
    }

    private static LockedPythonPackage Package(TestWheel wheel)
    {
        var content = wheel.Build();
        return new LockedPythonPackage
        {
            Name = wheel.Stem[..wheel.Stem.IndexOf('-', StringComparison.Ordinal)].Replace('_', '-').ToLowerInvariant(),
            Version = wheel.Stem[(wheel.Stem.IndexOf('-', StringComparison.Ordinal) + 1)..],
            Filename = wheel.FileName,
            Size = content.Length,
            Sha256 = Digest.Of(content),
        };
    }

    private static string Text(InstallPlan plan, string path) =>
        Encoding.UTF8.GetString(plan.Files.Single(f => f.Path == path).Content!.Value.Span);
}
