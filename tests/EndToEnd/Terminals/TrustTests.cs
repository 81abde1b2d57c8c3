using Torchyard.EndToEnd.Environment;
using Torchyard.EndToEnd.Program;
using Torchyard.Testing.Loopback;

namespace Torchyard.EndToEnd.Terminals;

/// <summary>A recipe of somebody else asks first: on a terminal, without one, and when it was changed from inside.</summary>
[Collection(RunningEnvironmentTests.Name)]
public sealed class TrustTests(RunningEnvironment environment)
{
    private const string Recipe = "name = \"guest\"\npackages = [\"bash\"]\n[base]\nsuite = \"trixie\"\n";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_person_is_asked_once_and_again_only_for_something_new()
    {
        await using var store = NewStore();
        var project = store.NewProject("guest");
        var secrets = store.NewProject("secrets");
        var recipe = Path.Combine(project, "torchyard.toml");
        var mount = $"[[mounts]]\nsource = \"{secrets}\"\ntarget = \"/mnt/s\"\n";
        await File.WriteAllTextAsync(recipe, Recipe + mount, Cancellation);

        using (var no = PseudoTerminal.Start(store, project, 24, 200, "lock", "--check"))
        {
            await no.ShowsAsync($"mount {secrets}, writable", Cancellation);
            await no.ShowsAsync("Allow this? [y/N] ", Cancellation);
            no.Type("\r");
            await no.ShowsAsync("TY1041", Cancellation);
            Assert.Equal(1, await no.EndAsync(Cancellation));
        }

        using (var stopped = PseudoTerminal.Start(store, project, 24, 200, "lock", "--check"))
        {
            await stopped.ShowsAsync("Allow this? [y/N] ", Cancellation);
            stopped.Type("\u0003");
            Assert.Equal(130, await stopped.EndAsync(Cancellation));
        }

        using (var yes = PseudoTerminal.Start(store, project, 24, 200, "lock", "--check"))
        {
            await yes.ShowsAsync("Allow this? [y/N] ", Cancellation);
            yes.Type("y\r");
            await yes.ShowsAsync("there is no lock", Cancellation);
            Assert.Equal(1, await yes.EndAsync(Cancellation));
        }

        using (var silent = PseudoTerminal.Start(store, project, 24, 200, "lock", "--check"))
        {
            Assert.DoesNotContain("Allow", await silent.ShowsAsync("there is no lock", Cancellation), StringComparison.Ordinal);
        }

        await File.WriteAllTextAsync(recipe, Recipe + mount + "[services.ssh]\nlisten = \"0.0.0.0\"\n", Cancellation);
        using (var more = PseudoTerminal.Start(store, project, 24, 200, "lock", "--check"))
        {
            var shown = await more.ShowsAsync("Allow this? [y/N] ", Cancellation);
            Assert.Contains("+ let other machines reach ssh on 0.0.0.0, port 2222", shown, StringComparison.Ordinal);
            Assert.DoesNotContain(secrets, shown, StringComparison.Ordinal);
            more.Type("n\r");
            Assert.Equal(1, await more.EndAsync(Cancellation));
        }

        (await store.RunAsync(project, ["trust", "revoke", "."], Cancellation)).Succeeded();
        await File.WriteAllTextAsync(recipe, Recipe + mount, Cancellation);
        var refused = (await store.RunAsync(project, ["lock", "--check"], Cancellation)).Ended(2);
        Assert.Contains("TY1040", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_recipe_that_a_program_inside_changed_asks_before_anything_happens()
    {
        var recipe = Path.Combine(environment.Project, "torchyard.toml");
        var before = await File.ReadAllTextAsync(recipe, Cancellation);
        var secrets = environment.Store.NewProject("host-secrets");
        try
        {
            (
                await environment.ExecAsync(
                    Cancellation,
                    "sh",
                    "-c",
                    $"printf '\\n[[mounts]]\\nsource = \"{secrets}\"\\ntarget = \"/mnt/host\"\\n' >> /workspace/torchyard.toml"
                )
            ).Succeeded();
            foreach (var options in new string[][] { ["up"], ["up", "--recreate"], ["build"], ["lock"] })
            {
                var refused = (await environment.Store.RunAsync(environment.Project, options, Cancellation)).Ended(2);
                Assert.Contains(
                    $"TY1040: torchyard.toml wants more of this machine than its own directory:\n  mount {secrets}, writable   (mounts: "
                        + "/mnt/host)",
                    refused.Error,
                    StringComparison.Ordinal
                );
            }

            (await environment.ExecAsync(Cancellation, "test", "!", "-e", "/mnt/host")).Succeeded();
        }
        finally
        {
            await File.WriteAllTextAsync(recipe, before, Cancellation);
        }

        (await environment.Store.RunAsync(environment.Project, ["lock", "--check"], Cancellation)).Succeeded();
    }

    [Theory]
    [InlineData("indexes = [\"INDEX${HF_TOKEN}/\"]", "", "TY1042")]
    [InlineData("requirements = [\"../victim/token\"]\nindexes = [\"INDEX\"]", "", "TY1040")]
    [InlineData("requirements = [\"link\"]\nindexes = [\"INDEX\"]", "", "TY1040")]
    [InlineData("requirements = [\"reqs.txt\"]", "--index-url http://u:${HF_TOKEN}@HOST/simple/\nnum\n", "TY1040")]
    [InlineData("requirements = [\"reqs.txt\"]", "--index-url INDEX${HF_TOKEN}\nnum\n", "TY1042")]
    [InlineData("requirements = [\"reqs.txt\"]", "--index-url INDEX\n${HF_TOKEN}\n", "TY1042")]
    [InlineData("requirements = [\"reqs.txt\"]", "-r more.txt\n--index-url INDEX\n", "TY1042")]
    public async Task No_variable_and_no_file_of_the_user_reaches_an_index_of_the_recipe(string python, string requirements, string code)
    {
        await using var index = new TestIndex();
        await using var store = NewStore();
        var project = store.NewProject("guest");
        await File.WriteAllTextAsync(Path.Combine(store.NewProject("victim"), "token"), "hf_AbCdEf\n", Cancellation);
        File.CreateSymbolicLink(Path.Combine(project, "link"), "../victim/token");
        await File.WriteAllTextAsync(Path.Combine(project, "torchyard.toml"), $"{Recipe}[python]\n{Filled(python)}\n", Cancellation);
        await File.WriteAllTextAsync(Path.Combine(project, "reqs.txt"), Filled(requirements), Cancellation);
        await File.WriteAllTextAsync(Path.Combine(project, "more.txt"), "x @ https://HOST/?${HF_TOKEN}\n", Cancellation);

        var refused = (
            await HostProgram.RunAsync(
                TestStore.Program,
                ["lock"],
                Cancellation,
                project,
                new Dictionary<string, string>(store.Variables()) { ["HF_TOKEN"] = "hf_from_the_environment" }
            )
        ).Ended(2);

        Assert.Contains(code, refused.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("hf_", refused.Error + refused.Output, StringComparison.Ordinal);
        Assert.Empty(index.Asked);

        string Filled(string text) =>
            text.Replace("INDEX", index.Root.AbsoluteUri, StringComparison.Ordinal)
                .Replace("HOST", index.Root.Authority, StringComparison.Ordinal);
    }

    private static TestStore NewStore()
    {
        Assert.SkipUnless(File.Exists(TestStore.Program), $"there is no published program at {TestStore.Program}; ./torchyard makes it");
        return TestStore.CreateEmpty();
    }
}
