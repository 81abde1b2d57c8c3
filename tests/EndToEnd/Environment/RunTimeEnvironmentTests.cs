using Torchyard.EndToEnd.Program;
using Torchyard.EndToEnd.Streams;

namespace Torchyard.EndToEnd.Environment;

/// <summary>Variables and caches that an environment gets when it starts.</summary>
[Collection(SmallContainerTests.Name)]
public sealed class RunTimeEnvironmentTests(SmallContainer small)
{
    private const string Secret = "hf_a_secret_of_somebody";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_token_is_passed_by_its_name_after_a_question_and_is_nowhere_that_others_read()
    {
        var (project, name) = Write("[environment]\nEPOCHS = \"3\"\npass = [\"HF_TOKEN\", \"WANDB_API_KEY?\"]\n");
        await File.WriteAllTextAsync(Path.Combine(project, "train.env"), "FROM_FILE=yes\n", Cancellation);
        try
        {
            var asked = await UpAsync(project, [$"HF_TOKEN={Secret}"]);
            asked.Ended(2);
            Assert.Contains("send your environment variable HF_TOKEN to the programs", asked.Error, StringComparison.Ordinal);

            var missing = await UpAsync(project, [], "--trust");
            missing.Ended(2);
            Assert.Contains("TY4124", missing.Error, StringComparison.Ordinal);

            // Without the proxy, which there is not.
            (await small.Store.RunAsync(project, ["build", "--trust"], Cancellation)).Succeeded();
            var up = await UpAsync(
                project,
                [$"HF_TOKEN={Secret}", "http_proxy=http://proxy.example:3128"],
                "--trust",
                "-e",
                "GIVEN=1",
                "--env-file",
                "train.env"
            );
            up.Succeeded();
            Assert.DoesNotContain(Secret, up.Output + up.Error, StringComparison.Ordinal);

            var inside = (await small.Store.RunAsync(project, ["exec", name, "env"], Cancellation)).Succeeded().Output.Split('\n');
            Assert.Contains($"HF_TOKEN={Secret}", inside);
            Assert.Contains("EPOCHS=3", inside);
            Assert.Contains("GIVEN=1", inside);
            Assert.Contains("FROM_FILE=yes", inside);
            Assert.Contains("HTTP_PROXY=http://proxy.example:3128", inside);
            Assert.DoesNotContain(inside, line => line.StartsWith("WANDB_API_KEY", StringComparison.Ordinal));

            // Not on any command line, in no answer, and in no file but those of the container, which are its owner's alone.
            Assert.DoesNotContain(CommandLines(), line => line.Contains(Secret, StringComparison.Ordinal));
            Assert.DoesNotContain(
                Secret,
                (await small.Store.RunAsync(project, ["ps", "--json"], Cancellation)).Succeeded().Output,
                StringComparison.Ordinal
            );
            var found = await HostProgram.RunAsync("grep", ["-rlF", Secret, small.Store.Store, project], Cancellation);
            var containers = Path.Combine(small.Store.Store, "containers");
            Assert.All(found.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries), file =>
                Assert.StartsWith(containers + "/", file, StringComparison.Ordinal)
            );
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(containers));

            // Another value is a change that is told, by the name.
            var again = await UpAsync(project, ["HF_TOKEN=another"], "--trust", "-e", "LATER=1");
            again.Succeeded().Printed("environment.LATER: which is new").Printed("environment.HF_TOKEN: yours has another value by now");
            Assert.DoesNotContain("another\n", again.Output, StringComparison.Ordinal);
            (await UpAsync(project, [], "--trust")).Succeeded();
        }
        finally
        {
            await small.Store.RunAsync(project, ["down"], Cancellation);
        }
    }

    [Fact]
    public async Task Two_environments_share_a_cache_and_both_write_to_it()
    {
        var (first, one) = Write("[caches]\nshared = [\"pip\", \"huggingface\"]\n");
        var (second, two) = Write("[caches]\nshared = [\"pip\"]\n");
        try
        {
            Assert.Contains("read and write the cache 'pip'", (await UpAsync(first, [])).Error, StringComparison.Ordinal);
            (await UpAsync(first, [], "--trust")).Succeeded();
            (await UpAsync(second, [], "--trust")).Succeeded();

            (await ShellAsync(first, one, "mkdir -p $PIP_CACHE_DIR/http && echo one > $PIP_CACHE_DIR/http/a && echo $HF_HOME")).Printed(
                "/var/cache/torchyard/huggingface"
            );
            (
                await ShellAsync(
                    second,
                    two,
                    "cat $PIP_CACHE_DIR/http/a && echo two >> $PIP_CACHE_DIR/http/a && stat -c %U $PIP_CACHE_DIR/http/a"
                )
            )
                .Printed("one")
                .Printed("trainer");
            (await ShellAsync(first, one, "cat $PIP_CACHE_DIR/http/a")).Printed("two");
            // As pip and huggingface_hub do it: who holds the lock keeps the other one waiting.
            (
                await ShellAsync(
                    first,
                    one,
                    "exec 9> $PIP_CACHE_DIR/lock; flock 9; echo locked > $PIP_CACHE_DIR/state; "
                        + "(sleep 2; echo done > $PIP_CACHE_DIR/state) > /dev/null 2>&1 &"
                )
            ).Succeeded();
            (await ShellAsync(second, two, "exec 9> $PIP_CACHE_DIR/lock; flock 9; cat $PIP_CACHE_DIR/state")).Printed("done");
        }
        finally
        {
            await small.Store.RunAsync(first, ["down"], Cancellation);
            await small.Store.RunAsync(second, ["down"], Cancellation);
        }
    }

    private static IEnumerable<string> CommandLines()
    {
        foreach (var process in Directory.EnumerateDirectories("/proc").Where(path => char.IsAsciiDigit(Path.GetFileName(path)[0])))
        {
            string text;
            try
            {
                text = File.ReadAllText(Path.Combine(process, "cmdline"));
            }
            catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
            {
                continue;
            }

            yield return text;
        }
    }

    private async Task<ProgramOutput> ShellAsync(string project, string name, string script) =>
        (await small.Store.RunAsync(project, ["exec", name, "bash", "-c", script], Cancellation)).Succeeded();

    private Task<ProgramOutput> UpAsync(string project, string[] variables, params string[] options)
    {
        var environment = small.Store.Variables();
        foreach (var variable in variables)
        {
            environment[variable.Split('=')[0]] = variable.Split('=', 2)[1];
        }

        return HostProgram.RunAsync(TestStore.Program, ["up", .. options], Cancellation, project, environment);
    }

    private (string Project, string Name) Write(string more)
    {
        var project = small.NewDirectory();
        var name = Path.GetFileName(project);
        File.WriteAllText(
            Path.Combine(project, "torchyard.toml"),
            $"name = \"{name}\"\npackages = [\"bash\", \"python3\"]\n[base]\nsuite = \"trixie\"\n{more}"
        );
        return (project, name);
    }
}
