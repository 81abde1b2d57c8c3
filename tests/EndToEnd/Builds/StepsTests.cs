using System.Text.RegularExpressions;
using Torchyard.EndToEnd.Program;

namespace Torchyard.EndToEnd.Builds;

/// <summary>Files and commands of a recipe, from the project to the container.</summary>
public sealed class StepsTests
{
    private const string Recipe = """
        name = "steps"
        packages = ["bash", "python3"]
        [base]
        suite = "trixie"
        [[files]]
        source = "./config/app.toml"
        target = "/etc/app/app.toml"
        mode = "0640"
        [[files]]
        source = "tools"
        target = "/bin"
        [[run]]
        name = "the greeting"
        command = '''
        hello > /etc/greeting
        cat /etc/app/app.toml >> /etc/greeting
        chown 1234:56 /etc/greeting
        date > /etc/built
        '''
        [[run]]
        command = ["sh", "-c", "id -u > /etc/who; echo $GREETED >> /etc/who; wc -l < /proc/net/dev >> /etc/who"]
        environment = { GREETED = "world" }
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Files_and_what_commands_made_are_in_the_image_and_a_change_is_noticed()
    {
        await using var store = await TestStore.RequireAsync(Cancellation);
        var project = NewProject(store, Recipe);
        (await store.RunAsync(project, ["build"], Cancellation)).Ended(2).Reported("run commands of its own while the image is built");
        (await store.RunAsync(project, ["trust", "."], Cancellation)).Succeeded();

        (await store.RunAsync(project, ["build"], Cancellation)).Succeeded().Reported("Running step 1 of 2: the greeting");

        // Of the network there is loopback alone, below two lines of heading.
        var seen = await RunAsync(
            store,
            project,
            "stat -c '%n %a %u:%g' /etc/app /etc/app/app.toml /usr/bin/hello /usr/bin/sub/data /etc/greeting; cat /etc/greeting /etc/who"
        );
        Assert.Equal(
            """
            /etc/app 755 0:0
            /etc/app/app.toml 640 0:0
            /usr/bin/hello 755 0:0
            /usr/bin/sub/data 644 0:0
            /etc/greeting 644 1234:56
            hello
            a = 1
            0
            world
            3

            """,
            seen
        );
        Assert.Contains(
            "├─ [[files]] of the recipe has tools/hello",
            await WhyAsync(store, project, "/bin/hello"),
            StringComparison.Ordinal
        );

        // Nothing is fetched or resolved for it.
        File.WriteAllText(Path.Combine(project, "config/app.toml"), "a = 2\n");
        (await store.RunAsync(project, ["build", "--locked"], Cancellation)).Ended(2).Reported("./config/app.toml changed");
        (await store.RunAsync(project, ["build", "--offline"], Cancellation))
            .Succeeded()
            .Reported("The files or commands of the recipe changed, and nothing else")
            .Reported("against the image before: the same packages, ")
            .Reported(" steps:latest' shows it");
        (await store.RunAsync(project, ["diff", "steps", "steps:latest"], Cancellation)).Succeeded().Printed("the same image: sha256:");
        Assert.Equal("hello\na = 2\n", await RunAsync(store, project, "cat /etc/greeting"));
    }

    [Fact]
    public async Task A_step_that_fails_says_what_it_printed_and_nothing_of_it_is_kept()
    {
        await using var store = await TestStore.RequireAsync(Cancellation);
        var project = NewProject(
            store,
            Recipe[..Recipe.IndexOf("[[run]]", StringComparison.Ordinal)]
                + "[[run]]\nname = \"bad\"\ncommand = \"touch /etc/left; echo before; nosuch --option; echo after\"\n"
        );

        var failed = await store.RunAsync(project, ["build", "--trust"], Cancellation);

        failed.Ended(1).Reported("error TY3024: step 1 of 1 of the recipe, 'bad', failed with exit code 127:\nbefore\n");
        failed.Reported("nosuch: not found");
        Assert.DoesNotContain("after", failed.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(store.Store, "left", SearchOption.AllDirectories));
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(store.Store, "tmp")));
        (await store.RunAsync(project, ["images"], Cancellation)).Succeeded();
    }

    [Fact]
    public async Task Two_stores_and_an_ordinary_user_get_one_digest()
    {
        // What has the clock in it is the recipe's own.
        var recipe = Recipe.Replace("date >", "date -d @$SOURCE_DATE_EPOCH >", StringComparison.Ordinal);
        await using var one = await TestStore.RequireAsync(Cancellation);
        var project = NewProject(one, recipe);
        (await one.RunAsync(project, ["trust", "."], Cancellation)).Succeeded();
        var first = await one.BuildAsync(project, Cancellation);
        await using var other = await TestStore.CreateAsync(Cancellation);
        var elsewhere = NewProject(other, recipe);
        File.Copy(Path.Combine(project, "torchyard.lock"), Path.Combine(elsewhere, "torchyard.lock"));
        var variables = other.Variables();
        variables["TZ"] = "Pacific/Kiritimati";
        variables["LC_ALL"] = "tr_TR.UTF-8";

        var again = await HostProgram.RunAsync(
            "sh",
            ["-c", "umask 077; touch tools/hello; exec \"$0\" build --locked --trust --json", TestStore.Program],
            Cancellation,
            elsewhere,
            variables
        );
        Assert.Contains(first, again.Succeeded().Output, StringComparison.Ordinal);

        await using var user = await OrdinaryUser.CreateAsync(one, project, Cancellation);
        (
            await HostProgram.RunAsync(
                "sh",
                ["-c", $"cp -r config tools {user.Project}; chown -R {user.Id}:{user.Id} {user.Project}"],
                Cancellation,
                project
            )
        ).Succeeded();
        var rootless = await user.ScriptAsync("umask 027; exec torchyard build --locked --trust --json", Cancellation);
        Assert.Contains(first, rootless.Succeeded().Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_link_that_leads_out_of_the_project_is_refused_or_asks()
    {
        await using var store = await TestStore.RequireAsync(Cancellation);
        var project = NewProject(store, Recipe[..Recipe.IndexOf("[[run]]", StringComparison.Ordinal)]);
        var link = Path.Combine(project, "tools/sub/link");
        File.CreateSymbolicLink(link, "/etc/shadow");
        (await store.RunAsync(project, ["build"], Cancellation))
            .Ended(2)
            .Reported("error TY1018: the source tools/sub/link of [[files]] is a symbolic link");

        File.Delete(link);
        File.Delete(Path.Combine(project, "config/app.toml"));
        File.CreateSymbolicLink(Path.Combine(project, "config/app.toml"), "/etc/shadow");
        (await store.RunAsync(project, ["build"], Cancellation)).Ended(2).Reported("read the file /etc/shadow   (files.source)");
        Assert.False(File.Exists(Path.Combine(project, "torchyard.lock")));
    }

    [Fact]
    public async Task A_damaged_layer_is_made_again_without_the_project()
    {
        await using var store = await TestStore.RequireAsync(Cancellation);
        var project = NewProject(store, Recipe.Replace("date > /etc/built", "", StringComparison.Ordinal));
        (await store.RunAsync(project, ["trust", "."], Cancellation)).Succeeded();
        (await store.RunAsync(project, ["build"], Cancellation)).Succeeded();
        var inspected = (await store.RunAsync(project, ["inspect", "steps"], Cancellation)).Succeeded().Output;
        // From the top: Torchyard's own files, two commands, the files of the project.
        var layers = Regex.Match(inspected, "\"layers\": \\[(.*?)\\]", RegexOptions.Singleline).Groups[1].Value;
        var blobs = Regex.Matches(layers, "sha256:([0-9a-f]{64})").Select(match => match.Groups[1].Value).ToList();
        foreach (var blob in blobs[^4..^1])
        {
            File.WriteAllText(Path.Combine(store.Store, "oci/blobs/sha256", blob), "damaged");
        }

        Directory.Delete(project, recursive: true);

        (await store.RunAsync(store.Root, ["check", "--repair"], Cancellation)).Succeeded();
        (await store.RunAsync(store.Root, ["check"], Cancellation)).Succeeded().Printed("the store is sound");
    }

    private static string NewProject(TestStore store, string recipe)
    {
        var project = store.NewProject("steps");
        Write("torchyard.toml", recipe);
        Write("config/app.toml", "a = 1\n");
        Write("tools/hello", "#!/bin/sh\necho hello\n");
        Write("tools/sub/data", "data");
        File.SetUnixFileMode(Path.Combine(project, "tools/hello"), (UnixFileMode)0x1ED);
        return project;

        void Write(string path, string text)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(project, path))!);
            File.WriteAllText(Path.Combine(project, path), text);
        }
    }

    private static async Task<string> RunAsync(TestStore store, string project, string script) =>
        (await store.RunAsync(project, ["run", "--rm", "-u", "0", "steps", "bash", "-c", script], Cancellation)).Succeeded().Output;

    private static async Task<string> WhyAsync(TestStore store, string project, string name) =>
        (await store.RunAsync(project, ["why", name], Cancellation)).Succeeded().Output;
}
