using System.Globalization;
using System.Text.RegularExpressions;
using Torchyard.EndToEnd.Program;
using Torchyard.Testing.Loopback;
using Torchyard.Testing.Python;

namespace Torchyard.EndToEnd.Python;

/// <summary>Wheels that are built from source in the real sandbox, from index to running container.</summary>
[Collection(PythonProjectTests.Name)]
public sealed class SourceTests(PythonProject python)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sources_of_an_index_of_git_and_of_a_path_are_built_without_network_and_again_from_the_lock_alone()
    {
        var git = HostProgram.Require("git");
        var repository = await RepositoryAsync(git);
        var setuptools = await SetuptoolsAsync();
        await using var index = new TestIndex();
        var port = index.Root.Port.ToString(CultureInfo.InvariantCulture);
        // Its backend asks for a tool, and takes its word.
        var old = new Dictionary<string, string>(TestSources.Own("old", "1.0", "[\"tool>=2\"]", "__import__('tool').word"))
        {
            ["port.txt"] = port,
        };
        index
            .Add("old", "old-1.0.zip", TestSources.Zip(old, "old-1.0"))
            .Add(new TestWheel("tool", "2.0").Add("tool.py", "word = 'hammer'\n"), "tool")
            .Add("setuptools", setuptools.Filename, setuptools.Content);
        python.UseIndex(index.Root);
        var packages = $"packages = [\"old\", \"vcs @ git+{new Uri(repository)}@main\", \"./native-1.0.zip\"]";
        var project = python.NewProject("sources", $"[python]\n{packages}");
        await File.WriteAllBytesAsync(
            Path.Combine(project, "native-1.0.zip"),
            TestSources.Zip(TestSources.Native("native"), "native-1.0"),
            Cancellation
        );

        // A repository elsewhere on the machine is asked for first.
        Says((await python.Store.RunAsync(project, ["lock"], Cancellation)).Ended(2), "TY1040", repository);
        (await python.Store.RunAsync(project, ["trust", "."], Cancellation)).Succeeded();
        var lacking = (await python.Store.RunAsync(project, ["lock"], Cancellation)).Ended(1);
        Says(lacking, "TY2524", "native-1.0.zip", "build-packages = [\"gcc\", \"python3-dev\"]");

        PythonProject.WriteRecipe(project, "sources", $"[python]\n{packages}\nbuild-packages = [\"gcc\", \"python3-dev\"]");
        (await python.Store.RunAsync(project, ["lock"], Cancellation)).Succeeded();
        Assert.Equal([("native", "1.0"), ("old", "1.0"), ("vcs", "3.0")], PythonProject.Locked(project));
        var commit = (await HostProgram.RunAsync(git, ["-C", repository, "rev-parse", "HEAD"], Cancellation)).Output.Trim();
        (await python.Store.RunAsync(project, ["why", "vcs"], Cancellation)).Succeeded().Printed($"built from commit {commit}");
        (await python.Store.RunAsync(project, ["why", "tool"], Cancellation)).Succeeded().Printed("wheels are built with it, of old");
        var digest = await python.BuildAsync(project, Cancellation);

        var run = await python.Store.RunAsync(
            project,
            [
                "run",
                "--rm",
                "sources",
                "sh",
                "-c",
                "pip check; python -c 'import native, old, vcs; print(native.answer(), old.facts, vcs.facts)'; cat "
                    + "/opt/venv/lib/python3*/site-packages/vcs-3.0.dist-info/direct_url.json; ! "
                    + "command -v gcc && ! python -c 'import tool' 2>&1",
            ],
            Cancellation
        );
        run.Succeeded()
            .Printed("No broken requirements found.")
            .Printed("42 {'uid': 65534, 'network': False, 'umask': '0o22', 'cwd': '/build/src/old-1.0', 'extra': 'hammer'}")
            .Printed($"\"commit_id\":\"{commit}\",\"requested_revision\":\"main\",\"vcs\":\"git\"")
            .Printed("No module named 'tool'");

        // The branch moves on: the lock stays, also without the index, and says what would change.
        await CommitAsync(git, repository, "4.0");
        (await python.Store.RunAsync(project, ["lock"], Cancellation)).Succeeded().Printed("nothing changed");
        (await python.Store.RunAsync(project, ["lock", "--upgrade-package", "vcs", "--dry-run"], Cancellation))
            .Succeeded()
            .Printed($"  vcs (Python) 3.0 at {commit[..12]} -> 4.0 at ");
        await index.DisposeAsync();
        PythonProject.WriteRecipe(
            project,
            "sources",
            $"[python]\n{packages.Replace("\"old\", ", "", StringComparison.Ordinal)}\nbuild-packages = [\"gcc\", \"python3-dev\"]"
        );
        var before = await File.ReadAllTextAsync(Path.Combine(project, "torchyard.lock"), Cancellation);
        (await python.Store.RunAsync(project, ["lock", "--offline"], Cancellation)).Succeeded().Printed("- old (Python) 1.0");

        // Another store, time zone, locale, umask and project directory, without the wheels.
        await using var other = await TestStore.CreateAsync(Cancellation);
        var copy = other.NewProject("copy");
        await File.WriteAllTextAsync(Path.Combine(copy, "torchyard.lock"), before, Cancellation);
        File.Copy(Path.Combine(project, "native-1.0.zip"), Path.Combine(copy, "native-1.0.zip"));
        Forget(other, before);
        await using var again = new TestIndex();
        again
            .Add("old", "old-1.0.zip", TestSources.Zip(old, "old-1.0"))
            .Add(new TestWheel("tool", "2.0").Add("tool.py", "word = 'hammer'\n"), "tool")
            .Add(new TestWheel("tool", "9.0"), "tool")
            .Add("setuptools", setuptools.Filename, setuptools.Content);
        var settings = Path.Combine(Directory.CreateDirectory(Path.Combine(other.Home, ".config/pip")).FullName, "pip.conf");
        await File.WriteAllTextAsync(settings, $"[global]\nindex-url = {again.Root.AbsoluteUri}\n", Cancellation);
        var built = await HostProgram.RunAsync(
            "sh",
            ["-c", $"umask 077; exec {TestStore.Program} build --trust torchyard.lock"],
            Cancellation,
            copy,
            new Dictionary<string, string>(other.Variables()) { ["TZ"] = "Asia/Tokyo", ["LANG"] = "de_DE.UTF-8" }
        );
        built.Succeeded().Printed(digest);
        Says(built, "Building a wheel of native-1.0.zip");
    }

    [Fact]
    public async Task A_build_that_gives_other_bytes_each_time_is_told_where_it_is_built_again()
    {
        await using var index = new TestIndex().Add(
            "dice",
            "dice-1.0.zip",
            TestSources.Zip(TestSources.Own("dice", "1.0", extra: "os.urandom(16)"), "dice-1.0")
        );
        python.UseIndex(index.Root);
        var project = python.NewProject("dice", "[python]\npackages = [\"dice\"]");
        (await python.Store.RunAsync(project, ["lock"], Cancellation)).Succeeded();
        await python.BuildAsync(project, Cancellation);

        // Only the wheel and the image are gone.
        PythonProject.WriteRecipe(project, "dice", "[python]\npackages = [\"dice\"]\n[image]\ntag = \"again\"");
        (await python.Store.RunAsync(project, ["lock"], Cancellation)).Succeeded();
        Forget(python.Store, await File.ReadAllTextAsync(Path.Combine(project, "torchyard.lock"), Cancellation));
        Directory.Delete(Path.Combine(python.Store.Store, "build/wheels"), recursive: true);
        var refused = (await python.Store.RunAsync(project, ["build"], Cancellation)).Ended(1);
        Says(refused, "TY2525", "lock --upgrade-package dice");
    }

    [Fact]
    public async Task A_version_that_comes_from_git_tags_is_that_of_the_tags_and_stays_it()
    {
        var git = HostProgram.Require("git");
        var served = python.Store.NewProject("served");
        var repository = Path.Combine(served, "tagged");
        (await HostProgram.RunAsync(git, ["init", "--quiet", "--initial-branch=main", repository], Cancellation)).Succeeded();
        await CommitFilesAsync(
            git,
            repository,
            new Dictionary<string, string>
            {
                ["pyproject.toml"] =
                    "[build-system]\nrequires = [\"setuptools\", \"setuptools-scm\"]\nbuild-backend = "
                    + "\"setuptools.build_meta\"\n[project]\nname = \"tagged\"\ndynamic = [\"version\"]\n"
                    + "[tool.setuptools]\npackages = [\"tagged\"]\n[tool.setuptools_scm]\nwrite_to = \"tagged/_version.py\"\n",
                ["tagged/__init__.py"] = "from ._version import version\n",
                // Only the list of Git's files brings it into the wheel.
                ["tagged/data.txt"] = "data",
            }
        );
        (
            await HostProgram.RunAsync(
                git,
                ["-C", repository, "-c", "user.name=t", "-c", "user.email=t@t", "-c", "tag.gpgsign=false", "tag", "-a", "v1.4", "-m", "x"],
                Cancellation
            )
        ).Succeeded();
        await CommitFilesAsync(git, repository, new Dictionary<string, string> { ["README"] = "later" });
        var commit = (await HostProgram.RunAsync(git, ["-C", repository, "rev-parse", "HEAD"], Cancellation)).Output.Trim();
        await using var server = new GitServer(served);
        await using var index = new TestIndex();
        var tools = await DebianWheelsAsync(
            "tags",
            ["python3-setuptools-scm", "python3-packaging", "python3-typing-extensions", "python3-setuptools-whl"],
            ["setuptools_scm", "packaging", "typing_extensions"]
        );
        foreach (var (filename, content) in tools)
        {
            index.Add(filename.Split('-')[0].Replace('_', '-'), filename, content);
        }

        python.UseIndex(index.Root);
        var project = python.NewProject("tags", $"[python]\npackages = [\"tagged @ git+{server.Root}tagged/.git@main\"]");
        (await python.Store.RunAsync(project, ["trust", "."], Cancellation)).Succeeded();
        (await python.Store.RunAsync(project, ["lock"], Cancellation)).Succeeded();
        var version = $"1.5.dev1+g{commit[..7]}";
        Assert.StartsWith(version, Assert.Single(PythonProject.Locked(project)).Version, StringComparison.Ordinal);
        var locked = await File.ReadAllTextAsync(Path.Combine(project, "torchyard.lock"), Cancellation);
        await python.BuildAsync(project, Cancellation);
        (
            await python.Store.RunAsync(
                project,
                [
                    "run",
                    "--rm",
                    "tags",
                    "sh",
                    "-c",
                    "python -c 'import tagged; print(tagged.version)'; ls "
                        + "/opt/venv/lib/python3*/site-packages/tagged; command -v git || echo none",
                ],
                Cancellation
            )
        )
            .Succeeded()
            .Printed(version)
            .Printed("data.txt")
            .Printed("none");

        // A tag on the same commit afterwards is another version for whoever locks anew, and not for the lock.
        (await HostProgram.RunAsync(git, ["-C", repository, "tag", "v2.0"], Cancellation)).Succeeded();
        Directory.Delete(Path.Combine(python.Store.Store, "build/wheels"), recursive: true);
        Directory.Delete(Path.Combine(python.Store.Store, "packages/git"), recursive: true);
        Forget(python.Store, locked);
        PythonProject.WriteRecipe(
            project,
            "tags",
            $"[python]\npackages = [\"tagged @ git+{server.Root}tagged/.git@main\"]\n[image]\ntag = \"again\""
        );
        Says((await python.Store.RunAsync(project, ["lock"], Cancellation)).Succeeded(), "Building a wheel of");
        Assert.Equal(Wheels(locked), Wheels(await File.ReadAllTextAsync(Path.Combine(project, "torchyard.lock"), Cancellation)));
        (await python.Store.RunAsync(project, ["lock", "--upgrade-package", "tagged", "--dry-run"], Cancellation))
            .Succeeded()
            .Printed("-> 2.0 at ");
    }

    private static void Says(ProgramOutput output, params string[] texts) =>
        Assert.All(texts, text =>
            Assert.True(output.Error.Contains(text, StringComparison.Ordinal), $"'{text}' was expected\n{output.Transcript}")
        );

    /// <summary>Takes the wheels that a lock built out of a store.</summary>
    private static void Forget(TestStore store, string locked)
    {
        var hashes = Wheels(locked);
        Assert.NotEmpty(hashes);
        foreach (var hash in hashes)
        {
            var file = Path.Combine(store.Store, "packages/sha256", hash[..2], hash);
            if (File.Exists(file))
            {
                File.Delete(file);
            }
        }
    }

    /// <summary>Hashes of the wheels that a lock built.</summary>
    private static IReadOnlyList<string> Wheels(string locked) =>
        [
            .. Regex
                .Matches(
                    locked,
                    "\\[\\[python\\.package\\]\\]\n(?:[^\\[]*\n)sha256 = "
                        + "\"([0-9a-f]{64})\"[^\\[]*(?:\\[[^\\[\\]]*\\][^\\[]*)*\\[python\\.package\\.source\\]"
                )
                .Select(match => match.Groups[1].Value),
        ];

    private async Task<string> RepositoryAsync(string git)
    {
        var path = python.Store.NewProject("repository");
        (await HostProgram.RunAsync(git, ["-C", path, "init", "--quiet", "--initial-branch=main"], Cancellation)).Succeeded();
        await CommitAsync(git, path, "3.0");
        return path;
    }

    private static Task CommitAsync(string git, string repository, string version) =>
        CommitFilesAsync(git, repository, TestSources.Own("vcs", version));

    private static async Task CommitFilesAsync(string git, string repository, IReadOnlyDictionary<string, string> files)
    {
        foreach (var (name, text) in files)
        {
            var file = Path.Combine(repository, name);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            await File.WriteAllTextAsync(file, text, Cancellation);
        }

        (await HostProgram.RunAsync(git, ["-C", repository, "add", "--all"], Cancellation)).Succeeded();
        (
            await HostProgram.RunAsync(
                git,
                [
                    "-C",
                    repository,
                    "-c",
                    "user.name=t",
                    "-c",
                    "user.email=t@t",
                    "-c",
                    "commit.gpgsign=false",
                    "commit",
                    "--quiet",
                    "-m",
                    "change",
                ],
                Cancellation
            )
        ).Succeeded();
    }

    /// <summary>Debian's wheel of setuptools.</summary>
    private async Task<(string Filename, byte[] Content)> SetuptoolsAsync() =>
        Assert.Single(await DebianWheelsAsync("setuptools", ["python3-setuptools-whl"], []));

    /// <summary>Wheels out of the layers of an image: those that Debian has as such, and those packed again from its modules.</summary>
    private async Task<IReadOnlyList<(string Filename, byte[] Content)>> DebianWheelsAsync(
        string name,
        IReadOnlyList<string> packages,
        IReadOnlyList<string> modules
    )
    {
        var project = python.Store.NewProject(name + "-wheels");
        await File.WriteAllTextAsync(
            Path.Combine(project, "torchyard.toml"),
            $"name = \"{name}-wheels\"\npackages = [\"python3\", \"python3-venv\", "
                + $"{string.Join(", ", packages.Select(package => $"\"{package}\""))}]\n[base]\nsuite = \"trixie\"\n",
            Cancellation
        );
        (await python.Store.RunAsync(project, ["build"], Cancellation)).Succeeded();
        var layers = Directory.EnumerateDirectories(Path.Combine(python.Store.Store, "layers")).ToList();
        var wheels = layers
            .Select(layer => Path.Combine(layer, "usr/share/python-wheels"))
            .Where(Directory.Exists)
            .SelectMany(directory => Directory.EnumerateFiles(directory, "setuptools-*.whl"))
            .Take(1)
            .Select(wheel => (Path.GetFileName(wheel), File.ReadAllBytes(wheel)))
            .ToList();
        foreach (var module in modules)
        {
            var site = layers
                .Select(layer => Path.Combine(layer, "usr/lib/python3/dist-packages"))
                .First(directory =>
                    Directory.Exists(directory) && Directory.EnumerateDirectories(directory, module + "-*.dist-info").Any()
                );
            var info = Path.GetFileName(Directory.EnumerateDirectories(site, module + "-*.dist-info").First());
            var version = info[(module.Length + 1)..^".dist-info".Length];
            var wheel = new TestWheel(module, version);
            var requires = File.ReadLines(Path.Combine(site, info, "METADATA"))
                .TakeWhile(line => line.Length > 0)
                .Where(line => line.StartsWith("Requires-Dist: ", StringComparison.Ordinal))
                .Select(line => line["Requires-Dist: ".Length..]);
            wheel.Requires.AddRange(requires.Where(line => !line.Contains("extra ==", StringComparison.Ordinal)));
            wheel.EntryPoints = File.Exists(Path.Combine(site, info, "entry_points.txt"))
                ? await File.ReadAllTextAsync(Path.Combine(site, info, "entry_points.txt"), Cancellation)
                : null;
            var files = Directory.Exists(Path.Combine(site, module))
                ? Directory.EnumerateFiles(Path.Combine(site, module), "*.py", SearchOption.AllDirectories)
                : [Path.Combine(site, module + ".py")];
            foreach (var file in files.Order(StringComparer.Ordinal))
            {
                wheel.Add(Path.GetRelativePath(site, file), await File.ReadAllBytesAsync(file, Cancellation));
            }

            wheels.Add((wheel.FileName, wheel.Build()));
        }

        return wheels;
    }
}
