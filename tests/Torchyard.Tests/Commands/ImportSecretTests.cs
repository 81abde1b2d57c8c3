using Torchyard.Recipes.Reading;

namespace Torchyard.Tests.Commands;

/// <summary>Passwords and tokens in somebody's files: the line is named, without them, and none of them is in the recipe.</summary>
public sealed class ImportSecretTests
{
    public static TheoryData<string, string> Files =>
        new()
        {
            { "requirements.txt", "-r other.txt\n-e .\n" },
            { "requirements.in", "x @ https://s3cret@host.example/x-1.0-py3-none-any.whl\n-e .\n" },
            { "requirements-a.txt", "x @ git+https://me:s3cret@host.example/x.git@v1\n-e .\n" },
            { "requirements-b.txt", "x @ https://host.example/x-1.0.tar.gz?token=s3cret\n-e .\n" },
            { "requirements-c.txt", "-i https://s3cret@host.example/simple\n-e .\n" },
            { "requirements-d.txt", "--extra-index-url=https://me:s3cret@host.example/simple\n-e .\n" },
            { "requirements-e.txt", "-f https://me:s3cret@host.example/links\n-e .\n" },
            { "requirements-f.txt", "-e git+https://me:s3cret@host.example/x.git#egg=x\n" },
            { "requirements-g.txt", "-e hg+https://me:s3cret@host.example/x\n" },
            { "requirements-h.txt", "https://me:s3cret@host.example/what\n" },
            { "requirements-i.txt", "numpy --hash=md5:https://me:s3cret@host.example/what\n" },
            { "requirements-j.txt", "--trusted-host https://me:s3cret@host.example\n--odd https://me:s3cret@host.example\n" },
            {
                "environment.yml",
                "channels:\n- https://me:s3cret@host.example/c\n- https://host.example/t/s3cret/main\ndependencies:\n"
                    + "- https://me:s3cret@host.example/c::numpy\n- pip:\n  - -i https://s3cret@host.example/simple\n"
                    + "variables:\n  PIP_INDEX_URL: https://me:s3cret@host.example/simple\n  HF_TOKEN: s3cret\n"
            },
            {
                "Dockerfile",
                "FROM python:3.11\nARG WHO=me:s3cret\nRUN pip install -i https://${WHO}@host.example/simple numpy\n"
                    + "RUN git clone https://s3cret@host.example/r.git\nENV HF_TOKEN=s3cret\nENV HF_TOKEN=s3cret$UNKNOWN\n"
                    + "ENV URL https://me:s3cret@host.example/\nLABEL from=https://me:s3cret@host.example/\n"
                    + "ADD https://me:s3cret@host.example/x /x\nFOO https://me:s3cret@host.example/x\n"
            },
            {
                "pyproject.toml",
                "[project]\nname = \"a\"\ndependencies = [\"x @ https://s3cret@host.example/x-1.0-py3-none-any.whl\", \"y\"]\n"
                    + "[tool.uv]\nindex-url = \"https://me:s3cret@host.example/simple\"\n"
                    + "[tool.uv.sources]\ny = { git = \"https://s3cret@host.example/y.git\" }\n"
            },
        };

    [Theory]
    [MemberData(nameof(Files))]
    public async Task What_opens_an_address_is_in_no_recipe_report_or_error(string name, string content)
    {
        foreach (var option in new[] { "--force", "--json" })
        {
            using var run = new CommandRun();
            // Elsewhere, so that it is taken over line by line.
            Directory.CreateDirectory(run.PathOf("sub"));
            run.Write("sub/other.txt", "numpy\n-i https://me:s3cret@host.example/simple\n");
            run.Write("sub/" + name, content);

            Assert.Equal(0, await run.RunAsync("init", "--from", "sub/" + name, option));

            Assert.DoesNotContain("s3cret", run.Output + run.Error, StringComparison.Ordinal);
            Assert.DoesNotContain("s3cret", await ReadAsync(run, "torchyard.toml"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task It_is_said_where_it_was_and_what_to_write_instead()
    {
        using var run = new CommandRun();
        run.Write(
            "requirements.txt",
            "-e .\nx @ https://s3cret@host.example/x-1.0-py3-none-any.whl\n--extra-index-url https://me:s3cret@host.example/simple\n"
        );

        Assert.Equal(0, await run.RunAsync("init", "--from", "requirements.txt"));

        Assert.Contains("requirements.txt:2: x @ https://***@host.example/x-1.0-py3-none-any.whl", run.Output, StringComparison.Ordinal);
        Assert.Contains("requirements.txt:3: https://***@host.example/simple", run.Output, StringComparison.Ordinal);
        var words = string.Join(' ', run.Output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains("write it as https://USER:${VARIABLE}@HOST/", words, StringComparison.Ordinal);
        Assert.Contains("into python.extra-indexes, and keep that in pip's configuration or ~/.netrc", words, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_variable_in_the_place_of_the_password_is_taken_over()
    {
        using var run = new CommandRun();
        run.Write("requirements.txt", "-e .\nx @ https://me:${MY_TOKEN}@host.example/x-1.0-py3-none-any.whl\n");
        Assert.Equal(0, await run.RunAsync("init", "--from", "requirements.txt"));
        Assert.Contains("${MY_TOKEN}", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_installed_from_such_an_address_is_named_without_it()
    {
        using var run = new CommandRun();
        var info = Directory.CreateDirectory(run.PathOf("venv/lib/python3.11/site-packages/x-1.0.dist-info")).FullName;
        run.Write("venv/pyvenv.cfg", "version = 3.11.2\n");
        await File.WriteAllTextAsync(Path.Combine(info, "REQUESTED"), "", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            Path.Combine(info, "direct_url.json"),
            """{"url": "https://s3cret@host.example/x-1.0-py3-none-any.whl", "archive_info": {}}""",
            TestContext.Current.CancellationToken
        );

        Assert.Equal(0, await run.RunAsync("init", "--from", "venv"));

        Assert.Null(RecipeReader.ReadFile(run.PathOf("torchyard.toml")).Python);
        Assert.DoesNotContain("s3cret", run.Output, StringComparison.Ordinal);
        Assert.Contains("x 1.0", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_line_of_the_users_file_that_an_error_shows_hides_it()
    {
        using var run = new CommandRun();
        run.Write(
            "torchyard.toml",
            "name = \"a\"\n[base]\nsuite = \"trixie\"\n[python]\nindexes = [\"https://me:s3cret@host.example/\"]\n"
        );
        Assert.Equal(2, await run.RunAsync("lock"));
        Assert.Contains("indexes = [\"https://***@host.example/\"]", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("x @ https://s3cret@host.example/x-1.0-py3-none-any.whl")]
    [InlineData("x @ git+https://me:s3cret@host.example/x.git")]
    [InlineData("https://host.example/x-1.0-py3-none-any.whl?token=s3cret")]
    public async Task None_is_added_to_a_recipe(string requirement)
    {
        using var run = new CommandRun();
        run.Write("torchyard.toml", "name = \"a\"\n[base]\nsuite = \"trixie\"\n");
        Assert.Equal(2, await run.RunAsync("add", requirement, "--offline"));
        Assert.Contains("TY1055", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", run.Error + await ReadAsync(run, "torchyard.toml"), StringComparison.Ordinal);
    }

    private static Task<string> ReadAsync(CommandRun run, string name) =>
        File.ReadAllTextAsync(run.PathOf(name), TestContext.Current.CancellationToken);
}
