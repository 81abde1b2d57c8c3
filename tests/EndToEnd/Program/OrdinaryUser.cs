using System.Globalization;

namespace Torchyard.EndToEnd.Program;

/// <summary>
/// A user without rights, with subordinate ids and with a home, a store and the program of their own. The account is in files that only the
/// mount namespace of its sessions sees: the machine's own are left alone.
/// </summary>
internal sealed class OrdinaryUser : IAsyncDisposable
{
    // Users, groups and ranges of subordinate ids that no machine has; each user of a run has others.
    private const int FirstUser = 54321,
        FirstSubordinate = 2_000_000,
        Subordinates = 65536;

    private static int _made;

    private readonly TemporaryDirectory _home = new();
    private readonly int _id;
    private readonly int? _group;

    private OrdinaryUser(int number, int? group)
    {
        (_id, _group) = (FirstUser + number, group);
        Store = Path.Combine(Home, ".local/share/torchyard");
        Project = Directory.CreateDirectory(Path.Combine(Home, "project")).FullName;
        var passwd =
            File.ReadAllText("/etc/passwd") + string.Create(CultureInfo.InvariantCulture, $"somebody:x:{_id}:{_id}::{Home}:/bin/bash\n");
        File.WriteAllText(Path.Combine(Home, "passwd"), passwd);
        File.WriteAllText(
            Path.Combine(Home, "subids"),
            string.Create(CultureInfo.InvariantCulture, $"somebody:{FirstSubordinate + (number * Subordinates)}:{Subordinates}\n")
        );
        File.WriteAllText(Path.Combine(Home, "nobody"), "");
    }

    /// <summary>The home directory, in which everything of the user is.</summary>
    public string Home => _home.Path;

    /// <summary>The number of the user, and of the user's first group.</summary>
    public string Id => _id.ToString(CultureInfo.InvariantCulture);

    /// <summary>The default place of the store.</summary>
    public string Store { get; }

    /// <summary>The project directory.</summary>
    public string Project { get; }

    /// <summary>The environment of a login of theirs; the program is in PATH.</summary>
    public Dictionary<string, string> Variables =>
        new()
        {
            ["HOME"] = Home,
            ["USER"] = "somebody",
            ["LOGNAME"] = "somebody",
            ["PATH"] = $"{Home}/program:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            ["TORCHYARD_STORE"] = "",
            ["XDG_DATA_HOME"] = "",
            ["XDG_RUNTIME_DIR"] = "",
            ["LANG"] = "C.UTF-8",
            ["NO_COLOR"] = "1",
        };

    /// <summary>
    /// Makes a user with a project of the recipe, and the packages and indexes that a lock and a build of it need; the test is skipped
    /// where nobody can become another user.
    /// </summary>
    public static async Task<OrdinaryUser> CreateAsync(string recipe, CancellationToken cancellation)
    {
        Require();
        await using var store = await TestStore.RequireAsync(cancellation);
        // Fetched once for all runs of the tests.
        var project = store.NewProject("project");
        await File.WriteAllTextAsync(Path.Combine(project, "torchyard.toml"), recipe, cancellation);
        (await store.RunAsync(project, ["lock"], cancellation)).Succeeded();
        await store.FetchAsync(project, cancellation);
        var user = new OrdinaryUser(Interlocked.Increment(ref _made), group: null);
        store.CopyPackages(project, user.Store);
        (
            await HostProgram.RunAsync(
                "cp",
                ["-r", Path.Combine(store.Store, "indexes"), Path.Combine(user.Store, "indexes")],
                cancellation
            )
        ).Succeeded();
        File.Copy(Path.Combine(project, "torchyard.toml"), Path.Combine(user.Project, "torchyard.toml"));
        return await user.MoveInAsync(cancellation);
    }

    /// <summary>Makes a user with the recipe and the lock of a project, and the packages of that lock.</summary>
    /// <param name="packages">A store that has the packages.</param>
    /// <param name="project">The directory with recipe and lock.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <param name="group">One more group of the user's.</param>
    public static async Task<OrdinaryUser> CreateAsync(
        TestStore packages,
        string project,
        CancellationToken cancellation,
        int? group = null
    )
    {
        Require();
        var user = new OrdinaryUser(Interlocked.Increment(ref _made), group);
        packages.CopyPackages(project, user.Store);
        foreach (var file in new[] { "torchyard.toml", "torchyard.lock" })
        {
            File.Copy(Path.Combine(project, file), Path.Combine(user.Project, file));
        }

        return await user.MoveInAsync(cancellation);
    }

    /// <summary>
    /// The words by which root begins a session of this user in a directory, with subordinate ids or without any; a command follows.
    /// </summary>
    public string[] As(string directory, bool withSubordinateIds = true) =>
        ["unshare", "--mount", .. MountAccount(withSubordinateIds), .. Identity(directory)];

    /// <summary>The words that show the account to a mount namespace; a command follows.</summary>
    public string[] MountAccount(bool withSubordinateIds = true) =>
        [
            "sh",
            "-ec",
            $"""
                touch /etc/subuid /etc/subgid
                mount --bind "$0/passwd" /etc/passwd
                mount --bind "$0/{(withSubordinateIds ? "subids" : "nobody")}" /etc/subuid
                mount --bind "$0/{(withSubordinateIds ? "subids" : "nobody")}" /etc/subgid
                exec "$@"
                """,
            Home,
        ];

    /// <summary>The words by which root becomes this user in a directory, where the account is shown; a command follows.</summary>
    public string[] Identity(string directory) =>
        [
            "env",
            $"--chdir={directory}",
            "setpriv",
            $"--reuid={Id}",
            $"--regid={Id}",
            _group is { } group ? $"--groups={group}" : "--clear-groups",
        ];

    /// <summary>Runs a program as this user, in the project directory.</summary>
    public Task<ProgramOutput> RunAsync(bool withSubordinateIds, CancellationToken cancellation, params string[] command)
    {
        var words = As(Project, withSubordinateIds);
        return HostProgram.RunAsync(words[0], [.. words[1..], .. command], cancellation, environment: Variables);
    }

    /// <summary>Runs a script of sh as this user, in the project directory; it ends at the first command that fails.</summary>
    public Task<ProgramOutput> ScriptAsync(string script, CancellationToken cancellation) =>
        RunAsync(withSubordinateIds: true, cancellation, "sh", "-ec", script);

    public async ValueTask DisposeAsync()
    {
        await RunAsync(withSubordinateIds: true, CancellationToken.None, "torchyard", "down");
        await HostProgram.RunAsync("rm", ["-rf", "--one-file-system", Home], CancellationToken.None);
    }

    private static void Require()
    {
        Requires.Root("root is needed to become another user");
        foreach (var tool in new[] { "setpriv", "unshare", "newuidmap" })
        {
            HostProgram.Require(tool);
        }
    }

    private async Task<OrdinaryUser> MoveInAsync(CancellationToken cancellation)
    {
        (
            await HostProgram.RunAsync(
                "cp",
                ["-rL", Path.GetDirectoryName(TestStore.Program)!, Path.Combine(Home, "program")],
                cancellation
            )
        ).Succeeded();
        (await HostProgram.RunAsync("chown", ["-R", $"{Id}:{Id}", Home], cancellation)).Succeeded();
        return this;
    }
}
