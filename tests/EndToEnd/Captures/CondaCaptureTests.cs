using System.Text.Json;
using Torchyard.EndToEnd.Program;

namespace Torchyard.EndToEnd.Captures;

/// <summary>
/// A conda prefix, made of Debian's Python as conda's installer lays one out: an interpreter of its own, documents in conda-meta, and a
/// program with the prefix compiled in. Captured to another path, and run without it.
/// </summary>
public sealed class CondaCaptureTests : IDisposable
{
    private readonly TemporaryDirectory _root = new();

    public CondaCaptureTests() => File.SetUnixFileMode(_root.Path, (UnixFileMode)0x1ED);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Prefix => Path.Combine(_root.Path, "miniforge3/envs/science-with-a-long-name");

    private string Store => Path.Combine(_root.Path, "store");

    public void Dispose()
    {
        using var remove = HostProgram.Start("rm", ["-rf", "--one-file-system", _root.Path]);
        remove.WaitForExit();
    }

    [Fact]
    public async Task A_conda_prefix_moves_to_another_path_and_runs_there_with_its_own_interpreter()
    {
        Assert.SkipUnless(File.Exists(TestStore.Program), "there is no published program; ./torchyard makes it");
        Assert.SkipUnless(File.Exists("/var/lib/dpkg/status"), "this is not Debian");
        var gcc = HostProgram.Require("gcc");
        var version = (
            await HostProgram.RunAsync("/usr/bin/python3", ["-c", "import platform; print(platform.python_version())"], Cancellation)
        )
            .Succeeded()
            .Output.Trim();
        await MakePrefixAsync(gcc, version);
        // It works where it is.
        (await HostProgram.RunAsync(Prefix + "/bin/where", [], Cancellation)).Succeeded().Printed(Prefix + "/share/data");

        var first = await CaptureAsync();
        var again = await CaptureAsync();
        var digest = first.GetProperty("digest").GetString()!;
        Assert.Equal(digest, again.GetProperty("digest").GetString());
        Directory.Move(Prefix, Path.Combine(_root.Path, "away"));

        // The interpreter, which finds its library by its own place; a program with the path inside; a script whose first line names it.
        var ran = await RunAsync("python", "-c", "import json, numbers, tool, sys; print(sys.prefix, sys.version.split()[0], tool.value)");
        Assert.Equal($"/opt/science {version} 42\n", ran.Succeeded().Output);
        Assert.Equal("/opt/science/share/data\n", (await RunAsync("where")).Succeeded().Output);
        Assert.Equal("/opt/science/bin/python\n", (await RunAsync("tool")).Succeeded().Output);
        Assert.Equal("/opt/science\n", (await RunAsync("sh", "-c", "echo $CONDA_PREFIX")).Succeeded().Output);
        (await RunAsync("sh", "-c", $"! grep -rlF {_root.Path} /opt/science")).Succeeded();

        var names = AttachedSbom.PackageUrls(AttachedSbom.Read(Store, digest));
        Assert.Contains($"pkg:conda/python@{version}?build=h0_cpython&subdir=linux-64", names);
        Assert.Contains("pkg:conda/tool@1.5?build=0&subdir=noarch", names);
        Assert.Contains(names, name => name.StartsWith("pkg:deb/debian/libc6@", StringComparison.Ordinal));
    }

    private async Task MakePrefixAsync(string gcc, string version)
    {
        var language = string.Join('.', version.Split('.').Take(2));
        var library = $"{Prefix}/lib/python{language}";
        Directory.CreateDirectory(Prefix + "/bin");
        Directory.CreateDirectory(library);
        Directory.CreateDirectory(Prefix + "/conda-meta");
        File.Copy($"/usr/bin/python{language}", $"{Prefix}/bin/python{language}");
        foreach (var name in new[] { "python", "python3" })
        {
            File.CreateSymbolicLink($"{Prefix}/bin/{name}", $"python{language}");
        }

        // Without what tests and building need, to be quick; and without Debian's own site customisation, a link to /etc.
        (
            await HostProgram.RunAsync(
                "sh",
                [
                    "-c",
                    $"cd /usr/lib/python{language} && tar -c --exclude=__pycache__ --exclude='config-*' --exclude=test --exclude=idlelib "
                        + $"--exclude=sitecustomize.py . | tar -x -C \"$0\"",
                    library,
                ],
                Cancellation
            )
        ).Succeeded();
        // Debian's interpreter looks for dist-packages; conda's, as everybody else's, for site-packages.
        await File.WriteAllTextAsync(
            library + "/sitecustomize.py",
            "import os, site\nsite.addsitedir(os.path.join(os.path.dirname(__file__), 'site-packages'))\n",
            Cancellation
        );
        Directory.CreateDirectory(library + "/site-packages/tool");
        await File.WriteAllTextAsync(library + "/site-packages/tool/__init__.py", "value = 42\n", Cancellation);
        await File.WriteAllTextAsync(Prefix + "/bin/tool", $"#!{Prefix}/bin/python\nimport sys\nprint(sys.executable)\n", Cancellation);
        // As conda's packages are built: room for a long path, filled with zeros behind the real one.
        var source = Path.Combine(_root.Path, "where.c");
        await File.WriteAllTextAsync(
            source,
            $"#include <stdio.h>\nchar data[255] = \"{Prefix}/share/data\";\nint main(void) {{ puts(data); return 0; }}\n",
            Cancellation
        );
        (await HostProgram.RunAsync(gcc, ["-O1", "-o", Prefix + "/bin/where", source], Cancellation)).Succeeded();
        File.SetUnixFileMode(Prefix + "/bin/tool", (UnixFileMode)0x1ED);

        var own = Directory
            .EnumerateFiles(library, "*", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/site-packages/", StringComparison.Ordinal))
            .Select(file => Path.GetRelativePath(Prefix, file));
        await WriteDocumentAsync(
            "python",
            version,
            "h0_cpython",
            "linux-64",
            [$"bin/python{language}", "bin/python3", "bin/python", .. own]
        );
        await WriteDocumentAsync(
            "tool",
            "1.5",
            "0",
            "noarch",
            ["bin/tool", "bin/where", $"lib/python{language}/site-packages/tool/__init__.py"],
            "python >=3.8"
        );
    }

    private Task WriteDocumentAsync(
        string name,
        string version,
        string build,
        string platform,
        IReadOnlyList<string> files,
        params string[] depends
    )
    {
        var document = new Dictionary<string, object>
        {
            ["name"] = name,
            ["version"] = version,
            ["build"] = build,
            ["subdir"] = platform,
            ["files"] = files,
            ["depends"] = depends,
            ["url"] = $"https://conda.anaconda.org/conda-forge/{platform}/{name}-{version}-{build}.conda",
        };
        return File.WriteAllTextAsync(
            $"{Prefix}/conda-meta/{name}-{version}-{build}.json",
            JsonSerializer.Serialize(document),
            Cancellation
        );
    }

    private async Task<JsonElement> CaptureAsync()
    {
        var result = await HostProgram.RunAsync(
            TestStore.Program,
            ["--store", Store, "capture", Prefix, "--at", "/opt/science", "--name", "science", "--level", "1", "--no-bytecode", "--json"],
            Cancellation,
            environment: new Dictionary<string, string> { ["HOME"] = _root.Path }
        );
        return JsonDocument.Parse(result.Succeeded().Output).RootElement;
    }

    private Task<ProgramOutput> RunAsync(params string[] command) =>
        HostProgram.RunAsync(TestStore.Program, ["--store", Store, "run", "--rm", "science", .. command], Cancellation);
}
