using System.Text;
using System.Text.RegularExpressions;
using Torchyard.Recipes.Reading;
using Torchyard.Testing.Golden;

namespace Torchyard.Tests.Commands;

/// <summary>
/// <c>init --from</c> over files modelled on those of well-known training repositories: the whole of what is printed, and the recipe. The
/// end-to-end tests lock each of them.
/// </summary>
public sealed class ImportTests
{
    public static TheoryData<string, string> Projects =>
        new()
        {
            { "deepspeed-examples", "requirements.txt" },
            { "detectron2", "Dockerfile" },
            { "latent-diffusion", "environment.yaml" },
            { "lightning", "requirements.txt" },
            { "llama-recipes", "requirements.txt" },
            { "mmdetection", "Dockerfile" },
            { "nanogpt", "." },
            { "segment-anything", "environment.yml" },
            { "timm", "pyproject.toml" },
            { "whisper", "requirements.txt" },
        };

    [Theory]
    [MemberData(nameof(Projects))]
    public async Task What_became_of_a_project_is_as_it_was_read(string project, string from)
    {
        using var run = new CommandRun();
        Copy(SourceTree.At($"tests/Torchyard.Testing/Projects/{project}"), run.Directory);

        var status = await run.RunAsync("init", "--from", from);

        var text = new StringBuilder();
        text.Append($"$ torchyard init --from {from}\n").Append(run.Output).Append(run.Error).Append($"[exit status {status}]\n\n");
        text.Append(Regex.Replace(File.ReadAllText(run.PathOf("torchyard.toml")), "(?m)^name = .*$", "name = \"work\""));
        text.Replace(run.Directory, "/work");
        GoldenFile.Compare($"tests/Torchyard.Tests/Golden/Imports/{project}.golden", text.ToString());
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public async Task On_a_terminal_of_80_columns_nothing_is_wider_and_nothing_is_cut(string project, string from)
    {
        using var run = new CommandRun { Columns = 80 };
        Copy(SourceTree.At($"tests/Torchyard.Testing/Projects/{project}"), run.Directory);

        Assert.Equal(0, await run.RunAsync("init", "--from", from));

        Assert.All(run.Output.Split('\n'), line => Assert.True(line.Length <= 80 || !line.Trim().Contains(' '), line));
        Assert.DoesNotContain("…", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_column_without_a_word_is_not_shown()
    {
        using var run = new CommandRun();
        run.Write("requirements.txt", "numpy\n-e .\n");
        Assert.Equal(0, await run.RunAsync("init", "--from", "requirements.txt"));
        Assert.Contains("WHERE                FOUND   IN THE RECIPE\n", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_strict_nothing_is_written_where_a_line_cannot_be_translated()
    {
        using var run = new CommandRun();
        run.Write("requirements.txt", "numpy\n-e .\n");
        Assert.Equal(1, await run.RunAsync("init", "--from", "requirements.txt", "--strict"));
        Assert.False(File.Exists(run.PathOf("torchyard.toml")));
        Assert.Contains("requirements.txt:2: -e .", run.Output, StringComparison.Ordinal);
        Assert.Equal(0, await run.RunAsync("init", "--from", "requirements.txt"));
        Assert.Equal(["numpy"], RecipeReader.ReadFile(run.PathOf("torchyard.toml")).Python!.Packages);
    }

    [Fact]
    public async Task A_strangers_file_becomes_nothing_but_texts_of_the_recipe()
    {
        using var run = new CommandRun();
        run.Write(
            "environment.yml",
            "dependencies:\n  - \"a\\\"]\\n[base]\\nsuite = \\\"sid\\\"\"\n  - pip:\n    - \"numpy\\n-r /etc/passwd\"\n"
                + "    - -r ../../etc/passwd\n    - 'einops ; \\\"\"'\nvariables:\n  \"A\\nB\": x\n  OK: \"1\\\"\\n[limits]\\u001b[31m\"\n"
        );
        Assert.Equal(0, await run.RunAsync("init", "--from", "environment.yml"));
        var recipe = RecipeReader.ReadFile(run.PathOf("torchyard.toml"));
        Assert.Equal("trixie", recipe.Base.Suite);
        Assert.Equal(["python3", "python3-venv"], recipe.Packages);
        Assert.Empty(recipe.Python?.Packages ?? []);
        Assert.Equal("1\"\n[limits]\u001b[31m", recipe.Image.Environment["OK"]);
        Assert.DoesNotContain(
            "\u001b",
            run.Output + await File.ReadAllTextAsync(run.PathOf("torchyard.toml"), TestContext.Current.CancellationToken),
            StringComparison.Ordinal
        );
        Assert.Contains("is outside of", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("root:", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_link_of_a_strangers_project_that_leads_out_is_not_read()
    {
        using var run = new CommandRun();
        using var secret = new TemporaryDirectory();
        File.WriteAllText(Path.Combine(secret.Path, "s"), "secret==1\n");
        var project = Directory.CreateDirectory(run.PathOf("theirs")).FullName;
        File.CreateSymbolicLink(Path.Combine(project, "more.txt"), Path.Combine(secret.Path, "s"));
        File.WriteAllText(Path.Combine(project, "requirements.txt"), "numpy\n-r more.txt\n");

        Assert.Equal(0, await run.RunAsync("init", "--from", "theirs"));

        Assert.DoesNotContain("secret", run.Output + run.Error, StringComparison.Ordinal);
        Assert.Contains("-r more.txt", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_virtual_environment_gives_what_was_asked_for_with_its_version()
    {
        using var run = new CommandRun();
        var packages = Directory.CreateDirectory(run.PathOf("venv/lib/python3.11/site-packages")).FullName;
        run.Write("venv/pyvenv.cfg", "home = /usr/bin\nversion = 3.11.2\n");
        Install(packages, "torch-2.9.1+cu128", requested: true);
        Install(packages, "einops-0.8.1", requested: true);
        Install(packages, "helper-1.0", requested: false);
        Install(packages, "pip-24.0", requested: true);
        Install(
            packages,
            "clip-1.0",
            requested: true,
            """{"url": "https://g.example/clip", "vcs_info": {"vcs": "git", "commit_id": "0123abcd"}}"""
        );
        Install(packages, "mine-1.0", requested: true, """{"url": "file:///home/me/mine", "dir_info": {"editable": true}}""");

        Assert.Equal(0, await run.RunAsync("init", "--from", "venv"));

        var recipe = RecipeReader.ReadFile(run.PathOf("torchyard.toml"));
        Assert.Equal("bookworm", recipe.Base.Suite);
        Assert.Equal(["clip @ git+https://g.example/clip@0123abcd", "einops==0.8.1", "torch==2.9.1"], recipe.Python!.Packages);
        Assert.Contains("mine 1.0", run.Output, StringComparison.Ordinal);
        Assert.Contains("1 other package", run.Output, StringComparison.Ordinal);

        Directory.CreateDirectory(run.PathOf("venv/bin"));
        run.Write("venv/bin/python3", "");
        Assert.Equal(0, await run.RunAsync("init", "--from", "venv/bin/python3", "--force"));
    }

    [Fact]
    public async Task A_pylock_is_taken_as_it_is_on_the_python_that_its_wheels_are_for()
    {
        using var run = new CommandRun();
        run.Write(
            "pylock.toml",
            """
            lock-version = "1.0"
            created-by = "x"
            [[packages]]
            name = "numpy"
            version = "2.0"
            [[packages.wheels]]
            name = "numpy-2.0-cp311-cp311-manylinux_2_17_x86_64.whl"
            url = "https://files.example/numpy-2.0-cp311-cp311-manylinux_2_17_x86_64.whl"
            hashes = { sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" }
            """
        );
        Assert.Equal(0, await run.RunAsync("init", "--from", "pylock.toml"));
        var recipe = RecipeReader.ReadFile(run.PathOf("torchyard.toml"));
        Assert.Equal(("pylock.toml", "bookworm"), (recipe.Python!.Pylock, recipe.Base.Suite));
    }

    [Fact]
    public async Task The_file_of_another_directory_is_copied_into_the_recipe()
    {
        using var run = new CommandRun();
        using var other = new TemporaryDirectory();
        File.WriteAllText(
            Path.Combine(other.Path, "requirements.txt"),
            "numpy>=1  # arrays\n--extra-index-url https://me:secret@host.example/simple\n"
        );
        Assert.Equal(0, await run.RunAsync("init", "--from", other.Path));
        Assert.Equal(["numpy>=1"], RecipeReader.ReadFile(run.PathOf("torchyard.toml")).Python!.Packages);
        Assert.DoesNotContain(
            "secret",
            await File.ReadAllTextAsync(run.PathOf("torchyard.toml"), TestContext.Current.CancellationToken),
            StringComparison.Ordinal
        );
    }

    private static void Install(string packages, string name, bool requested, string? origin = null)
    {
        var info = Directory.CreateDirectory(Path.Combine(packages, name + ".dist-info")).FullName;
        if (requested)
        {
            File.WriteAllText(Path.Combine(info, "REQUESTED"), "");
        }

        if (origin is not null)
        {
            File.WriteAllText(Path.Combine(info, "direct_url.json"), origin);
        }
    }

    private static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}
