using Torchyard.EndToEnd.Program;

namespace Torchyard.EndToEnd.Release;

/// <summary>
/// What a user does with the files of a release: install, build an image, remove. Each takes minutes; TORCHYARD_TEST_LONG=1 runs them.
/// </summary>
public sealed class InstalledProgramTests(ReleasedFiles release)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Unpacked_into_the_home_directory_it_builds_an_image_for_an_ordinary_user()
    {
        RequireLong();
        HostProgram.Require("newuidmap");
        Requires.Root("it needs root to become another user");
        var archive = await release.RequireAsync("torchyard-*.tar.gz", Cancellation);
        await using var user = await OrdinaryUser.CreateAsync("name = \"small\"\n\n[base]\nsuite = \"trixie\"\n", Cancellation);
        File.Copy(archive, Path.Combine(user.Home, "torchyard.tar.gz"));
        File.SetUnixFileMode(Path.Combine(user.Home, "torchyard.tar.gz"), (UnixFileMode)0x1A4);

        // The program that the user was made with is not used.
        var output = (
            await user.ScriptAsync(
                $$"""
                cd {{user.Project}}; H={{user.Home}}
                rm -rf "$H/program"
                mkdir -p "$H/.local"
                tar -xzf "$H/torchyard.tar.gz" -C "$H/.local" --strip-components 1
                PATH=$H/.local/bin:$PATH
                torchyard --version
                torchyard doctor || [ $? = 1 ]
                torchyard build
                torchyard run --rm small cat /etc/os-release
                man -w torchyard-up 2>/dev/null || true
                """,
                Cancellation
            )
        ).Succeeded();

        output.Printed("torchyard ").Printed("trixie");
    }

    [Fact]
    public async Task Dpkg_installs_it_and_leaves_nothing_when_it_goes()
    {
        RequireLong();
        Requires.Root("dpkg needs root");
        var package = await release.RequireAsync("torchyard_*_amd64.deb", Cancellation);
        await using var store = await TestStore.RequireAsync(Cancellation);
        var root = Directory.CreateDirectory(Path.Combine(store.Root, "root")).FullName;
        foreach (var directory in new[] { "updates", "info", "triggers" })
        {
            Directory.CreateDirectory(Path.Combine(root, "var/lib/dpkg", directory));
        }

        await File.WriteAllTextAsync(Path.Combine(root, "var/lib/dpkg/status"), "", Cancellation);
        // The root has no C library that dpkg knows of; the program runs with this machine's.
        (await HostProgram.RunAsync("dpkg", ["--root", root, "--force-depends", "-i", package], Cancellation)).Succeeded();
        var program = Path.Combine(root, "usr/bin/torchyard");
        var project = store.NewProject("small");
        (await HostProgram.RunAsync(program, ["init", "minimal"], Cancellation, project, store.Variables())).Succeeded();
        (
            await HostProgram.RunAsync(program, ["build"], Cancellation, project, store.Variables(), patience: TimeSpan.FromMinutes(20))
        ).Succeeded();

        (await HostProgram.RunAsync("dpkg", ["--root", root, "--force-depends", "-P", "torchyard"], Cancellation)).Succeeded();

        Assert.False(Directory.Exists(Path.Combine(root, "usr/lib/torchyard")));
        Assert.False(File.Exists(program));
    }

    [Fact]
    public async Task Lintian_finds_nothing()
    {
        RequireLong();
        HostProgram.Require("lintian");
        var package = await release.RequireAsync("torchyard_*_amd64.deb", Cancellation);

        var found = await HostProgram.RunAsync("lintian", ["--allow-root", "--fail-on", "error,warning", package], Cancellation);

        Assert.Equal("", found.Succeeded().Output);
    }

    [Fact]
    public async Task Dotnet_installs_it_as_a_tool_and_dnx_starts_it_without()
    {
        RequireLong();
        var directory = await release.RequireAsync(Cancellation);
        var dotnet = HostProgram.Require("dotnet");
        await using var store = await TestStore.RequireAsync(Cancellation);
        var version = (await HostProgram.RunAsync(TestStore.Program, ["--version"], Cancellation)).Output.Split(' ')[1];
        var variables = store.Variables();
        // Packages of earlier releases must not stand for this one.
        variables["NUGET_PACKAGES"] = Path.Combine(store.Root, "nuget");
        variables["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";

        (
            await HostProgram.RunAsync(
                dotnet,
                ["tool", "install", "torchyard", "--global", "--version", version, "--source", directory],
                Cancellation,
                store.Root,
                variables
            )
        ).Succeeded();
        var project = store.NewProject("small");
        var program = Path.Combine(store.Home, ".dotnet/tools/torchyard");
        (await HostProgram.RunAsync(program, ["init", "minimal"], Cancellation, project, variables)).Succeeded();
        (await HostProgram.RunAsync(program, ["build"], Cancellation, project, variables, patience: TimeSpan.FromMinutes(20))).Succeeded();
        (
            await HostProgram.RunAsync(dotnet, ["tool", "uninstall", "--global", "torchyard"], Cancellation, store.Root, variables)
        ).Succeeded();
        Assert.False(File.Exists(program));

        var started = await HostProgram.RunAsync(
            dotnet,
            ["dnx", $"torchyard@{version}", "--source", directory, "--yes", "images", "--json"],
            Cancellation,
            store.Root,
            variables
        );
        started.Succeeded().Printed("small");
    }

    [Fact]
    public async Task Two_clones_in_different_places_make_the_same_bytes()
    {
        RequireLong();
        ReleasedFiles.RequireNativeProgram();
        var sources = SourceTree.Root;
        using var place = new TemporaryDirectory();
        var sums = new List<string>();
        foreach (var name in new[] { "one", "another place/with a longer name" })
        {
            var clone = Path.Combine(place.Path, name);
            (
                await HostProgram.RunAsync("git", ["-c", $"safe.directory={sources}", "clone", "--quiet", sources, clone], Cancellation)
            ).Succeeded();
            (
                await HostProgram.RunAsync(
                    Path.Combine(clone, "eng/release"),
                    [],
                    Cancellation,
                    place.Path,
                    patience: TimeSpan.FromMinutes(60)
                )
            ).Succeeded();
            sums.Add(await File.ReadAllTextAsync(Path.Combine(clone, "artifacts/release/SHA256SUMS"), Cancellation));
        }

        Assert.Equal(sums[0], sums[1]);
    }

    private static void RequireLong() =>
        Assert.SkipUnless(
            System.Environment.GetEnvironmentVariable("TORCHYARD_TEST_LONG") is { Length: > 0 },
            "takes minutes; TORCHYARD_TEST_LONG=1 runs it"
        );
}
