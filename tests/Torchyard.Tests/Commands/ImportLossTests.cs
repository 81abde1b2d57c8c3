using Torchyard.Recipes.Reading;

namespace Torchyard.Tests.Commands;

/// <summary>No line of a file is dropped without a word: what does not get into the recipe is named.</summary>
public sealed class ImportLossTests
{
    [Theory]
    [InlineData("ARG A=$UNKNOWN", "ARG A")]
    [InlineData("RUN apt-get install -y --odd git", "--odd")]
    [InlineData("RUN apt-get install -y -o Acquire::Retries=3 git", "-o Acquire::Retries=3")]
    [InlineData("RUN pip install --odd numpy", "--odd")]
    [InlineData("RUN pip --odd install numpy", "--odd")]
    [InlineData("RUN pip --index-url https://index.example/simple install numpy", "https://index.example/simple")]
    [InlineData("RUN pip install --no-deps numpy", "--no-deps")]
    [InlineData("RUN conda install -y --no-deps numpy", "--no-deps")]
    [InlineData("RUN conda install -y --channel=conda-forge numpy", "channel conda-forge")]
    [InlineData("RUN conda install -y --file=list.txt numpy", "--file list.txt")]
    [InlineData("RUN uv sync --group dev", "--group")]
    [InlineData("RUN --mount=type=secret,id=a pip install numpy", "--mount=type=secret,id=a")]
    [InlineData("FROM --platform=linux/arm64 python:3.11", "--platform=linux/arm64")]
    [InlineData("VOLUME /data", "VOLUME /data")]
    [InlineData("HEALTHCHECK CMD true", "HEALTHCHECK CMD true")]
    public async Task A_line_of_a_Dockerfile_is_named(string line, string named) =>
        await NamesAsync(
            "Dockerfile",
            (line.StartsWith("FROM", StringComparison.Ordinal) ? "" : "FROM python:3.11\n") + line + "\n",
            named
        );

    [Theory]
    [InlineData("name: mine", "name mine")]
    [InlineData("prefix: /opt/conda", "prefix /opt/conda")]
    [InlineData("variables: [a]", "variables: a list")]
    [InlineData("variables:\n  A: [b]", "variables: A")]
    [InlineData("channels:\n  a: b", "channels: a:")]
    [InlineData("dependencies:\n- numpy=1.19.2=py38_0", "without conda's build py38_0")]
    [InlineData("dependencies:\n- pip:\n  - --extra-index-url https://index.example/simple", "https://index.example/simple")]
    [InlineData("dependencies:\n- pip:\n  - --pre", "--pre")]
    [InlineData("dependencies:\n- pip:\n  - --prefer-binary", "--prefer-binary")]
    [InlineData("dependencies:\n- pip:\n  - --use-feature=fast-deps", "--use-feature")]
    [InlineData("dependencies:\n- pip:\n  - --require-hashes", "--require-hashes")]
    [InlineData(
        "dependencies:\n- pip:\n  - -i https://one.example/simple\n  - -i https://two.example/simple",
        "https://one.example/simple"
    )]
    [InlineData("dependencies:\n- pip:\n  - --no-index\n  - -i https://one.example/simple", "https://one.example/simple")]
    public async Task A_line_of_an_environment_is_named(string text, string named) =>
        await NamesAsync(
            "environment.yml",
            (text.StartsWith("dependencies", StringComparison.Ordinal) ? "" : "dependencies: [numpy]\n") + text + "\n",
            named
        );

    [Theory]
    [InlineData("[tool.uv]\nconstraint-dependencies = [\"a<2\"]", "tool.uv.constraint-dependencies")]
    [InlineData("[tool.uv]\noverride-dependencies = [\"a<2\"]", "tool.uv.override-dependencies")]
    [InlineData("[tool.uv]\nfind-links = [\"./links\"]", "tool.uv.find-links")]
    [InlineData("[[tool.uv.index]]\nname = \"a\"", "[[tool.uv.index]]")]
    [InlineData("[tool.poetry.dependencies]\npython = \"1.* || 3.*\"\nnumpy = \"*\"", "python")]
    [InlineData("[tool.black]\nline-length = 1", "dependencies")]
    public async Task A_part_of_a_project_is_named(string text, string named) => await NamesAsync("pyproject.toml", text + "\n", named);

    [Fact]
    public async Task What_conda_has_of_its_own_and_what_cannot_be_had_is_named()
    {
        using var run = new CommandRun();
        Directory.CreateDirectory(run.PathOf("env/conda-meta"));
        foreach (var package in new[] { "python-3.11.4-h_0", "r-base-4.2-h_0", "libpng-1.6-h_0", "somecli-1.2-h_0" })
        {
            run.Write($"env/conda-meta/{package}.json", "{}");
        }

        Assert.Equal(0, await run.RunAsync("init", "--from", "env"));

        Assert.Contains("r-base", run.Output, StringComparison.Ordinal);
        Assert.Contains("2 conda packages", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_source_of_uv_counts_in_any_spelling_and_keeps_the_marker()
    {
        using var run = new CommandRun();
        run.Write(
            "pyproject.toml",
            """
            [project]
            name = "a"
            dependencies = ["My__Package.x>=1; python_version >= '3.9'"]
            [tool.uv.sources]
            my-package-x = { git = "https://host.example/x.git" }
            """
        );

        Assert.Equal(0, await run.RunAsync("init", "--from", "pyproject.toml"));

        Assert.Equal(
            ["My__Package.x @ git+https://host.example/x.git ; python_version >= '3.9'"],
            RecipeReader.ReadFile(run.PathOf("torchyard.toml")).Python!.Packages
        );
    }

    [Fact]
    public async Task Removable_packages_are_those_of_the_recipe_that_is_named()
    {
        using var run = new CommandRun();
        run.Write("torchyard.toml", "name = \"a\"\npackages = [\"htop\"]\n[base]\nsuite = \"trixie\"\n");
        run.Write("other.toml", "name = \"a\"\npackages = [\"nano\"]\n[base]\nsuite = \"trixie\"\n");
        await run.RunAsync("complete", "--", "torchyard remove --recipe other.toml n");
        Assert.Equal("nano\n", run.Output);
    }

    private static async Task NamesAsync(string file, string text, string named)
    {
        using var run = new CommandRun();
        run.Write(file, text);
        Assert.Equal(0, await run.RunAsync("init", "--from", file));
        // Not as a part of the recipe's first line, nor of what is read beside it.
        Assert.Contains(named, run.Output, StringComparison.Ordinal);
    }
}
