using Torchyard.Testing.Loopback;
using Torchyard.Testing.Python;

namespace Torchyard.EndToEnd.Environment;

/// <summary>However somebody gets in: one interpreter, one set of packages, and what pip installs stays with the project.</summary>
[Collection(RunningEnvironmentTests.Name)]
public sealed class OnePythonTests(RunningEnvironment environment)
{
    // Which one an import would take; the import itself takes seconds.
    private const string Program = "import sys, importlib.util; print('it is', sys.prefix, importlib.util.find_spec('torch').origin)";

    private const string Expected = "it is /opt/project /usr/lib/python3/dist-packages/torch/__init__.py";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("python3")]
    [InlineData("python")]
    public async Task Every_way_in_has_the_same_python(string python)
    {
        foreach (
            var command in new string[][]
            {
                [python, "-c", Program],
                ["bash", "-lc", $"{python} -c \"{Program}\""],
                ["sh", "-lc", $"{python} -c \"{Program}\""],
                ["env", "-i", "bash", "-c", $"{python} -c \"{Program}\""],
                ["env", "-i", "bash", "-lc", $"{python} -c \"{Program}\""],
                ["env", "-i", "sh", "-c", $"{python} -c \"{Program}\""],
            }
        )
        {
            (await environment.ExecAsync(Cancellation, command)).Succeeded().Printed(Expected);
        }

        foreach (var command in new[] { $"{python} -c \"{Program}\"", $"""bash -lc "{python} -c \"{Program}\"" """ })
        {
            (await environment.Store.RunAsync(environment.Project, ["ssh", environment.Report.Name, command], Cancellation))
                .Succeeded()
                .Printed(Expected);
        }
    }

    [Fact]
    public async Task A_login_from_nothing_has_the_variables_of_the_image()
    {
        var login = await environment.ExecAsync(Cancellation, "env", "-i", "bash", "-lc", "echo $USE_LIBUV $LANG $PATH");

        login.Succeeded().Printed("0 C.UTF-8 /opt/project/bin:");
    }

    [Fact]
    public async Task What_pip_installs_outlives_the_container_and_is_told_until_it_is_removed()
    {
        var demo = new TestWheel("day-one", "1.2") { EntryPoints = "[console_scripts]\nday-one = day_one:main\n" }.Add(
            "day_one/__init__.py",
            "import sys\ndef main():\n    print('day one on', sys.executable)\n"
        );
        demo.Requires.Add("day-helper");
        await using var index = new TestIndex()
            .Add(demo, "day-one")
            .Add(new TestWheel("day-helper", "3.0").Add("day_helper/__init__.py", ""), "day-helper")
            .Add(new TestWheel("tqdm", "999.0").Add("tqdm/__init__.py", "__version__ = '999.0'\n"), "tqdm");
        try
        {
            var install = await environment.ExecAsync(
                Cancellation,
                "pip",
                "install",
                "--index-url",
                index.Root.AbsoluteUri,
                "day-one",
                "tqdm==999.0"
            );
            install.Succeeded();

            var report = await environment.UpAsync(Cancellation, "--recreate");

            Assert.Equal(
                ["day_helper 3.0 False", "day_one 1.2 True", "tqdm 999.0 True"],
                report
                    .Json.GetProperty("added_packages")
                    .EnumerateArray()
                    .Select(package =>
                        $"{package.GetProperty("name").GetString()!.Replace('-', '_')} {package.GetProperty("version")} "
                        + $"{package.GetProperty("requested")}"
                    )
            );
            Assert.Contains("tqdm==999.0", report.Json.GetProperty("recipe_lines").ToString(), StringComparison.Ordinal);
            (await environment.ExecAsync(Cancellation, "day-one")).Succeeded().Printed("day one on /opt/project/bin/python3");
            // The image's own programs and its base interpreter find it too.
            foreach (var python in new[] { "python3", "/usr/bin/python3" })
            {
                (await environment.ExecAsync(Cancellation, python, "-c", "import day_one, tqdm; print(tqdm.__version__)"))
                    .Succeeded()
                    .Printed("999.0");
            }

            // Debian's own packages do not all satisfy pip; those that it installed do.
            Assert.DoesNotMatch("(?m)^(day|tqdm)", (await environment.ExecAsync(Cancellation, "pip", "check")).Output);
        }
        finally
        {
            (await environment.ExecAsync(CancellationToken.None, "pip", "uninstall", "-y", "day-one", "day-helper", "tqdm")).Succeeded();
        }

        // Debian's, as before.
        (await environment.ExecAsync(Cancellation, "python3", "-c", "import tqdm; print(tqdm.__file__)"))
            .Succeeded()
            .Printed("/usr/lib/python3/dist-packages/tqdm/");
        Assert.Empty((await environment.UpAsync(Cancellation)).Json.GetProperty("added_packages").EnumerateArray());
    }

    [Fact]
    public async Task Root_runs_nothing_that_the_user_installed_when_it_configures_packages()
    {
        (
            await environment.ExecAsync(
                Cancellation,
                "sh",
                "-c",
                "mkdir -p /opt/project/lib/python3.13/site-packages/planted && touch "
                    + "/opt/project/lib/python3.13/site-packages/planted/__init__.py"
            )
        ).Succeeded();

        var root = await environment.Store.RunAsync(
            environment.Project,
            ["exec", "-u", "root", environment.Report.Name, "/usr/bin/python3", "-c", "import planted"],
            Cancellation
        );

        root.Ended(1);
        Assert.Contains("No module named 'planted'", root.Error, StringComparison.Ordinal);
        (await environment.ExecAsync(Cancellation, "/usr/bin/python3", "-c", "import planted")).Succeeded();
        (await environment.ExecAsync(Cancellation, "rm", "-r", "/opt/project/lib/python3.13/site-packages/planted")).Succeeded();
    }
}
