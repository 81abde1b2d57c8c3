using CsCheck;
using Torchyard.Packages.Python.Wheels;
using Torchyard.Packages.Tests.Python.Zip;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Locks;
using Torchyard.Testing.Python;

namespace Torchyard.Packages.Tests.Python.Wheels;

public sealed class HostileWheelTests
{
    private static readonly VenvLayout Layout = new("3.13", "/opt/venv");

    [Theory]
    [InlineData("data/lib64/x.so", "lib64/x.so")]
    [InlineData("data/pyvenv.cfg", "pyvenv.cfg")]
    [InlineData("data/pyvenv.cfg/x", "pyvenv.cfg/x")]
    [InlineData("scripts/python3.13", "bin/python3.13")]
    [InlineData("scripts/python", "bin/python")]
    [InlineData("scripts/activate", "bin/activate")]
    public void What_belongs_to_the_environment_is_not_replaced(string path, string target)
    {
        var error = Refusal(new TestWheel("demo", "1.0").Add($"demo-1.0.data/{path}", "x"));
        Assert.Equal("TY2502", error.Code);
        Assert.Contains($"it would replace '{target}'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_that_meet_only_after_installing_are_refused()
    {
        var twice = Refusal(new TestWheel("demo", "1.0").Add("demo.py", "a").Add("demo-1.0.data/purelib/demo.py", "b"));
        Assert.Contains("two of its files go to", twice.Message, StringComparison.Ordinal);
        var both = Refusal(new TestWheel("demo", "1.0").Add("demo", "a").Add("demo-1.0.data/platlib/demo/x.py", "b"));
        Assert.Contains("'lib/python3.13/site-packages/demo' would be both a file and a directory", both.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("#!python\r\nx", "#!/opt/venv/bin/python\n")]
    [InlineData("#!pythonw -E\nx", "#!/opt/venv/bin/python -E\n")]
    [InlineData("#!python/../../bin/sh\nx", "#!/opt/venv/bin/python\n")]
    [InlineData("#!python", "#!/opt/venv/bin/python\n")]
    public void A_script_that_asks_for_python_gets_the_environments(string script, string first)
    {
        var plan = Plan(new TestWheel("demo", "1.0").Add("demo-1.0.data/scripts/run", script));
        var file = plan.Files.Single(f => f.Path == "bin/run");
        Assert.StartsWith(first, System.Text.Encoding.UTF8.GetString(file.Content!.Value.Span), StringComparison.Ordinal);
    }

    [Fact]
    public void A_wheel_that_is_not_what_the_index_said_is_refused()
    {
        var test = new TestWheel("demo", "1.0");
        test.Requires.Add("Good_Lib>=1; python_version > '3'");
        Plan(test, p => p with { Requires = ["good-lib"] });
        Plan(test, p => p with { Version = "1" });
        Assert.Contains(
            "does not ask for evil",
            Refusal(test, p => p with { Requires = ["evil", "good-lib"] }).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "is of version 1.0, and the lock is for 1.1",
            Refusal(test, p => p with { Version = "1.1" }).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Two_distributions_that_want_a_path_as_file_and_as_directory_are_refused()
    {
        var one = Plan(new TestWheel("one", "1.0").Add("shared", "a"));
        var two = Plan(new TestWheel("two", "1.0").Add("shared/x.py", "b"));
        var error = Assert.Throws<TorchyardException>(() =>
            WheelConflicts.Check(
                new Dictionary<string, InstallPlan> { ["one"] = one, ["two"] = two },
                new LockedPython
                {
                    Interpreter = "3.13",
                    Resolver = "test",
                    Packages = [],
                }
            )
        );
        Assert.Equal("TY2510", error.Code);
        Assert.Contains("one  installs the file lib/python3.13/site-packages/shared", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_large_file_of_two_distributions_is_kept_once_and_a_small_one_with_each()
    {
        var large = new byte[2 << 20];
        var one = Plan(new TestWheel("one", "1.0").Add("lib/big.so", large).Add("lib/__init__.py", ""));
        var two = Plan(new TestWheel("two", "1.0").Add("lib/big.so", large).Add("lib/__init__.py", ""));
        var copy = Assert.Single(WheelConflicts.Copies(new Dictionary<string, InstallPlan> { ["two"] = two, ["one"] = one }));
        Assert.Equal(new WheelCollision("lib/python3.13/site-packages/lib/big.so", Loser: "two", Winner: "one"), copy);
    }

    [Theory]
    [InlineData("demo-1.0.dist-info/RECORD", "it has no RECORD")]
    [InlineData("demo-1.0.dist-info/WHEEL", "it has no WHEEL")]
    [InlineData("demo-1.0.dist-info/METADATA", "it has no METADATA")]
    public void A_wheel_without_its_own_files_is_refused(string missing, string reason)
    {
        var entries = new[] { "demo-1.0.dist-info/METADATA", "demo-1.0.dist-info/WHEEL", "demo-1.0.dist-info/RECORD" }
            .Where(name => name != missing)
            .Select(name => new RawEntry(
                name,
                System.Text.Encoding.UTF8.GetBytes(
                    name.EndsWith("METADATA", StringComparison.Ordinal) ? "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n"
                    : name.EndsWith("WHEEL", StringComparison.Ordinal) ? "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n"
                    : ""
                )
            ));
        Assert.Contains(
            reason,
            Assert.Throws<TorchyardException>(() => Open(RawZip.Build([.. entries]))).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Two_dist_info_directories_are_refused() =>
        Assert.Contains(
            "several .dist-info",
            Refusal(new TestWheel("demo", "1.0").Add("other-1.0.dist-info/METADATA", "x")).Message,
            StringComparison.Ordinal
        );

    /// <summary>
    /// Whatever happens to a wheel on its way: it is read as it was, or refused by its own error; never another exception, never much
    /// memory.
    /// </summary>
    [Fact]
    public void A_mutated_wheel_is_refused_or_whole()
    {
        var wheel = Sample();
        var before = Contents(wheel);
        Mutations(wheel)
            .Sample(
                mutated =>
                {
                    var allocated = GC.GetAllocatedBytesForCurrentThread();
                    try
                    {
                        foreach (var (path, content) in Contents(mutated))
                        {
                            Assert.False(path.StartsWith('/') || path.Split('/').Contains(".."), path);
                            // RECORD's hashes vouch for every file but RECORD itself, which is made anew.
                            Assert.True(
                                before.TryGetValue(path, out var known)
                                    && (known.AsSpan().SequenceEqual(content) || path.EndsWith("RECORD", StringComparison.Ordinal)),
                                path
                            );
                        }
                    }
                    catch (TorchyardException refused)
                    {
                        Assert.Contains(refused.Code, (string[])["TY2501", "TY2502"]);
                        Assert.Contains("demo-1.0-py3-none-any.whl", refused.Message, StringComparison.Ordinal);
                    }

                    Assert.True(GC.GetAllocatedBytesForCurrentThread() - allocated < 64 << 20, "a small wheel took much memory");
                },
                iter: 4000
            );
    }

    internal static byte[] Sample() =>
        new TestWheel("demo", "1.0") { EntryPoints = "[console_scripts]\nrun = demo:main\n" }
            .Add("demo/__init__.py", "x = 1\n")
            .Add("demo/data.bin", [.. Enumerable.Range(0, 9000).Select(i => (byte)(i * i >> 5))])
            .Add("demo-1.0.data/scripts/tool", "#!python\nprint(1)\n")
            .Build();

    /// <summary>Changed bytes anywhere and in the directory, cuts, and pieces that are repeated or left out.</summary>
    internal static Gen<byte[]> Mutations(byte[] wheel)
    {
        var tail = wheel.Length * 2 / 3;
        var change = Gen.Select(
            Gen.OneOf(Gen.Int[0, wheel.Length - 1], Gen.Int[tail, wheel.Length - 1]),
            Gen.OneOf(Gen.Byte, Gen.Int[0, 4].Select(i => new byte[] { 0, 0xFF, 0x7F, (byte)'.', (byte)'/' }[i]))
        );
        var changes = change
            .Array[1, 4]
            .Select(all =>
            {
                var copy = (byte[])wheel.Clone();
                foreach (var (at, value) in all)
                {
                    copy[at] = value;
                }

                return copy;
            });
        var pieces = Gen.Select(Gen.Int[0, wheel.Length], Gen.Int[0, wheel.Length], Gen.Int[0, wheel.Length])
            .Select(
                (from, to, at) =>
                {
                    var piece = wheel.AsSpan(Math.Min(from, to), Math.Abs(from - to));
                    return (byte[])[.. wheel.AsSpan(0, at), .. piece, .. wheel.AsSpan(Math.Min(wheel.Length, at + piece.Length))];
                }
            );
        return Gen.OneOf(changes, changes, Gen.Int[0, wheel.Length].Select(length => wheel[..length]), pieces);
    }

    private static Dictionary<string, byte[]> Contents(byte[] data)
    {
        using var wheel = Open(data);
        var plan = new InstallPlanner(Layout).Plan(wheel, Package("demo", "1.0", data));
        var result = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var file in plan.Files)
        {
            if (file.Content is { } made)
            {
                result.Add(file.Path, made.ToArray());
                continue;
            }

            using var copy = new MemoryStream();
            try
            {
                using var stream = wheel.OpenFile(file.Source!);
                stream.CopyTo(copy);
            }
            catch (InvalidDataException damaged)
            {
                // What the layer's writer turns into this error.
                throw new TorchyardException("TY2501", $"{wheel.FileName.Text}: {damaged.Message}", "");
            }

            WheelFileHash.Require(wheel, file.Source!, copy.ToArray());
            result.Add(file.Path, copy.ToArray());
        }

        return result;
    }

    private static WheelArchive Open(byte[] data) => WheelArchive.Open(new MemoryZipSource(data), "demo-1.0-py3-none-any.whl");

    private static InstallPlan Plan(TestWheel test, Func<LockedPythonPackage, LockedPythonPackage>? change = null)
    {
        var data = test.Build();
        var package = Package(test.FileName.Split('-')[0], test.FileName.Split('-')[1], data);
        return new InstallPlanner(Layout).Plan(
            WheelArchive.Open(new MemoryZipSource(data), test.FileName),
            change?.Invoke(package) ?? package
        );
    }

    private static TorchyardException Refusal(TestWheel test, Func<LockedPythonPackage, LockedPythonPackage>? change = null) =>
        Assert.Throws<TorchyardException>(() => Plan(test, change));

    private static LockedPythonPackage Package(string name, string version, byte[] data) =>
        new()
        {
            Name = name,
            Version = version,
            Filename = $"{name}-{version}-py3-none-any.whl",
            Size = data.Length,
            Sha256 = Digest.Of(data),
        };
}
