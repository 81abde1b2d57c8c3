using System.Text.Json;
using Torchyard.EndToEnd.Program;

namespace Torchyard.EndToEnd.Captures;

/// <summary>A virtual environment of Debian's Python with Debian's NumPy, captured by the published program and run without it.</summary>
public sealed class CaptureTests : IDisposable
{
    private const string Compute =
        "import numpy, ssl, sqlite3, sys; import os; print(sys.prefix, numpy.arange(4).sum(), os.path.exists(numpy.__cached__))";
    private readonly TemporaryDirectory _root = new();

    public CaptureTests() => File.SetUnixFileMode(_root.Path, (UnixFileMode)0x1ED);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Environment => Path.Combine(_root.Path, "project/.venv");

    public void Dispose()
    {
        using var remove = HostProgram.Start("rm", ["-rf", "--one-file-system", _root.Path]);
        remove.WaitForExit();
    }

    [Fact]
    public async Task A_captured_environment_runs_where_it_is_not_and_is_the_same_for_every_user_each_time()
    {
        Assert.SkipUnless(File.Exists(TestStore.Program), "there is no published program; ./torchyard makes it");
        Assert.SkipUnless(
            File.Exists("/var/lib/dpkg/info/python3-numpy.list") && File.Exists("/var/lib/dpkg/info/python3-venv.list"),
            "python3-numpy and python3-venv are not installed"
        );
        Requires.Root("needs root to move between users");
        (
            await HostProgram.RunAsync(
                "/usr/bin/python3",
                ["-m", "venv", "--without-pip", "--system-site-packages", Environment],
                Cancellation
            )
        ).Succeeded();
        Directory.CreateDirectory(Environment + "/.git");
        await File.WriteAllTextAsync(Environment + "/.git/config", "url = https://user:secret@host/", Cancellation);

        var first = await CaptureAsync("store");
        var again = await CaptureAsync("store");
        var digest = first.GetProperty("digest").GetString();

        Assert.Equal(digest, again.GetProperty("digest").GetString());
        Assert.Equal(0, again.GetProperty("bytes_read").GetInt64());
        Assert.Contains(first.GetProperty("left_out").EnumerateArray(), omission =>
            omission.GetProperty("path").GetString() == Environment + "/.git"
        );

        var names = AttachedSbom.PackageUrls(AttachedSbom.Read(Path.Combine(_root.Path, "store"), digest!));
        Assert.Contains(names, name => name.StartsWith("pkg:deb/debian/python3-numpy@", StringComparison.Ordinal));
        Assert.Contains(names, name => name.StartsWith("pkg:deb/debian/libc6@", StringComparison.Ordinal));

        // An ordinary user, with a store of its own and nothing to reuse.
        Directory.CreateDirectory(Path.Combine(_root.Path, "other"));
        File.SetUnixFileMode(Path.Combine(_root.Path, "other"), (UnixFileMode)0x1FF);
        // Of a clone that nobody else may enter.
        foreach (var name in new[] { "torchyard", "torchyard-supervisor" })
        {
            File.Copy(Path.Combine(Path.GetDirectoryName(TestStore.Program)!, name), Path.Combine(_root.Path, name));
        }

        var other = await CaptureAsync("other/store", "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups");
        Assert.Equal(digest, other.GetProperty("digest").GetString());

        Directory.Move(Path.Combine(_root.Path, "project"), Path.Combine(_root.Path, "away"));
        var ran = await RunAsync("store", "run", "--rm", "captured", "python", "-c", Compute);
        ran.Succeeded().Printed($"{Environment} 6 True");
        (await RunAsync("store", "run", "--rm", "captured", "sh", "-c", "dpkg --audit && dpkg -s python3-numpy"))
            .Succeeded()
            .Printed("Status: install ok installed");

        (
            await HostProgram.RunAsync(
                HostProgram.Require("skopeo"),
                ["copy", $"oci:{_root.Path}/store/oci:captured:latest", $"oci:{_root.Path}/copy:1"],
                Cancellation
            )
        ).Succeeded();
        Assert.Contains(
            digest!,
            await File.ReadAllTextAsync(Path.Combine(_root.Path, "copy/index.json"), Cancellation),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_copied_interpreter_of_no_package_starts_and_an_image_that_does_not_start_gets_no_name()
    {
        Assert.SkipUnless(File.Exists(TestStore.Program), "there is no published program; ./torchyard makes it");
        Requires.Root("needs root to read everything");
        Assert.SkipUnless(File.Exists("/var/lib/dpkg/info/python3-venv.list"), "python3-venv is not installed");
        // Python finds its library beside itself, so that a copy of Debian's is one that no package owns.
        var version = (
            await HostProgram.RunAsync("/usr/bin/python3", ["-c", "import sys; print('python%d.%d' % sys.version_info[:2])"], Cancellation)
        )
            .Succeeded()
            .Output.Trim();
        var from = Path.Combine(_root.Path, "from");
        Directory.CreateDirectory(from + "/bin");
        Directory.CreateDirectory(from + "/lib");
        (await HostProgram.RunAsync("/bin/cp", ["-aL", $"/usr/bin/{version}", from + "/bin/"], Cancellation)).Succeeded();
        (await HostProgram.RunAsync("/bin/cp", ["-a", $"/usr/lib/{version}", from + "/lib/"], Cancellation)).Succeeded();
        File.CreateSymbolicLink(_root.Path + "/link", "from");
        var copied = Path.Combine(_root.Path, "copied");
        (
            await HostProgram.RunAsync(
                $"{_root.Path}/link/bin/{version}",
                ["-m", "venv", "--copies", "--without-pip", copied],
                Cancellation
            )
        ).Succeeded();
        await File.WriteAllTextAsync($"{copied}/lib/{version}/site-packages/wrong.py", "import nowhere\n", Cancellation);
        Directory.CreateDirectory($"{copied}/lib/{version}/site-packages/wrong-1.dist-info");
        await File.WriteAllTextAsync(
            $"{copied}/lib/{version}/site-packages/wrong-1.dist-info/METADATA",
            "Metadata-Version: 2.1\nName: wrong\nVersion: 1\n",
            Cancellation
        );
        await File.WriteAllTextAsync($"{copied}/lib/{version}/site-packages/wrong-1.dist-info/RECORD", "wrong.py,,\n", Cancellation);

        var made = await RunAsync("store", "capture", copied, "--name", "copied", "--level", "1", "--no-bytecode", "--json");
        using var answer = JsonDocument.Parse(made.Succeeded().Output);
        var failed = Assert.Single(answer.RootElement.GetProperty("trial").GetProperty("failed").EnumerateArray());
        Assert.Contains("nowhere", failed.GetProperty("reason").GetString(), StringComparison.Ordinal);

        var broken = await RunAsync(
            "store",
            "capture",
            copied,
            "--name",
            "broken",
            "--level",
            "1",
            "--no-bytecode",
            "--exclude",
            $"{from}/lib/{version}/encodings"
        );
        Assert.Equal(1, broken.ExitCode);
        Assert.Contains("TY3075", broken.Error, StringComparison.Ordinal);
        var images = (await RunAsync("store", "images")).Succeeded().Output;
        Assert.DoesNotContain("broken", images, StringComparison.Ordinal);
        Assert.DoesNotContain("untried", images, StringComparison.Ordinal);

        Directory.Move(from, Path.Combine(_root.Path, "away"));
        Directory.Move(copied, Path.Combine(_root.Path, "gone"));
        (await RunAsync("store", "run", "--rm", "copied", "python", "-c", "import json, sys; print('started', sys.prefix)"))
            .Succeeded()
            .Printed($"started {copied}");
    }

    private async Task<JsonElement> CaptureAsync(string store, params string[] prefix)
    {
        string[] command =
        [
            .. prefix,
            prefix.Length == 0 ? TestStore.Program : Path.Combine(_root.Path, "torchyard"),
            "--store",
            Path.Combine(_root.Path, store),
            "capture",
            Environment,
            "--only",
            "numpy",
            "--name",
            "captured",
            "--level",
            "1",
            "--json",
        ];
        var result = await HostProgram.RunAsync(
            command[0],
            command[1..],
            Cancellation,
            environment: new Dictionary<string, string> { ["HOME"] = _root.Path }
        );
        using var document = JsonDocument.Parse(result.Succeeded().Output);
        return document.RootElement.Clone();
    }

    private Task<ProgramOutput> RunAsync(string store, params string[] arguments) =>
        HostProgram.RunAsync(TestStore.Program, ["--store", Path.Combine(_root.Path, store), .. arguments], Cancellation);
}
