using System.Text.Json;
using Torchyard.EndToEnd.Program;

namespace Torchyard.EndToEnd.Builds;

/// <summary>A recipe upon an image of the store: built, run, moved, pruned, repaired.</summary>
public sealed class BaseImageTests
{
    private const string Recipe = """
        name = "upon"
        packages = ["tree", "python3-six", "bash"]
        [base]
        image = "mybase"
        [[files]]
        source = "./app.toml"
        target = "/etc/app/app.toml"
        [[run]]
        name = "the greeting"
        command = "cat /etc/app/app.toml > /etc/greeting; python3 --version >> /etc/greeting"
        """;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Packages_files_and_commands_go_upon_an_image_and_its_layers_stay_as_they_are()
    {
        await using var store = await TestStore.RequireAsync(Cancellation);
        var project = await NewProjectAsync(store);
        (await store.RunAsync(project, ["build"], Cancellation)).Ended(2).Reported("build on the image mybase of your store");
        (await store.RunAsync(project, ["trust", "."], Cancellation)).Succeeded();

        var digest = await store.BuildAsync(project, Cancellation);

        var below = await LayersAsync(store, project, "mybase");
        Assert.Equal(below, (await LayersAsync(store, project, "upon")).Take(below.Count));
        var seen = await RunAsync(
            store,
            project,
            "cat /etc/greeting; tree --version | cut -c1-6; python3 -c 'import six; print(six.__file__)'; dpkg --audit; dpkg -V tree bash"
        );
        Assert.Matches(@"\Aa = 1\nPython 3\.[0-9.]+\ntree v\n/usr/lib/python3/dist-packages/six.py\n\z", seen);
        // What is there is neither locked nor fetched again.
        var locked = File.ReadAllText(Path.Combine(project, "torchyard.lock"));
        Assert.DoesNotContain("pool/main/b/bash/", locked, StringComparison.Ordinal);
        Assert.Contains("pool/main/t/tree/", locked, StringComparison.Ordinal);
        (await store.RunAsync(project, ["why", "bash"], Cancellation)).Succeeded().Printed("├─ it is installed in mybase");

        // Nothing is remembered: all that lies upon the base is made again.
        Directory.Delete(Path.Combine(store.Store, "build"), recursive: true);
        Assert.Equal(digest, await store.BuildAsync(project, Cancellation));
    }

    [Fact]
    public async Task The_base_outlives_its_name_and_a_moved_name_is_told()
    {
        await using var store = await TestStore.RequireAsync(Cancellation);
        var project = await NewProjectAsync(store);
        var digest = BuiltDigest(await store.RunAsync(project, ["build", "--trust", "--json"], Cancellation));
        (await store.RunAsync(project, ["tag", "upon", "mybase"], Cancellation)).Succeeded();

        (await store.RunAsync(project, ["lock", "--trust"], Cancellation)).Succeeded().Reported("mybase is another image by now, sha256:");
        foreach (var name in new[] { "mybase", "minimal" })
        {
            (await store.RunAsync(project, ["rmi", name], Cancellation)).Succeeded();
        }

        (await store.RunAsync(project, ["prune"], Cancellation)).Succeeded();
        Directory.Delete(Path.Combine(store.Store, "build"), recursive: true);
        Assert.Equal(digest, BuiltDigest(await store.RunAsync(project, ["build", "--trust", "--json"], Cancellation)));

        var refused = await store.RunAsync(project, ["lock", "--upgrade", "--trust"], Cancellation);
        refused.Ended(2).Reported("error TY3060: there is no image 'mybase' in the store");
    }

    [Fact]
    public async Task A_damaged_layer_of_the_base_is_made_again_from_the_locks_of_both()
    {
        await using var store = await TestStore.RequireAsync(Cancellation);
        var project = await NewProjectAsync(store);
        (await store.RunAsync(project, ["build", "--trust"], Cancellation)).Succeeded();
        var layers = await LayersAsync(store, project, "upon");
        foreach (var blob in new[] { layers[0], layers[^2] })
        {
            File.WriteAllText(Path.Combine(store.Store, "oci/blobs/sha256", blob), "damaged");
        }

        (await store.RunAsync(store.Root, ["check", "--repair"], Cancellation)).Succeeded();
        (await store.RunAsync(store.Root, ["check"], Cancellation)).Succeeded().Printed("the store is sound");
    }

    private static async Task<string> NewProjectAsync(TestStore store)
    {
        var project = store.NewProject("upon");
        (await store.RunAsync(project, ["build", "minimal"], Cancellation)).Succeeded();
        (await store.RunAsync(project, ["tag", "minimal", "mybase"], Cancellation)).Succeeded();
        File.WriteAllText(Path.Combine(project, "torchyard.toml"), Recipe);
        File.WriteAllText(Path.Combine(project, "app.toml"), "a = 1\n");
        return project;
    }

    private static string BuiltDigest(ProgramOutput built) =>
        JsonDocument.Parse(built.Succeeded().Output).RootElement.GetProperty("digest").GetString()!;

    private static async Task<IReadOnlyList<string>> LayersAsync(TestStore store, string project, string image)
    {
        var inspected = (await store.RunAsync(project, ["inspect", image], Cancellation)).Succeeded().Output;
        var layers = System.Text.RegularExpressions.Regex.Match(inspected, "\"layers\": \\[([^]]*)\\]").Groups[1].Value;
        return [.. System.Text.RegularExpressions.Regex.Matches(layers, "sha256:([0-9a-f]{64})").Select(match => match.Groups[1].Value)];
    }

    private static async Task<string> RunAsync(TestStore store, string project, string script) =>
        (await store.RunAsync(project, ["run", "--rm", "-u", "0", "upon", "bash", "-c", script], Cancellation)).Succeeded().Output;
}
