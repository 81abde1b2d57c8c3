using System.Text.Json;
using Torchyard.EndToEnd.Program;

namespace Torchyard.EndToEnd.Captures;

/// <summary>A virtual environment of Debian's Python with Debian's NumPy, captured by the published program and run without it.</summary>
public sealed class CaptureTests : IDisposable
{
    private const string Compute = "import numpy, ssl, sqlite3, sys; import os; print(sys.prefix, numpy.arange(4).sum(), os.path.exists(numpy.__cached__))";
    private readonly string _root = Directory.CreateTempSubdirectory("torchyard-capture-").FullName;

    public CaptureTests() => File.SetUnixFileMode(_root, (UnixFileMode)0x1ED);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Environment => Path.Combine(_root, "project/.venv");

    public void Dispose()
    {
        using var remove = HostProgram.Start("rm", ["-rf", "--one-file-system", _root]);
        remove.WaitForExit();
    }

    [Fact]
    public async Task A_captured_environment_runs_where_it_is_not_and_is_the_same_for_every_user_each_time()
    {
        Assert.SkipUnless(File.Exists(TestStore.Program), "there is no published program; ./torchyard makes it");
        Assert.SkipUnless(File.Exists("/var/lib/dpkg/info/python3-numpy.list") && File.Exists("/var/lib/dpkg/info/python3-venv.list"), "python3-numpy and python3-venv are not installed");
        Assert.SkipUnless(System.Environment.UserName == "root", "needs root to move between users");
        (await HostProgram.RunAsync("/usr/bin/python3", ["-m", "venv", "--without-pip", "--system-site-packages", Environment], Cancellation)).Succeeded();
        Directory.CreateDirectory(Environment + "/.git");
        await File.WriteAllTextAsync(Environment + "/.git/config", "url = https://user:secret@host/", Cancellation);

        var first = await CaptureAsync("store");
        var again = await CaptureAsync("store");
        var digest = first.GetProperty("digest").GetString();

        Assert.Equal(digest, again.GetProperty("digest").GetString());
        Assert.Equal(0, again.GetProperty("bytes_read").GetInt64());
        Assert.Contains(first.GetProperty("left_out").EnumerateArray(), omission => omission.GetProperty("path").GetString() == Environment + "/.git");

        var names = AttachedSbom.PackageUrls(AttachedSbom.Read(Path.Combine(_root, "store"), digest!));
        Assert.Contains(names, name => name.StartsWith("pkg:deb/debian/python3-numpy@", StringComparison.Ordinal));
        Assert.Contains(names, name => name.StartsWith("pkg:deb/debian/libc6@", StringComparison.Ordinal));

        // An ordinary user, with a store of its own and nothing to reuse.
        Directory.CreateDirectory(Path.Combine(_root, "other"));
        File.SetUnixFileMode(Path.Combine(_root, "other"), (UnixFileMode)0x1FF);
        // Of a clone that nobody else may enter.
        foreach (var name in new[] { "torchyard", "torchyard-supervisor" })
        {
            File.Copy(Path.Combine(Path.GetDirectoryName(TestStore.Program)!, name), Path.Combine(_root, name));
        }

        var other = await CaptureAsync("other/store", "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups");
        Assert.Equal(digest, other.GetProperty("digest").GetString());

        Directory.Move(Path.Combine(_root, "project"), Path.Combine(_root, "away"));
        var ran = await RunAsync("store", "run", "--rm", "captured", "python", "-c", Compute);
        ran.Succeeded().Printed($"{Environment} 6 True");
        (await RunAsync("store", "run", "--rm", "captured", "sh", "-c", "dpkg --audit && dpkg -s python3-numpy")).Succeeded().Printed("Status: install ok installed");

        (await HostProgram.RunAsync(HostProgram.Require("skopeo"), ["copy", $"oci:{_root}/store/oci:captured:latest", $"oci:{_root}/copy:1"], Cancellation)).Succeeded();
        Assert.Contains(digest!, await File.ReadAllTextAsync(Path.Combine(_root, "copy/index.json"), Cancellation), StringComparison.Ordinal);
    }

    private async Task<JsonElement> CaptureAsync(string store, params string[] prefix)
    {
        string[] command = [.. prefix, prefix.Length == 0 ? TestStore.Program : Path.Combine(_root, "torchyard"), "--store", Path.Combine(_root, store), "capture", Environment, "--only", "numpy", "--name", "captured", "--level", "1", "--json"];
        var result = await HostProgram.RunAsync(command[0], command[1..], Cancellation, environment: new Dictionary<string, string> { ["HOME"] = _root });
        using var document = JsonDocument.Parse(result.Succeeded().Output);
        return document.RootElement.Clone();
    }

    private Task<ProgramOutput> RunAsync(string store, params string[] arguments) =>
        HostProgram.RunAsync(TestStore.Program, ["--store", Path.Combine(_root, store), .. arguments], Cancellation);
}
