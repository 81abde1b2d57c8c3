using System.Text.RegularExpressions;
using Torchyard.EndToEnd.Program;
using Torchyard.Testing.Loopback;
using Torchyard.Testing.Python;

namespace Torchyard.EndToEnd.Python;

/// <summary>A recipe with Python packages from index to running container.</summary>
[Collection(PythonProjectTests.Name)]
public sealed class InstallTests(PythonProject python)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Packages_are_locked_built_and_run_and_pip_works_inside()
    {
        await using var index = Index();
        python.UseIndex(index.Root);
        var project = python.NewProject("installed", "[python]\npackages = [\"app\"]");

        (await python.Store.RunAsync(project, ["lock"], Cancellation)).Succeeded().Printed("locked");
        Assert.Equal([("app", "1.0"), ("lib", "1.5"), ("speedup", "2.1")], PythonProject.Locked(project));
        var digest = await python.BuildAsync(project, Cancellation);

        var run = await python.Store.RunAsync(
            project,
            [
                "run",
                "--rm",
                "--network",
                "host",
                "installed",
                "sh",
                "-c",
                $"which python && app-run && pip check && pip install --quiet --index-url {index.Root} later && python -c 'import later, "
                    + "lib; print(later.__file__, lib.five())' && pip check",
            ],
            Cancellation
        );
        run.Succeeded()
            .Printed("/opt/project/bin/python")
            .Printed("hello 5 from speedup 2.1")
            .Printed("No broken requirements found.")
            .Printed("/opt/project/lib/python3.13/site-packages/later/__init__.py 5");

        // Another store, time zone, locale, umask and project directory: the lock alone decides.
        await using var other = await TestStore.CreateAsync(Cancellation);
        var copy = other.NewProject("copy");
        File.Copy(Path.Combine(project, "torchyard.lock"), Path.Combine(copy, "torchyard.lock"));
        Directory.CreateDirectory(Path.Combine(other.Home, ".config"));
        (
            await HostProgram.RunAsync(
                "cp",
                ["-r", Path.Combine(python.Store.Home, ".config/pip"), Path.Combine(other.Home, ".config/pip")],
                Cancellation
            )
        ).Succeeded();
        var again = await HostProgram.RunAsync(
            "sh",
            ["-c", $"umask 077; exec {TestStore.Program} build torchyard.lock"],
            Cancellation,
            copy,
            new Dictionary<string, string>(other.Variables()) { ["TZ"] = "Asia/Tokyo", ["LANG"] = "de_DE.UTF-8" }
        );
        again.Succeeded().Printed(digest);
    }

    [Fact]
    public async Task Offline_tells_every_missing_file_and_a_damaged_wheel_is_fetched_again()
    {
        await using var index = Index();
        python.UseIndex(index.Root);
        var project = python.NewProject("mended", "[python]\npackages = [\"app\"]");
        (await python.Store.RunAsync(project, ["lock"], Cancellation)).Succeeded();
        var wheels = File.ReadAllText(Path.Combine(project, "torchyard.lock"))
            .Split("[[python.package]]")
            .Skip(1)
            .Select(text =>
                (
                    Name: Regex.Match(text, "name = \"([^\"]+)\"").Groups[1].Value,
                    Hash: Regex.Match(text, "sha256 = \"([0-9a-f]{64})\"").Groups[1].Value
                )
            )
            .Select(wheel => (wheel.Name, File: Path.Combine(python.Store.Store, "packages/sha256", wheel.Hash[..2], wheel.Hash)))
            .ToList();
        var (size, stamp) = (new FileInfo(wheels[0].File).Length, File.GetLastWriteTimeUtc(wheels[0].File));
        wheels.ForEach(wheel => File.Delete(wheel.File));

        var offline = await python.Store.RunAsync(project, ["build", "--offline"], Cancellation);

        offline.Ended(1);
        Assert.Contains("TY2055", offline.Error, StringComparison.Ordinal);
        Assert.All(wheels, wheel => Assert.Contains($"{wheel.Name} ", offline.Error, StringComparison.Ordinal));

        // What a disk loses changes neither size nor time, and shows only where the wheel is read; another size shows before.
        foreach (var (file, length) in new[] { (wheels[0].File, size), (wheels[1].File, 4000) })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            await File.WriteAllBytesAsync(file, new byte[length], Cancellation);
            File.SetLastWriteTimeUtc(file, stamp);
        }

        var built = (await python.Store.RunAsync(project, ["build"], Cancellation)).Succeeded();
        Assert.Contains($"Damaged in the package cache, fetched again: {wheels[0].Name} ", built.Error, StringComparison.Ordinal);
        (await python.Store.RunAsync(project, ["build", "--offline"], Cancellation)).Succeeded();
        (await python.Store.RunAsync(project, ["check"], Cancellation)).Succeeded();
    }

    [Fact]
    public async Task A_changed_package_makes_its_layer_and_the_last_ones_anew_and_moves_no_other_version()
    {
        await using var index = Index().Add(Large("big", "1.0"), "big");
        python.UseIndex(index.Root);
        var project = python.NewProject("changed", "[python]\npackages = [\"app\", \"big\"]");
        (await python.Store.RunAsync(project, ["lock"], Cancellation)).Succeeded();
        var before = python.Layers(await python.BuildAsync(project, Cancellation));

        index.Add(Large("big", "1.1"), "big").Add(new TestWheel("lib", "1.9").Add("lib/__init__.py", "def five():\n    return 5\n"), "lib");
        (await python.Store.RunAsync(project, ["lock"], Cancellation)).Succeeded().Printed("nothing changed");
        var dry = await python.Store.RunAsync(project, ["lock", "--upgrade-package", "big", "--dry-run"], Cancellation);
        dry.Succeeded().Printed("  big (Python) 1.0 -> 1.1").Printed("would lock again");
        Assert.Contains(("big", "1.0"), PythonProject.Locked(project));
        (await python.Store.RunAsync(project, ["lock", "--upgrade-package", "big"], Cancellation)).Succeeded();
        Assert.Equal([("app", "1.0"), ("big", "1.1"), ("lib", "1.5"), ("speedup", "2.1")], PythonProject.Locked(project));

        var after = python.Layers(await python.BuildAsync(project, Cancellation));
        Assert.Equal(before.Count, after.Count);
        var changed = before.Zip(after).Count(pair => pair.First != pair.Second);
        Assert.True(changed == 2, $"{changed} of {before.Count} layers changed:\n{string.Join('\n', before.Zip(after))}");

        // Added by hand: what is locked stays, although lib 1.9 would do.
        PythonProject.WriteRecipe(project, "changed", "[python]\npackages = [\"app\", \"big\", \"later\"]");
        Assert.Equal(1, (await python.Store.RunAsync(project, ["lock", "--check"], Cancellation)).ExitCode);
        (await python.Store.RunAsync(project, ["lock"], Cancellation)).Succeeded().Printed("+ later (Python) 0.1");
        Assert.Contains(("lib", "1.5"), PythonProject.Locked(project));
        await index.DisposeAsync();
        // Without the index: lib 1.9 is on its page, but nobody has read what it requires.
        (await python.Store.RunAsync(project, ["lock", "--upgrade", "--offline"], Cancellation)).Succeeded().Printed("nothing changed");
    }

    private static TestIndex Index()
    {
        var app = new TestWheel("app", "1.0") { EntryPoints = "[console_scripts]\napp-run = app.cli:main\n" }
            .Add("app/__init__.py", "")
            .Add("app/cli.py", "import lib, speedup\ndef main():\n    print('hello', lib.five(), 'from speedup', speedup.__version__)\n");
        app.Requires.AddRange(["lib[fast]>=1", "never; python_version < '3'"]);
        var lib = new TestWheel("lib", "1.5").Add("lib/__init__.py", "def five():\n    return 5\n");
        lib.Requires.Add("speedup==2.*; extra == 'fast'");
        lib.Extras.Add("fast");
        var later = new TestWheel("later", "0.1").Add("later/__init__.py", "");
        later.Requires.Add("lib");
        return new TestIndex()
            .Add(app, "app")
            .Add(lib, "lib")
            .Add(new TestWheel("lib", "2.0rc1"), "lib")
            .Add(later, "later")
            .Add(new TestWheel("speedup", "2.1").Add("speedup/__init__.py", "__version__ = '2.1'\n"), "speedup")
            .Add(new TestWheel("speedup", "3.0"), "speedup");
    }

    // Large enough for a layer of its own; small to fetch, as zeros compress well.
    private static TestWheel Large(string name, string version) =>
        new TestWheel(name, version)
            .Add($"{name}/__init__.py", $"__version__ = '{version}'\n")
            .Add($"{name}/weights.bin", new byte[40 << 20]);
}
