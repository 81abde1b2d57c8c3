using Torchyard.Packages.Python.Wheels;
using Torchyard.Platform.Errors;
using Torchyard.Testing.Python;

namespace Torchyard.Packages.Tests.Python.Wheels;

public sealed class WheelArchiveTests
{
    [Fact]
    public void A_wheel_is_read_with_its_metadata_scripts_and_hashes()
    {
        var test = new TestWheel("Demo.Pkg", "1.2", "cp313-cp313-manylinux_2_17_x86_64.manylinux2014_x86_64")
        {
            Purelib = false,
            RequiresPython = ">=3.9",
            EntryPoints =
                "[console_scripts]\ndemo = demo.cli:main\n# comment\n[gui_scripts]\ndemo-ui = demo.ui : App.run [ui]\n[other]\nx = y\n",
        };
        test.Requires.Add("numpy>=1.2; python_version < '3.14'");
        test.Add("demo/__init__.py", "x = 1\n");

        using var wheel = Open(test);

        Assert.Equal("demo-pkg", wheel.FileName.Name);
        Assert.Equal(2, wheel.FileName.Tags.Count);
        Assert.Equal("manylinux2014_x86_64", wheel.FileName.Tags[1].Platform);
        Assert.Equal("Demo.Pkg-1.2.data", wheel.DataDirectory);
        Assert.False(wheel.RootIsPurelib);
        Assert.Equal(">=3.9", wheel.Metadata.RequiresPython);
        Assert.Equal("numpy>=1.2; python_version < '3.14'", Assert.Single(wheel.Metadata.RequiresDist));
        Assert.Equal([new ConsoleScript("demo", "demo.cli", "main"), new ConsoleScript("demo-ui", "demo.ui", "App.run")], wheel.Scripts);
        Assert.Equal("demo/__init__.py", wheel.Files[0].Entry.Name);
        Assert.NotNull(wheel.Files[0].Hash);
        Assert.Null(wheel.Files[^1].Hash);
        Assert.Empty(wheel.Warnings);
    }

    [Fact]
    public void A_file_that_record_leaves_out_is_refused()
    {
        var test = new TestWheel("demo", "1").Add("demo.py", "");
        test.ExtraEntries.Add("evil.pth");
        Assert.Contains("RECORD has no hash for 'evil.pth'", Refusal(test, "TY2501"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_weak_hash_is_refused()
    {
        var test = new TestWheel("demo", "1") { Record = r => r.Replace("demo.py,sha256=", "demo.py,md5=", StringComparison.Ordinal) }.Add(
            "demo.py",
            ""
        );
        Assert.Contains("sha256 or better", Refusal(test, "TY2501"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_size_is_refused()
    {
        var test = new TestWheel("demo", "1") { Record = r => r.Replace(",4\n", ",5\n", StringComparison.Ordinal) }.Add("demo.py", "abcd");
        Assert.Contains("RECORD gives 5 bytes for 'demo.py'", Refusal(test, "TY2501"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_line_without_a_file_is_told()
    {
        var test = new TestWheel("demo", "1") { Record = r => r + "gone.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\n" };
        using var wheel = Open(test);
        Assert.Contains("gone.py", Assert.Single(wheel.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void A_newer_major_format_is_refused_and_a_newer_minor_is_told()
    {
        Assert.Contains(
            "wheel format 2.0",
            Refusal(new TestWheel("demo", "1") { WheelVersion = "2.0" }, "TY2502"),
            StringComparison.Ordinal
        );
        using var wheel = Open(new TestWheel("demo", "1") { WheelVersion = "1.9" });
        Assert.Single(wheel.Warnings);
    }

    [Theory]
    [InlineData("[console_scripts]\n../x = a:b\n")]
    [InlineData("[console_scripts]\nx = a:b; import os\n")]
    [InlineData("[console_scripts]\nx = a\n")]
    [InlineData("[console_scripts]\nx = a:b\nx = c:d\n")]
    [InlineData("[console_scripts\n")]
    public void Entry_points_that_are_no_names_are_refused(string text) =>
        Assert.Contains("entry_points.txt", Refusal(new TestWheel("demo", "1") { EntryPoints = text }, "TY2501"), StringComparison.Ordinal);

    [Fact]
    public void A_name_that_is_not_in_the_metadata_is_refused()
    {
        var test = new TestWheel("demo", "1");
        var error = Assert.Throws<TorchyardException>(() =>
            WheelArchive.Open(new MemoryZipSource(test.Build()), "other-1-py3-none-any.whl")
        );
        Assert.Equal("TY2501", error.Code);
        Assert.Contains("do not agree", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("demo-1.whl")]
    [InlineData("demo-1-py3-none-any.zip")]
    [InlineData("demo-1-x-py3-none-any.whl")]
    [InlineData("../demo-1-py3-none-any.whl")]
    public void A_name_that_is_no_wheels_is_refused(string name) =>
        Assert.Equal(
            "TY2501",
            Assert.Throws<TorchyardException>(() => WheelArchive.Open(new MemoryZipSource(new TestWheel("demo", "1").Build()), name)).Code
        );

    private static WheelArchive Open(TestWheel test) => WheelArchive.Open(new MemoryZipSource(test.Build()), test.FileName);

    private static string Refusal(TestWheel test, string code)
    {
        var error = Assert.Throws<TorchyardException>(() => Open(test));
        Assert.Equal(code, error.Code);
        return error.Message;
    }
}
