using Torchyard.EndToEnd.Program;

namespace Torchyard.EndToEnd.Builds;

/// <summary>Same lock, same digest: whoever builds it, where, when, and on how many cores.</summary>
public sealed class SameDigestTests(SharedImage shared) : IClassFixture<SharedImage>
{
    private const string Recipe = "name = \"digest\"\npackages = [\"bash\", \"python3\"]\n[base]\nsuite = \"trixie\"\n";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_lock_gives_one_digest_whatever_the_umask_time_zone_locale_host_store_path_and_number_of_cores()
    {
        var first = await shared.RequireAsync(Recipe, Cancellation);
        await using var other = await TestStore.CreateAsync(Cancellation);
        var elsewhere = other.NewProject("another name, with spaces");
        foreach (var file in new[] { "torchyard.toml", "torchyard.lock" })
        {
            File.Copy(Path.Combine(first.Project, file), Path.Combine(elsewhere, file));
        }

        var variables = other.Variables();
        variables["TORCHYARD_STORE"] = Path.Combine(other.Root, "another store", "deeper");
        variables["TZ"] = "Pacific/Kiritimati";
        variables["LC_ALL"] = "tr_TR.UTF-8";
        variables["LANG"] = "de_DE.UTF-8";
        variables["USER"] = "somebody";
        variables["SOURCE_DATE_EPOCH"] = "1";
        Directory.Move(
            Path.Combine(other.Store),
            Directory.CreateDirectory(Path.GetDirectoryName(variables["TORCHYARD_STORE"])!).FullName + "/deeper"
        );
        var once = await HostProgram.RunAsync(
            "sh",
            ["-c", $"umask 077; exec {OneCore} \"$0\" build --locked --json", TestStore.Program],
            Cancellation,
            elsewhere,
            variables
        );

        Assert.Contains(first.Digest, once.Succeeded().Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_ordinary_user_gets_the_digest_that_root_gets()
    {
        var first = await shared.RequireAsync(Recipe, Cancellation);
        await using var user = await OrdinaryUser.CreateAsync(first.Store, first.Project, Cancellation);

        var built = await user.ScriptAsync("umask 027; exec torchyard build --locked --json", Cancellation);

        Assert.Contains(first.Digest, built.Succeeded().Output, StringComparison.Ordinal);
    }

    private static string OneCore => File.Exists("/usr/bin/taskset") ? "taskset --cpu-list 0" : "";
}
