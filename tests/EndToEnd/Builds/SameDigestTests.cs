using System.Globalization;
using Torchyard.EndToEnd.Program;

namespace Torchyard.EndToEnd.Builds;

/// <summary>Same lock, same digest: whoever builds it, where, when, and on how many cores.</summary>
public sealed class SameDigestTests
{
    // A user and a group that no machine has.
    private const int User = 54321;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_lock_gives_one_digest_whatever_the_umask_time_zone_locale_host_store_path_and_number_of_cores()
    {
        await using var store = await TestStore.RequireAsync(Cancellation);
        var project = store.NewProject("digest");
        (await store.RunAsync(project, ["init", "minimal"], Cancellation)).Succeeded();
        var digest = await store.BuildAsync(project, Cancellation);

        await using var other = await TestStore.CreateAsync(Cancellation);
        var elsewhere = other.NewProject("another name, with spaces");
        CopyRecipe(project, elsewhere);
        var variables = other.Variables();
        variables["TORCHYARD_STORE"] = Path.Combine(other.Root, "another store", "deeper");
        variables["TZ"] = "Pacific/Kiritimati";
        variables["LC_ALL"] = "tr_TR.UTF-8";
        variables["LANG"] = "de_DE.UTF-8";
        variables["USER"] = "somebody";
        variables["SOURCE_DATE_EPOCH"] = "1";
        Directory.Move(Path.Combine(other.Store), Directory.CreateDirectory(Path.GetDirectoryName(variables["TORCHYARD_STORE"])!).FullName + "/deeper");
        var once = await HostProgram.RunAsync(
            "sh",
            ["-c", $"umask 077; exec {OneCore} \"$0\" build --locked --json", TestStore.Program],
            Cancellation, elsewhere, variables);

        Assert.Contains(digest, once.Succeeded().Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_ordinary_user_gets_the_digest_that_root_gets()
    {
        Assert.SkipUnless(System.Environment.IsPrivilegedProcess, "root is needed to become another user");
        foreach (var tool in new[] { "setpriv", "unshare", "newuidmap" })
        {
            HostProgram.Require(tool);
        }

        await using var store = await TestStore.RequireAsync(Cancellation);
        var project = store.NewProject("digest");
        (await store.RunAsync(project, ["init", "minimal"], Cancellation)).Succeeded();
        var digest = await store.BuildAsync(project, Cancellation);

        // The user exists in files that only this mount namespace sees; home and store are where another user may go.
        var home = Directory.CreateTempSubdirectory("torchyard-user-").FullName;
        try
        {
            var place = Directory.CreateDirectory(Path.Combine(home, "project")).FullName;
            CopyRecipe(project, place);
            foreach (var part in new[] { "packages", "indexes" })
            {
                (await HostProgram.RunAsync("cp", ["-r", Path.Combine(store.Store, part), Path.Combine(home, part)], Cancellation)).Succeeded();
            }

            (await HostProgram.RunAsync("cp", ["-rL", Path.GetDirectoryName(TestStore.Program)!, Path.Combine(home, "program")], Cancellation)).Succeeded();
            var row = string.Create(CultureInfo.InvariantCulture, $"somebody:x:{User}:{User}::{home}:/bin/sh\n");
            await File.WriteAllTextAsync(Path.Combine(home, "passwd"), await File.ReadAllTextAsync("/etc/passwd", Cancellation) + row, Cancellation);
            await File.WriteAllTextAsync(Path.Combine(home, "subids"), "somebody:2000000:65536\n", Cancellation);
            (await HostProgram.RunAsync("chown", ["-R", $"{User}:{User}", home], Cancellation)).Succeeded();

            var built = await HostProgram.RunAsync(
                "unshare",
                [
                    "--mount", "sh", "-ec",
                    $"""
                    touch /etc/subuid /etc/subgid
                    mount --bind "$0/passwd" /etc/passwd
                    mount --bind "$0/subids" /etc/subuid
                    mount --bind "$0/subids" /etc/subgid
                    cd "$0/project"
                    umask 027
                    exec setpriv --reuid {User} --regid {User} --clear-groups "$0/program/torchyard" build --locked --json
                    """,
                    home,
                ],
                Cancellation,
                environment: new Dictionary<string, string> { ["TORCHYARD_STORE"] = home, ["HOME"] = home, ["XDG_RUNTIME_DIR"] = "", ["NO_COLOR"] = "1" });

            Assert.Contains(digest, built.Succeeded().Output, StringComparison.Ordinal);
        }
        finally
        {
            await HostProgram.RunAsync("rm", ["-rf", "--one-file-system", home], CancellationToken.None);
        }
    }

    private static string OneCore => File.Exists("/usr/bin/taskset") ? "taskset --cpu-list 0" : "";

    private static void CopyRecipe(string from, string to)
    {
        foreach (var file in new[] { "torchyard.toml", "torchyard.lock" })
        {
            File.Copy(Path.Combine(from, file), Path.Combine(to, file));
        }
    }
}
