using Torchyard.EndToEnd.Program;

namespace Torchyard.EndToEnd.Builds;

/// <summary>A disk that loses bytes, behind the back of time stamps and sizes.</summary>
public sealed class DamageTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Damage_is_noticed_where_bytes_are_read_and_the_work_is_done_all_the_same()
    {
        await using var store = await TestStore.RequireAsync(Cancellation);
        var project = store.NewProject("damaged");
        (await store.RunAsync(project, ["init", "minimal"], Cancellation)).Succeeded();
        (await store.RunAsync(project, ["lock"], Cancellation)).Succeeded();
        await store.FetchAsync(project, Cancellation);

        // Packages: a flipped byte behind an unchanged stamp, and a file that lacks its end.
        store.Own("bash", project, file => Flip(file, 0.7));
        store.Own("libc6", project, file => Truncate(file, 1000));
        var built = await store.RunAsync(project, ["build"], Cancellation);
        Told(built, "Damaged in the package cache, fetched again: bash ");
        Told(built, "Damaged in the package cache, fetched again: libc6 ");
        var image = StoredLayout.Read(store.Store);

        // The configuration: run makes it again.
        Flip(image.Blob(image.Configuration), 0.5);
        Told(await RunAsync(store, project), "made again from the image's lock");

        // A layer that has to be extracted from a damaged blob.
        Flip(image.Blob(image.Layers[0]), 0.5);
        Directory.Delete(Path.Combine(store.Store, "layers", image.DiffIds[0]), recursive: true);
        Told(await RunAsync(store, project), "made again from the image's lock");

        // The index: names come back from the copy.
        Truncate(Path.Combine(store.Store, "oci/index.json"), 50);
        Told(await RunAsync(store, project), "index.json");

        // What nobody reads before it is too late: only a full check sees it.
        Flip(image.Blob(image.Layers[1]), 0.5);
        File.AppendAllText(Path.Combine(store.Store, "layers", image.DiffIds[2], "usr/lib/damaged"), "");
        store.Own("bash", project, file => Flip(file, 0.5));
        var check = await store.RunAsync(project, ["check"], Cancellation);
        check.Ended(1).Printed($"blob sha256:{image.Layers[1]}").Printed($"layer sha256:{image.DiffIds[2]}").Printed("cached package file");
        var repair = await store.RunAsync(project, ["check", "--repair"], Cancellation);
        repair.Succeeded().Printed("the store is sound");
        Assert.Equal(image, StoredLayout.Read(store.Store));
        await RunAsync(store, project);
    }

    [Fact]
    public async Task An_interpreter_that_lost_its_program_is_made_again_before_it_compiles()
    {
        await using var store = await TestStore.RequireAsync(Cancellation);
        var project = store.NewProject("compiled");
        await BuildAsync(store, project, "python3");
        foreach (var root in Directory.GetDirectories(Path.Combine(store.Store, "build/python")))
        {
            Directory.GetFiles(Path.Combine(root, "usr/bin"), "python3.*").ToList().ForEach(File.Delete);
        }

        await BuildAsync(store, project, "python3", "python3-six");

        (await store.RunAsync(project, ["run", "--rm", "compiled", "python3", "-c", "import six; print(six.__cached__)"], Cancellation))
            .Succeeded()
            .Printed("__pycache__");
        (await store.RunAsync(project, ["check"], Cancellation)).Succeeded().Printed("the store is sound");
    }

    private static async Task BuildAsync(TestStore store, string project, params string[] packages)
    {
        var list = string.Join(", ", packages.Select(package => $"\"{package}\""));
        await File.WriteAllTextAsync(
            Path.Combine(project, "torchyard.toml"),
            $"name = \"compiled\"\npackages = [{list}]\n[base]\nsuite = \"trixie\"\n",
            Cancellation
        );
        (await store.RunAsync(project, ["lock"], Cancellation)).Succeeded();
        (await store.RunAsync(project, ["build"], Cancellation)).Succeeded();
    }

    private static async Task<ProgramOutput> RunAsync(TestStore store, string project) =>
        (await store.RunAsync(project, ["run", "--rm", "damaged", "bash", "-c", "echo $((6 * 7))"], Cancellation))
            .Succeeded()
            .Printed("42");

    private static void Told(ProgramOutput program, string text)
    {
        program.Succeeded();
        Assert.True(program.Error.Contains(text, StringComparison.Ordinal), $"'{text}' was expected\n{program.Transcript}");
    }

    private static void Flip(string file, double place)
    {
        var written = File.GetLastWriteTimeUtc(file);
        var content = File.ReadAllBytes(file);
        content[(int)(content.Length * place)] ^= 16;
        File.WriteAllBytes(file, content);
        File.SetLastWriteTimeUtc(file, written);
    }

    private static void Truncate(string file, int bytes)
    {
        using var stream = File.OpenWrite(file);
        stream.SetLength(stream.Length - bytes);
    }
}
