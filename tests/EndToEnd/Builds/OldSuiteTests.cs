using Torchyard.EndToEnd.Program;

namespace Torchyard.EndToEnd.Builds;

/// <summary>Debian 12 and 11, whose packages do not bring the links of merged /usr, build and run.</summary>
public sealed class OldSuiteTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("bookworm", "Python 3.11")]
    [InlineData("bullseye", "Python 3.9")]
    public async Task An_image_of_an_older_Debian_runs_its_programs_and_dpkg_finds_nothing_amiss(string suite, string python)
    {
        Assert.SkipWhen(
            suite == "bullseye" && System.Environment.GetEnvironmentVariable("TORCHYARD_TEST_LONG") is not { Length: > 0 },
            "builds like bookworm; TORCHYARD_TEST_LONG=1 runs it"
        );
        await using var store = await TestStore.RequireAsync(Cancellation);
        var project = store.NewProject(suite);
        await File.WriteAllTextAsync(
            Path.Combine(project, "torchyard.toml"),
            $"name = \"old-{suite}\"\npackages = [\"python3\", \"python3-numpy\"]\n\n[base]\nsuite = \"{suite}\"\n",
            Cancellation
        );
        await store.BuildAsync(project, Cancellation);

        (await store.RunAsync(project, ["run", "--rm", $"old-{suite}", "true"], Cancellation)).Succeeded();
        var version = await store.RunAsync(project, ["run", "--rm", $"old-{suite}", "python3", "-V"], Cancellation);
        var sums = await store.RunAsync(
            project,
            [
                "run",
                "--rm",
                $"old-{suite}",
                "sh",
                "-c",
                "readlink /bin /lib64; python3 -c 'import numpy; print(numpy.arange(4).sum())'; dpkg --audit",
            ],
            Cancellation
        );

        Assert.StartsWith(python, version.Succeeded().Output, StringComparison.Ordinal);
        Assert.Equal("usr/bin\nusr/lib64\n6\n", sums.Succeeded().Output);
    }
}
